"""Where the server is and with which token it is asked: arguments, then environment, then home."""

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tuner_service.client.errors import NotConfigured
from tuner_service.home import SERVER_FILE, TOKEN_FILE, find_server, read_token
from tuner_service.settings import Settings


@dataclass(frozen=True)
class Location:
    url: str
    token: str = field(repr=False)


def locate(
    url: str | None = None, token: str | None = None, home: Path | str | None = None
) -> Location:
    """The server's URL and the token for it. Raises NotConfigured, naming the places looked at.

    The token of a home that was not named is only ever sent to a server on this machine.
    """
    folder = Settings.read(home=home).home
    found_url = url or os.environ.get("TUNER_URL") or _announced(folder)
    if not found_url:
        raise NotConfigured(
            "no server is known: there is no url argument (--url), TUNER_URL is not set, "
            f"and no server announced itself in {folder / SERVER_FILE}; start one with: tuner up"
        )
    if not _is_plain(found_url):
        # It is not repeated: it may hold a password.
        raise NotConfigured(
            "the server's URL is not one; expected http(s)://HOST[:PORT], without a user or password"
        )
    mine = home is not None or is_local(found_url) or found_url == _announced(folder)
    found_token = token or os.environ.get("TUNER_TOKEN") or (_token(folder) if mine else None)
    if not found_token:
        rest = (
            f"there is none in {folder / TOKEN_FILE}"
            if mine
            else f"the one in {folder} is for servers on this machine (name it with home to use it)"
        )
        raise NotConfigured(
            f"no token for {found_url}: there is no token argument (--token), "
            f"TUNER_TOKEN is not set, and {rest}"
        )
    if not (found_token.isascii() and found_token.isprintable()):
        # It is not repeated: it is secret.
        raise NotConfigured(
            "the token (--token or TUNER_TOKEN) is none: tokens have only letters, digits and signs of ASCII"
        )
    return Location(found_url.rstrip("/"), found_token)


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
        )
    except ValueError:
        return False


def is_local(url: str) -> bool:
    """Whether a URL names this machine itself."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _announced(folder: Path) -> str | None:
    try:
        server = find_server(folder)
    except (OSError, ValueError) as error:
        raise NotConfigured(f"cannot read {folder / SERVER_FILE}: {error}") from error
    return server.url if server is not None else None


def _token(folder: Path) -> str | None:
    try:
        return read_token(folder)
    except OSError as error:
        raise NotConfigured(f"cannot read {folder / TOKEN_FILE}: {error.strerror}") from error
