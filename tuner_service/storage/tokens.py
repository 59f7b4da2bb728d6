"""Tokens by their digests, and the tickets made from them: one-time login codes and sessions."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from tuner_service.errors import TokenExists
from tuner_service.storage.clock import now
from tuner_service.storage.tables import tickets, tokens


@dataclass(frozen=True)
class Token:
    """A token; the secret itself is nowhere kept."""

    id: int
    name: str
    role: str
    created_at: float
    revoked_at: float | None


_COLUMNS = (tokens.c.id, tokens.c.name, tokens.c.role, tokens.c.created_at, tokens.c.revoked_at)


def _token(row: Row[*tuple[Any, ...]]) -> Token:
    return Token(row.id, row.name, row.role, row.created_at, row.revoked_at)


def add(connection: Connection, name: str, role: str, digest: str) -> None:
    """Raises TokenExists; a revoked token's name may be used again."""
    connection.execute(
        delete(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_not(None))
    )
    try:
        connection.execute(
            insert(tokens).values(name=name, role=role, digest=digest, created_at=now())
        )
    except IntegrityError as error:
        raise TokenExists(name) from error


def by_digest(connection: Connection, digest: str) -> Token | None:
    """The token, unless it was revoked."""
    query = select(*_COLUMNS).where(tokens.c.digest == digest, tokens.c.revoked_at.is_(None))
    row = connection.execute(query).one_or_none()
    return None if row is None else _token(row)


def by_name(connection: Connection, name: str) -> Token | None:
    row = connection.execute(select(*_COLUMNS).where(tokens.c.name == name)).one_or_none()
    return None if row is None else _token(row)


def everyone(connection: Connection) -> list[Token]:
    return [_token(row) for row in connection.execute(select(*_COLUMNS).order_by(tokens.c.name))]


def revoke(connection: Connection, token: Token) -> None:
    """End a token and every session made from it."""
    connection.execute(update(tokens).where(tokens.c.id == token.id).values(revoked_at=now()))
    connection.execute(delete(tickets).where(tickets.c.token_id == token.id))


def add_ticket(
    connection: Connection, kind: str, digest: str, token_id: int, valid_seconds: float
) -> None:
    connection.execute(delete(tickets).where(tickets.c.expires_at < now()))
    connection.execute(
        insert(tickets).values(
            kind=kind, digest=digest, token_id=token_id, expires_at=now() + valid_seconds
        )
    )


def take_ticket(connection: Connection, kind: str, digest: str) -> Token | None:
    """Use up a ticket: its token, once."""
    token = by_ticket(connection, kind, digest)
    gone = connection.execute(
        delete(tickets).where(tickets.c.kind == kind, tickets.c.digest == digest)
    )
    return token if gone.rowcount == 1 else None


_BY_TICKET = (
    select(*_COLUMNS)
    .join(tickets)
    .where(
        tickets.c.kind == bindparam("by_kind"),
        tickets.c.digest == bindparam("by_digest"),
        tickets.c.expires_at > now(),
        tokens.c.revoked_at.is_(None),
    )
)


def by_ticket(connection: Connection, kind: str, digest: str) -> Token | None:
    """The token behind a ticket that has not expired."""
    of = {"by_kind": kind, "by_digest": digest}
    row = connection.execute(_BY_TICKET, of).one_or_none()
    return None if row is None else _token(row)


def drop_ticket(connection: Connection, kind: str, digest: str) -> None:
    connection.execute(delete(tickets).where(tickets.c.kind == kind, tickets.c.digest == digest))
