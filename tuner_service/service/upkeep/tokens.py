"""Who may do what: tokens with roles, one-time login codes, sessions. Only digests are stored."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tuner_service.errors import Invalid, Problem, UnknownToken
from tuner_service.home import TOKEN_FILE, read_token, write_private
from tuner_service.service.setup import Service
from tuner_service.storage import tokens
from tuner_service.storage.tokens import Token

LOGIN_SECONDS = 900.0
SESSION_SECONDS = 14 * 86_400.0
ADMIN_TOKEN = "admin"


class Role(StrEnum):
    VIEWER = "viewer"
    SUBMITTER = "submitter"
    WORKER = "worker"
    ADMIN = "admin"


@dataclass(frozen=True)
class Principal:
    """Whoever makes a request."""

    name: str
    role: Role
    token_id: int

    @property
    def may_submit(self) -> bool:
        """Whether they may open and steer studies, and upload data."""
        return self.role in (Role.SUBMITTER, Role.ADMIN)

    @property
    def holder(self) -> int | None:
        """By whose token trials are held; None for an administrator, who may speak for any worker."""
        return None if self.role is Role.ADMIN else self.token_id


def create_token(service: Service, name: str, role: str) -> str:
    """A new token; the secret is told here and never again. Raises TokenExists, Invalid."""
    if role not in list(Role):
        msg = f'unknown role "{role}"; allowed: {", ".join(Role)}'
        raise Invalid([Problem(("role",), msg)])
    secret = f"tuner_{secrets.token_urlsafe(32)}"
    with service.database.write() as connection:
        tokens.add(connection, name, role, digest(secret))
    return secret


def list_tokens(service: Service) -> list[Token]:
    with service.database.read() as connection:
        return tokens.everyone(connection)


def revoke_token(service: Service, name: str) -> None:
    """Raises UnknownToken."""
    with service.database.write() as connection:
        token = tokens.by_name(connection, name)
        if token is None or token.revoked_at is not None:
            valid = [t.name for t in tokens.everyone(connection) if t.revoked_at is None]
            raise UnknownToken(name, valid)
        tokens.revoke(connection, token)


def ensure_admin(service: Service, home: Path) -> None:
    """The administrator's token in the home, mode 0600; made anew where the home has none that is valid.

    Another home's stays as it is: replicas share a database, not a home.
    """
    secret = read_token(home)
    if secret is not None and who(service, secret) is not None:
        return
    secret = f"tuner_{secrets.token_urlsafe(32)}"
    with service.database.write() as connection:
        name = ADMIN_TOKEN
        if (other := tokens.by_name(connection, name)) is not None and other.revoked_at is None:
            name = f"{ADMIN_TOKEN}-{secrets.token_hex(4)}"
        tokens.add(connection, name, Role.ADMIN, digest(secret))
    write_private(home / TOKEN_FILE, secret + "\n")


def who(service: Service, secret: str) -> Principal | None:
    """Whose token this is; None for a wrong or revoked one."""
    with service.database.read() as connection:
        return _principal(tokens.by_digest(connection, digest(secret)))


def create_login_code(service: Service, token_name: str) -> str:
    """A code that logs a browser in once, within LOGIN_SECONDS. Raises UnknownToken."""
    code = secrets.token_urlsafe(24)
    with service.database.write() as connection:
        token = tokens.by_name(connection, token_name)
        if token is None or token.revoked_at is not None:
            valid = [t.name for t in tokens.everyone(connection) if t.revoked_at is None]
            raise UnknownToken(token_name, valid)
        tokens.add_ticket(connection, "login", digest(code), token.id, LOGIN_SECONDS)
    return code


def log_in(service: Service, code: str) -> str | None:
    """Use up a login code: the secret of a new session, or None if the code is not, or no longer, valid."""
    with service.database.write() as connection:
        token = tokens.take_ticket(connection, "login", digest(code))
        if token is None:
            return None
        session = secrets.token_urlsafe(32)
        tokens.add_ticket(connection, "session", digest(session), token.id, SESSION_SECONDS)
        return session


def session_of(service: Service, session: str) -> Principal | None:
    with service.database.read() as connection:
        return _principal(tokens.by_ticket(connection, "session", digest(session)))


def log_out(service: Service, session: str) -> None:
    with service.database.write() as connection:
        tokens.drop_ticket(connection, "session", digest(session))


def digest(secret: str) -> str:
    # The secrets are random and long: a plain hash cannot be guessed back.
    return hashlib.sha256(secret.encode()).hexdigest()


def _principal(token: Token | None) -> Principal | None:
    return None if token is None else Principal(token.name, Role(token.role), token.id)
