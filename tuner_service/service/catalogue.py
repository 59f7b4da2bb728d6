"""What there is to search and to train on: what the package ships and what workers taught."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from tuner_service.errors import UnknownDataset, UnknownSearchSpace
from tuner_service.service.setup import Service
from tuner_service.storage import workers

Kind = Literal["search_spaces", "datasets"]
Entry = Mapping[str, Any]


def entries(service: Service, connection: Connection, kind: Kind) -> dict[str, Entry]:
    """Every entry by name; a worker's newer definition goes before the shipped one."""
    found = {**service.catalogue[kind], **workers.learned(connection, kind)}
    return dict(sorted(found.items()))


def all_of(service: Service, kind: Kind) -> list[Entry]:
    with service.database.read() as connection:
        return list(entries(service, connection, kind).values())


def search_space(service: Service, name: str) -> Entry:
    """Raises UnknownSearchSpace."""
    with service.database.read() as connection:
        known = entries(service, connection, "search_spaces")
    if name not in known:
        raise UnknownSearchSpace(name, known)
    return known[name]


def dataset(service: Service, name: str) -> Entry:
    """Raises UnknownDataset."""
    with service.database.read() as connection:
        known = entries(service, connection, "datasets")
    if name not in known:
        raise UnknownDataset(name, known)
    return known[name]


def misfit(space: Entry, data: Entry) -> str | None:
    """Why a family cannot take a data set: what it wants and what there is; None if it can, or does not say."""
    for side in ("inputs", "outputs"):
        wanted, given = space.get(side) or [], data.get(side) or []
        if not wanted or not given:
            continue
        wants = " + ".join(" or ".join(slot.get("kinds", ["anything"])) for slot in wanted)
        has = " + ".join(f"{field.get('kind', '?')} {field.get('name', '')!r}" for field in given)
        fits = len(wanted) == len(given) and all(
            "kinds" not in slot or field.get("kind") in slot["kinds"]
            for slot, field in zip(wanted, given, strict=False)
        )
        if not fits:
            return (
                f'search space "{space["name"]}" takes as {side} {wants}; '
                f'dataset "{data["name"]}" has {has}'
            )
    return None
