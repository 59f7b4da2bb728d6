"""What a running ``tuner up`` leaves in its home, so that a command beside it finds the server."""

import json
import os
from pathlib import Path

from pydantic import BaseModel

TOKEN_FILE = "admin.token"
SERVER_FILE = "server.json"


class RunningServer(BaseModel):
    url: str
    pid: int


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (mode 0600), whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def read_token(home: Path) -> str | None:
    path = home / TOKEN_FILE
    return path.read_text().strip() if path.exists() else None


def announce(home: Path, server: RunningServer) -> None:
    write_private(home / SERVER_FILE, server.model_dump_json())


def find_server(home: Path) -> RunningServer | None:
    """The server of this home, as it announced itself; it may have died since."""
    path = home / SERVER_FILE
    return RunningServer(**json.loads(path.read_text())) if path.exists() else None


def forget(home: Path) -> None:
    (home / SERVER_FILE).unlink(missing_ok=True)
