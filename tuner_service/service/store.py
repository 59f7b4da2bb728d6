"""Where artifacts' bytes lie: a folder, or whatever fsspec opens."""

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import fsspec

from tuner_service.errors import Unavailable
from tuner_service.settings import BadSettings

CHUNK = 1 << 20


class ArtifactStore:
    """Files under keys that are never written twice, so a reader always gets one whole file."""

    def __init__(self, url: str) -> None:
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise BadSettings(f"TUNER_ARTIFACTS_URL: {error}") from error
        self._fs.makedirs(self._root, exist_ok=True)

    def _path(self, key: str) -> str:
        return str(PurePosixPath(self._root) / key)

    def upload(self, folder: str) -> "Upload":
        """A new file in a folder, under a name that no other has."""
        key = f"{folder}/{secrets.token_hex(16)}"
        return Upload(self._fs, key, self._path(key))

    def put_file(self, file: Path, folder: str) -> str:
        """Copy a whole local file in, under a name that no other has; its key. Raises Unavailable."""
        upload = self.upload(folder)
        try:
            with file.open("rb") as content:
                while chunk := content.read(CHUNK):
                    upload.write(chunk)
            return upload.finish()
        finally:
            upload.discard()

    def read(self, key: str) -> Iterator[bytes]:
        """Raises FileNotFoundError before the first chunk if the file is gone."""
        file = self._fs.open(self._path(key), "rb")

        def chunks() -> Iterator[bytes]:
            with file:
                while chunk := file.read(CHUNK):
                    yield chunk

        return chunks()

    def remove(self, key: str) -> None:
        try:
            self._fs.rm_file(self._path(key))
        except FileNotFoundError:
            return


class Upload:
    """A file on its way in: under a name of its own until ``finish`` moves it to its place."""

    def __init__(self, fs: Any, key: str, path: str) -> None:
        self._fs, self._key, self._path = fs, key, path
        self._temporary = f"{path}.part"
        self._sha256 = hashlib.sha256()
        self.size = 0
        fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
        self._file: IO[bytes] = fs.open(self._temporary, "wb")

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, chunk: bytes) -> None:
        try:
            self._file.write(chunk)
        except OSError as error:
            raise Unavailable(
                "the artifact store cannot take the file", code="store_unavailable"
            ) from error
        self._sha256.update(chunk)
        self.size += len(chunk)

    def finish(self) -> str:
        """Put the file in its place; its key in the store."""
        self._file.close()
        self._fs.mv(self._temporary, self._path)
        return self._key

    def discard(self) -> None:
        """Leave nothing behind; harmless after ``finish``."""
        self._file.close()
        if self._fs.exists(self._temporary):
            self._fs.rm_file(self._temporary)
