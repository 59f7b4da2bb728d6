"""Fetching files: whole and verified, or not at all."""

import hashlib
import secrets
from os import PathLike
from pathlib import Path

from tuner_service.client.errors import BadDownload
from tuner_service.client.transport import Transport


def download(
    transport: Transport, url: str, *, name: str, sha256: str, to: PathLike[str] | str
) -> Path:
    """Fetch a file into a folder, or to a path; where it lies. Raises BadDownload."""
    target = Path(to)
    if target.is_dir():
        target = target / Path(name).name
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    digest = hashlib.sha256()
    try:
        with transport.stream(url) as response, temporary.open("wb") as file:
            for chunk in response.iter_bytes():
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise BadDownload(name, expected=sha256, got=digest.hexdigest())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return target
