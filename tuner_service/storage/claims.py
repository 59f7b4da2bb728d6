"""Claims by their idempotency keys, so that a repeated claim gets the same trial."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from tuner_service.storage.clock import now
from tuner_service.storage.tables import claims


class KeyTaken(Exception):
    """Another claim with the same key was quicker: look it up again."""


@dataclass(frozen=True)
class Claimed:
    body_digest: str
    trial_id: int
    attempt: int


_GET = select(claims.c.body_digest, claims.c.trial_id, claims.c.attempt)
_ADD = insert(claims)


def get(connection: Connection, key: str) -> Claimed | None:
    row = connection.execute(_GET.where(claims.c.key == key)).one_or_none()
    return None if row is None else Claimed(row.body_digest, row.trial_id, row.attempt)


def add(connection: Connection, key: str, claimed: Claimed, at: float) -> None:
    """Raises KeyTaken."""
    row = {
        "key": key,
        "body_digest": claimed.body_digest,
        "trial_id": claimed.trial_id,
        "attempt": claimed.attempt,
        "at": at,
    }
    try:
        connection.execute(_ADD, row)
    except IntegrityError as error:
        raise KeyTaken from error


def forget_older(connection: Connection, seconds: float) -> int:
    """Drop the keys of claims older than this; how many there were."""
    return connection.execute(delete(claims).where(claims.c.at < now() - seconds)).rowcount
