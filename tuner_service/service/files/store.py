"""Where artifacts' bytes lie: a folder, or whatever fsspec opens."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from tuner_service.errors import ArtifactDamaged
from tuner_service.service.files.room import cannot_take, leave_some, shared_with, unreadable
from tuner_service.settings import BadSettings

CHUNK = 1 << 20
UNFINISHED = ".part"
LEFT_AFTER = timedelta(days=1)
"""An unfinished file that nothing was written to for so long was left by a server that was killed."""


class ArtifactStore:
    """Files under keys that are never written twice, so a reader always gets one whole file."""

    def __init__(self, url: str, database: Path | None = None) -> None:
        """``database``: SQLite's file, to which room is left if it is on the same disk. Raises BadSettings."""
        try:
            self._fs, self._root = fsspec.core.url_to_fs(url)
            self._fs.makedirs(self._root, exist_ok=True)
        except (ImportError, ValueError) as error:
            raise BadSettings(f"TUNER_ARTIFACTS_URL: {error}") from error
        except OSError as error:
            why = error.strerror or str(error)
            raise BadSettings(f'TUNER_ARTIFACTS_URL: cannot use "{self._root}": {why}') from error
        local = isinstance(self._fs, LocalFileSystem)
        self._shared = shared_with(self._root, database) if local else None

    def _path(self, key: str) -> str:
        return str(PurePosixPath(self._root) / key)

    def upload(self, folder: str) -> "Upload":
        """A new file in a folder, under a name that no other has. Raises StorageFull, Unavailable."""
        key = f"{folder}/{secrets.token_hex(16)}"
        return Upload(self._fs, key, self._path(key), self._shared)

    def put_file(self, file: Path, folder: str) -> str:
        """Copy a whole local file in, under a name that no other has; its key. Raises StorageFull, Unavailable."""
        upload = self.upload(folder)
        try:
            with file.open("rb") as content:
                while chunk := content.read(CHUNK):
                    upload.write(chunk)
            return upload.finish()
        finally:
            upload.discard()

    def read(self, key: str, size: int | None = None) -> Iterator[bytes]:
        """The file's bytes, of which there should be ``size``.

        Raises before the first of them FileNotFoundError if the file is gone, Unavailable if the store is, and
        ArtifactDamaged if it has another size: a reply that was promised in another length could only be cut.
        """
        file = self._opened(key)
        if size is not None and file.size != size:
            file.close()
            raise ArtifactDamaged(file.size, size)

        def chunks() -> Iterator[bytes]:
            with file:
                while chunk := file.read(CHUNK):
                    yield chunk

        return chunks()

    def _opened(self, key: str) -> Any:
        try:
            return self._fs.open(self._path(key), "rb")
        except FileNotFoundError as error:
            if self._fs.exists(self._root):
                raise
            # An unmounted share, say: what is in there is not gone for good.
            raise unreadable() from error
        except OSError as error:
            raise unreadable() from error

    def remove(self, key: str) -> None:
        try:
            self._fs.rm_file(self._path(key))
        except FileNotFoundError:
            return

    def sweep(self) -> None:
        """Remove what killed servers left unfinished."""
        now = datetime.now(UTC)
        for path in self._fs.find(self._root):
            if not path.endswith(UNFINISHED):
                continue
            with contextlib.suppress(
                OSError
            ):  # finished or removed meanwhile; or once more in an hour
                if now - self._fs.modified(path) > LEFT_AFTER:
                    self._fs.rm_file(path)


class Upload:
    """A file on its way in: under a name of its own until ``finish`` moves it to its place.

    Everything that needs the disk raises StorageFull if that is full, Unavailable if it fails otherwise.
    """

    def __init__(self, fs: Any, key: str, path: str, shared: Path | None = None) -> None:
        self._fs, self._key, self._path, self._shared = fs, key, path, shared
        self._temporary = f"{path}{UNFINISHED}"
        self._sha256 = hashlib.sha256()
        self.size = 0
        with cannot_take("the artifact store"):
            fs.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
            self._file: IO[bytes] = fs.open(self._temporary, "wb")

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, chunk: bytes) -> None:
        leave_some(self._shared, len(chunk))
        with cannot_take("the artifact store"):
            self._file.write(chunk)
        self._sha256.update(chunk)
        self.size += len(chunk)

    def finish(self) -> str:
        """Put the file in its place; its key in the store. What was written late fails here, if it fails."""
        try:
            with cannot_take("the artifact store"):
                self._sync()
                self._file.close()
                self._fs.mv(self._temporary, self._path)
                self._sync_folder()
        except Exception:
            # A move over the border of a file system copies, and may stop in the middle.
            self._drop(self._path)
            raise
        return self._key

    def discard(self) -> None:
        """Leave nothing behind; harmless after ``finish``."""
        with contextlib.suppress(OSError):  # the rest of a buffer, for which there is no room
            self._file.close()
        self._drop(self._temporary)

    def _drop(self, path: str) -> None:
        # A disk that fails even at this leaves the file to the sweep.
        with contextlib.suppress(OSError):
            self._fs.rm_file(path)

    def _sync(self) -> None:
        """Onto the disk before any row names it, so that a power cut leaves no row whose file is cut off.

        It costs a few milliseconds, off the training path, and tells of a full disk where a file system only promised
        the room (a quota, NFS). An object store has the file when it is closed.
        """
        if isinstance(self._fs, LocalFileSystem):
            self._file.flush()
            os.fsync(self._file.fileno())

    def _sync_folder(self) -> None:
        """The name too."""
        if isinstance(self._fs, LocalFileSystem) and hasattr(os, "O_DIRECTORY"):
            folder = os.open(PurePosixPath(self._path).parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
