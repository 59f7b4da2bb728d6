"""Zip files read member by member, in memory and within limits; nothing is unpacked to the disk."""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from search_spaces.datasets.files.description import Limits
from search_spaces.errors import BadFile

ENCRYPTED = 0x1 | 0x40 | 0x2000
"""Bits of a member's flags: by password, strongly, and its entry in the directory (APPNOTE 4.4.4)."""

METHODS = {ZIP_STORED, ZIP_DEFLATED}

ENTRY_BYTES = 256
"""Of an archive's directory are allowed for each member, its name among them."""

CHUNK = 2**20
"""Bytes read at once."""

DRIVE = re.compile(r"[A-Za-z]:")

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    UnicodeDecodeError,
    ValueError,
    OSError,
)
"""What zipfile raises for a file that is damaged."""


class Archive:
    """The files in a zip file, in its order. All of them have been checked, as far as its directory tells."""

    def __init__(self, zip_file: ZipFile) -> None:
        self._zip = zip_file
        self.files = tuple(info for info in zip_file.infolist() if not info.is_dir())
        self.folders = tuple(info.filename for info in zip_file.infolist() if info.is_dir())

    def read(self, member: ZipInfo) -> bytearray:
        """All bytes of a member. Raises BadFile, with its name, if it is damaged."""
        return self._bytes(member, member.file_size)

    def start(self, member: ZipInfo, most_bytes: int) -> bytearray:
        """The first bytes of a member. Raises BadFile, with its name, if it is damaged."""
        return self._bytes(member, min(member.file_size, most_bytes))

    def _bytes(self, member: ZipInfo, size: int) -> bytearray:
        # zipfile never gives more than the directory says, whatever the member unfolds to, so that the sum of the
        # sizes there, which was checked, bounds what is read.
        try:
            with self._zip.open(member) as stream:
                data = bytearray()
                while len(data) < size and (chunk := stream.read(min(CHUNK, size - len(data)))):
                    data += chunk
        except BROKEN as error:
            raise BadFile(f"is damaged: {_reason(error)}", member.filename) from error
        if len(data) < size:
            raise BadFile(f"is damaged: {len(data):,} bytes instead of {size:,}", member.filename)
        return data


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Archive]:
    """A zip file. Raises BadFile if it is damaged, unsafe or larger than the limits."""
    with _Bounded(path, limits) as file:
        try:
            zip_file = ZipFile(file)
        except BROKEN as error:
            raise BadFile(
                f"is no zip archive, as .npz and .zip files are, or is damaged: {_reason(error)}"
            ) from error
        with zip_file:
            _check(zip_file.infolist(), limits)
            yield Archive(zip_file)


class _Bounded(io.BufferedReader):
    """A file of which only that much is read at once as a directory within the limits has: zipfile reads it whole."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(io.FileIO(path))
        self._limits = limits

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > max(self._limits.members * ENTRY_BYTES, CHUNK):
            raise BadFile(f"its directory is too large for {self._limits.members:,} members")
        return super().read(size)


def _check(members: list[ZipInfo], limits: Limits) -> None:
    if len(members) > limits.members:
        raise BadFile(f"has {len(members):,} members; at most {limits.members:,} are allowed")
    names: set[str] = set()
    for member in members:
        if (reason := _unsafe(member)) is not None:
            raise BadFile(reason, member.filename)
        if member.filename in names:
            raise BadFile("is in the archive twice", member.filename)
        names.add(member.filename)
    largest = max(members, key=lambda member: member.file_size, default=None)
    total = sum(member.file_size for member in members)
    if largest is not None and total > limits.unpacked_bytes:
        raise BadFile(
            f"unfolds to {total:,} bytes in all, the largest of the {len(members):,} members to "
            f"{largest.file_size:,}; at most {limits.unpacked_bytes:,} are allowed",
            largest.filename,
        )


def _unsafe(member: ZipInfo) -> str | None:
    name = member.orig_filename
    if not name or "\0" in name or "\\" in name:
        return "its name is empty or has a backslash or a zero in it; folders are separated by /"
    if name.startswith("/") or DRIVE.match(name) or ".." in PurePosixPath(name).parts:
        return "its name climbs out of the archive"
    if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device, not a file"
    if member.flag_bits & ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in METHODS:
        return f"is compressed by method {member.compress_type}; only stored and deflated are read"
    return None


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
