"""The fleet: who registered, with what, and what each is training."""

from collections.abc import Sequence
from typing import Any

from tuner_service import wire
from tuner_service.domain.gauge import gauges, sample
from tuner_service.domain.space import Space
from tuner_service.errors import Invalid, Problem, known
from tuner_service.service.data import catalogue, previews
from tuner_service.service.memory.bell import WORK
from tuner_service.service.setup import Service
from tuner_service.service.views import Json
from tuner_service.storage import loads, workers


def register(service: Service, name: str, registration: wire.WorkerRegistration) -> Json:
    """Register a worker or refresh it; what it teaches about spaces and data sets is remembered.

    Raises Invalid where a space makes no sense, or a bare name is not in the catalogue.
    """
    taught: dict[str, dict[str, Json]] = {"search_spaces": {}, "datasets": {}}
    looks: dict[str, Json] = {}
    bare: list[tuple[catalogue.Kind, int, str]] = []
    for index, space in enumerate(registration.search_spaces):
        if isinstance(space, str):
            bare.append(("search_spaces", index, space))
            continue
        entry = space.model_dump(mode="json", exclude_unset=True)
        parameters = Space.from_json(entry.get("parameters", []))
        parameters.validate(at=("search_spaces", index, "parameters"))
        full = space.model_dump(mode="json") | {"parameters": parameters.to_json()}
        taught["search_spaces"][space.name] = full
    for index, dataset in enumerate(registration.datasets):
        if isinstance(dataset, str):
            bare.append(("datasets", index, dataset))
        else:
            taught["datasets"][dataset.name] = dataset.model_dump(mode="json", exclude={"preview"})
            if dataset.preview is not None:
                looks[dataset.name] = dataset.preview.model_dump(mode="json")
    body: dict[str, Any] = registration.model_dump(mode="json")
    body["search_spaces"] = _names(registration.search_spaces)
    body["datasets"] = _names(registration.datasets)
    with service.database.write() as connection:
        for kind, entries in taught.items():
            before = workers.learned(connection, kind)
            # What the package ships is not a worker's to redefine, and what is broken here may do well elsewhere.
            own = service.catalogue[kind].keys()
            fine = workers.served(connection, kind, besides=name)
            news = {
                n: e
                for n, e in entries.items()
                if n not in own and before.get(n) != e and (e["status"] == "ready" or n not in fine)
            }
            workers.learn(connection, kind, news)
            if kind == "datasets":
                previews.learn(connection, looks, news, before.keys() | news.keys())
        problems = []
        known_names = {
            kind: catalogue.entries(service, connection, kind)
            for kind in {kind for kind, *_ in bare}
        }
        for kind, index, entry_name in bare:
            names = known_names[kind]
            if entry_name not in names:
                what = kind.removesuffix("s").replace("_", " ")
                msg = f'unknown {what} "{entry_name}"; known: {known(names)}'
                problems.append(Problem((kind, index), msg))
        if problems:
            raise Invalid(problems)
        workers.put(connection, name, body)
        loads.add(connection, name, sample(gauges(body["devices"], body["load"])))
    service.bell.ring(WORK)
    return get(service, name)


def get(service: Service, name: str) -> Json:
    with service.database.read() as connection:
        worker = workers.get(connection, name)
        assert worker is not None, "it was just registered"
        return _worker_json(worker, workers.training_of(connection, name))


def page(service: Service, limit: int, after: str | None) -> list[Json]:
    """By name, those after this one."""
    with service.database.read() as connection:
        training = workers.training(connection)
        return [
            _worker_json(worker, training.get(worker.name, []))
            for worker in workers.page(connection, limit=limit, after=after)
        ]


def _names(entries: Sequence[Any]) -> list[str]:
    """The names of what the worker can serve."""
    return sorted(
        {
            entry if isinstance(entry, str) else entry.name
            for entry in entries
            if isinstance(entry, str) or entry.status == "ready"
        }
    )


def _worker_json(worker: workers.Worker, training: Sequence[workers.Held]) -> Json:
    return {
        "name": worker.name,
        "stopped": False,
        **worker.body,
        "training": [
            {"study": held.study.name, "number": held.number, "attempt": held.attempt}
            for held in training
        ],
        "registered_at": wire.rfc3339(worker.registered_at),
        "last_seen": wire.rfc3339(worker.last_seen),
    }
