"""What goes together in the catalogue, and what is used by which studies."""

from collections.abc import Mapping
from dataclasses import dataclass

from tuner_service.service.data import catalogue
from tuner_service.service.data.catalogue import Entry
from tuner_service.service.setup import Service
from tuner_service.storage import usage
from tuner_service.storage.usage import Used


@dataclass(frozen=True)
class Counterpart:
    """A search space beside a data set, or the other way round. ``misfit``: why they don't fit, None if they do."""

    name: str
    title: str
    status: str
    misfit: str | None


@dataclass(frozen=True)
class User:
    study: str
    state: str


def counts(service: Service, what: Used) -> Mapping[str, int]:
    """How many studies use each data set or search space, by its name."""
    with service.database.read() as connection:
        return usage.counts(connection, what)


def users(service: Service, what: Used, name: str, limit: int) -> list[User]:
    """The newest studies that use it."""
    with service.database.read() as connection:
        return [User(*row) for row in usage.users(connection, what, name, limit)]


def families_for(service: Service, data: Entry) -> list[Counterpart]:
    """Every search space, beside this data set."""
    spaces = catalogue.all_of(service, "search_spaces")
    return [_beside(space, catalogue.misfit(space, data)) for space in spaces]


def data_for(service: Service, space: Entry) -> list[Counterpart]:
    """Every data set, beside this search space."""
    found = catalogue.all_of(service, "datasets")
    return [_beside(data, catalogue.misfit(space, data)) for data in found]


def _beside(entry: Entry, misfit: str | None) -> Counterpart:
    title = str(entry.get("title") or entry["name"])
    return Counterpart(entry["name"], title, entry["status"], misfit)
