"""A worker as the fleet's page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import fmean

from tuner_service.dashboard import formatting, sparkline
from tuner_service.domain.gauge import Gauge
from tuner_service.service.memory.loads import Told
from tuner_service.service.reading.fleet import Machine, Presence

HOUR = 3600.0
GRID_SECONDS = 20.0
"""The lines move on in steps of a registration: in between the page stays the same, and is not sent again."""
APART_SECONDS = 150.0
"""After so long without a word the line is broken."""


@dataclass(frozen=True)
class Hour:
    """What a worker told of late. It is the same as another that ends with the same word."""

    worker: str
    newest: float
    told: Sequence[Told] = field(compare=False)


@dataclass(frozen=True)
class Lines:
    """A device over the last hour: how busy it was, how full its memory, and in words what the lines show."""

    busy: Sequence[str]
    full: Sequence[str]
    sentence: str


@lru_cache(maxsize=8192)
def _lines(hour: Hour, gauge: Gauge, end: float) -> Lines:
    within = [
        (at, pair) for at, it in hour.told if at >= end - HOUR and (pair := it.get(gauge.key))
    ]
    busy = [(at, share) for at, (share, _) in within if share is not None]
    full = [(at, share) for at, (_, share) in within if share is not None]
    sentence = f"{gauge.name}: its load is not known"
    if busy:
        shares = [share for _, share in busy]
        average, most = formatting.percent(fmean(shares)), formatting.percent(max(shares))
        sentence = f"{gauge.name}, last hour: {average} busy on average, at most {most}"
    return Lines(
        sparkline.stretches(busy, end - HOUR, end, APART_SECONDS),
        sparkline.stretches(full, end - HOUR, end, APART_SECONDS),
        sentence,
    )


@dataclass(frozen=True)
class MachineCard:
    machine: Machine
    at: float

    @property
    def gauges(self) -> Sequence[tuple[Gauge, Lines]]:
        told = self.machine.told
        hour = Hour(self.machine.name, told[-1][0] if told else 0.0, told)
        end = (self.at // GRID_SECONDS + 1) * GRID_SECONDS
        return [(gauge, _lines(hour, gauge, end)) for gauge in self.machine.gauges]

    @property
    def about(self) -> str:
        """Host, backend and version, as far as it told them."""
        body = self.machine.body
        version = body["version"] and f"version {body['version']}"
        return " · ".join(filter(None, (body["host"], body["backend"], version)))

    @property
    def orphaned(self) -> int:
        """How many more trials it holds than it has slots: it was killed and started again, and their leases run on."""
        slots: int = self.machine.body["slots"]
        return max(0, len(self.machine.slots) - slots)

    @property
    def warning(self) -> str | None:
        """What is wrong with it."""
        if self.machine.presence is Presence.THERE:
            if self.orphaned:
                return self._restarted()
            if not any(slot.late for slot in self.machine.slots):
                return None
            return "It is there, but says nothing of a trial whose lease is about to end."
        if not self.machine.slots:
            return "It holds no trial. It was killed, or cannot reach this server."
        trials = "its trial" if len(self.machine.slots) == 1 else "its trials"
        stopped = "It has stopped. " if self.machine.stopped else ""
        return f"{stopped}When the lease runs out, {trials} will be handed to another worker."

    def _restarted(self) -> str:
        slots = self.machine.body["slots"]
        holds = f"It holds {len(self.machine.slots)} trials, but has {slots} slot{'' if slots == 1 else 's'}"
        return f"{holds}: after a restart, what it trained before waits for its lease to end."

    @property
    def serves(self) -> str:
        """How much it can train."""
        body = self.machine.body
        spaces, data = len(body["search_spaces"]), len(body["datasets"])
        families = "1 family" if spaces == 1 else f"{spaces} families"
        return f"{families} on {data} data set{'' if data == 1 else 's'}"
