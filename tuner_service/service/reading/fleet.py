"""The fleet at a glance: which workers are there, which fell silent, what their slots train, and who waits for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tuner_service.domain import training
from tuner_service.domain.gauge import Gauge, gauges
from tuner_service.domain.study import Executor, Study
from tuner_service.domain.trial import TrialState
from tuner_service.service.data.catalogue import serves
from tuner_service.service.memory.loads import Told
from tuner_service.service.setup import Service
from tuner_service.storage import overviews, studies, workers
from tuner_service.storage.clock import moment
from tuner_service.storage.workers import Held, Worker

SILENT_SECONDS = 60.0
"""A worker registers every 20 s: after three times it has stopped, or cannot reach the server."""
GONE_SECONDS = 3600.0
MOST = 1000
"""So many workers are shown."""


class Presence(StrEnum):
    """Gone is who stopped in good order, or has been silent for an hour, unless there are trials that it holds."""

    THERE = "there"
    SILENT = "silent"
    GONE = "gone"


@dataclass(frozen=True)
class Slot:
    """A trial in training. Times in seconds since the epoch, on the database's clock.

    ``epochs`` of at most ``of`` are done; a program of the user's own need not tell how many there will be. ``late``:
    nothing was heard of it for so long that its lease is about to end.
    """

    study: str
    number: int
    attempt: int
    epochs: int
    of: int | None
    since: float
    heard_at: float
    lease_expires_at: float
    late: bool


@dataclass(frozen=True)
class Machine:
    """A worker: what it is, what it does, and how busy its devices were within the last hour."""

    name: str
    presence: Presence
    body: Mapping[str, Any]
    last_seen: float
    registered_at: float
    slots: Sequence[Slot]
    gauges: Sequence[Gauge]
    told: Sequence[Told]

    @property
    def stopped(self) -> bool:
        """Whether it said that it stops; what an older one told has no such word."""
        return bool(self.body.get("stopped"))

    @property
    def idle(self) -> int:
        """How many of its slots train nothing."""
        most: int = self.body["slots"]
        return max(0, most - len(self.slots)) if self.presence is Presence.THERE else 0


@dataclass(frozen=True)
class Waiting:
    """A running Keras study none of whose candidates trains or could now. ``served``: some worker could train them."""

    study: str
    space: str | None
    dataset: str | None
    served: bool


@dataclass(frozen=True)
class Fleet:
    """``programs``: who holds trials without ever having registered, as external studies' programs do."""

    at: float
    lease_seconds: float
    machines: Sequence[Machine]
    programs: Mapping[str, Sequence[Slot]]
    waiting: Sequence[Waiting]

    def those(self, presence: Presence) -> list[Machine]:
        return [machine for machine in self.machines if machine.presence is presence]


def fleet(service: Service) -> Fleet:
    lease_seconds = service.settings.lease_seconds
    with service.database.snapshot() as connection:
        at = moment(connection)
        held = workers.training(connection)
        told = service.loads.by_worker(connection, at)
        registered = workers.page(connection, limit=MOST)
        wanting = studies.with_work(connection, Executor.KERAS)
        opened = overviews.open_counts(connection, [study.id for study in wanting])
    slots = {
        name: [_slot(each, at, lease_seconds) for each in theirs] for name, theirs in held.items()
    }
    machines = [
        _machine(worker, slots.pop(worker.name, ()), told.get(worker.name, ()), at)
        for worker in registered
    ]
    there = {machine.name: machine for machine in machines if machine.presence is Presence.THERE}
    at_hand = [(worker, there[worker.name]) for worker in registered if worker.name in there]
    return Fleet(at, lease_seconds, machines, slots, _waiting(wanting, opened, at_hand))


def _slot(held: Held, at: float, lease_seconds: float) -> Slot:
    settings = training.resolved(held.study.spec.training, held.parameters)
    return Slot(
        study=held.study.name,
        number=held.number,
        attempt=held.attempt,
        epochs=held.epochs,
        of=settings.get("epochs"),
        since=held.since,
        # Leases are put off after a time in which nobody could be heard; and to claim is to be heard.
        heard_at=max(min(held.lease_expires_at - lease_seconds, at), held.since),
        lease_expires_at=held.lease_expires_at,
        # A worker speaks up at every third of it.
        late=held.lease_expires_at - at < lease_seconds / 3,
    )


def _machine(worker: Worker, slots: Sequence[Slot], told: Sequence[Told], at: float) -> Machine:
    silent = at - worker.last_seen
    stopped = worker.body.get("stopped", False)
    presence = Presence.SILENT if stopped or silent > SILENT_SECONDS else Presence.THERE
    if (stopped or silent > GONE_SECONDS) and not slots:
        presence = Presence.GONE
    return Machine(
        name=worker.name,
        presence=presence,
        body=worker.body,
        last_seen=worker.last_seen,
        registered_at=worker.registered_at,
        slots=slots,
        gauges=gauges(worker.body["devices"], worker.body["load"]),
        told=told,
    )


def _waiting(
    wanting: Sequence[Study],
    opened: Mapping[int, Mapping[TrialState, int]],
    at_hand: Sequence[tuple[Worker, Machine]],
) -> list[Waiting]:
    found = []
    for study in wanting:
        queued, running = opened[study.id][TrialState.QUEUED], opened[study.id][TrialState.RUNNING]
        if running or (study.budget_spent and not queued):
            continue
        serving = [machine for worker, machine in at_hand if serves(worker, study)]
        if any(machine.idle for machine in serving):
            continue  # it is about to be taken
        spec = study.spec
        found.append(Waiting(study.name, spec.search_space, spec.dataset, served=bool(serving)))
    return found
