"""The artifact store: whole files or none, on disks that are full, failing or cut off."""

import errno
import os
import time
from pathlib import Path
from typing import IO, Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from tests.disks import small_disk
from tuner_service.errors import ArtifactDamaged, StorageFull, Unavailable
from tuner_service.service.files.incoming import Incoming
from tuner_service.service.files.store import ArtifactStore, Upload
from tuner_service.settings import BadSettings


class Failing(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A disk that fails at one of its operations."""

    cachable = False

    def __init__(self, at: str, error: int) -> None:
        super().__init__()
        self._at, self._error = at, error

    def _fail(self, operation: str) -> None:
        if operation == self._at:
            raise OSError(self._error, os.strerror(self._error))

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self._fail("makedirs")
        super().makedirs(path, exist_ok)

    def _open(self, path: str, mode: str = "rb", **options: Any) -> IO[bytes]:
        self._fail("open")
        file: IO[bytes] = super()._open(path, mode, **options)
        return file

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        if self._at == "mv":
            Path(path2).write_bytes(b"half")
        self._fail("mv")
        super().mv(path1, path2, **options)


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if not file.is_dir()]


def send(fs: LocalFileSystem, folder: Path, content: bytes) -> None:
    upload = Upload(fs, "1/0/key", str(folder / "1" / "0" / "key"))
    try:
        upload.write(content)
        upload.finish()
    finally:
        upload.discard()


@pytest.mark.parametrize("at", ["makedirs", "open", "mv"])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EIO, Unavailable),
        (errno.EROFS, Unavailable),
    ],
)
def test_a_failing_disk_leaves_nothing(
    tmp_path: Path, at: str, error: int, raised: type[Exception]
) -> None:
    with pytest.raises(raised):
        send(Failing(at, error), tmp_path, b"content")
    assert files(tmp_path) == []


def test_a_disk_that_is_full_only_when_the_buffer_is_written(tmp_path: Path) -> None:
    """The kernel's own full device, under the name that the upload writes to."""
    store = ArtifactStore(str(tmp_path))
    upload = Upload(store._fs, "1/key", str(tmp_path / "1" / "key"))
    Path(upload._temporary).unlink()
    Path(upload._temporary).symlink_to("/dev/full")
    upload._file.close()
    upload._file = store._fs.open(upload._temporary, "wb")
    upload.write(b"less than a buffer")
    with pytest.raises(StorageFull):
        upload.finish()
    upload.discard()
    assert files(tmp_path / "1") == []


def test_room_that_is_made_is_used(tmp_path: Path) -> None:
    too_large = tmp_path / "too-large"
    too_large.touch()
    os.truncate(too_large, 7 * 1024**2)
    with small_disk(tmp_path / "small", 1 << 20) as disk:
        store = ArtifactStore(str(disk.folder / "artifacts"))
        for _ in range(3):
            with pytest.raises(StorageFull):
                store.put_file(too_large, "1")
        assert files(disk.folder) == []
        key = store.upload("1").finish()
        assert list(store.read(key, 0)) == []


def test_a_data_file_has_no_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 1 << 20) as disk:
        incoming = Incoming(disk.folder)
        with pytest.raises(StorageFull, match="the server's disk is full"):
            incoming.write(b"x" * 2 * disk.too_large)
        incoming.discard()
        assert files(disk.folder) == []


def test_a_file_that_is_cut_off_is_refused_before_its_first_byte(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    upload = store.upload("1")
    upload.write(b"0123456789")
    key = upload.finish()
    assert b"".join(store.read(key, 10)) == b"0123456789"
    os.truncate(tmp_path / key, 7)
    with pytest.raises(ArtifactDamaged, match="it has 7 bytes of 10"):
        store.read(key, 10)
    assert b"".join(store.read(key)) == b"0123456"


def test_what_a_killed_server_left_is_swept_after_a_day(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    left, fresh = store.upload("1/0"), store.upload("1/0")
    whole = store.upload("1/0").finish()
    day = time.time() - 86_400 - 60
    os.utime(left._temporary, (day, day))
    os.utime(tmp_path / whole, (day, day))
    store.sweep()
    assert {file.name for file in files(tmp_path)} == {
        Path(fresh._temporary).name,
        Path(whole).name,
    }
    for upload in (left, fresh):
        upload.discard()


@pytest.mark.parametrize("below", ["", "/artifacts"])
def test_a_place_that_is_no_folder_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSettings, match=r"^TUNER_ARTIFACTS_URL: cannot use \".*file"):
        ArtifactStore(f"{tmp_path}/file{below}")


def test_a_protocol_that_nobody_speaks_is_named() -> None:
    with pytest.raises(BadSettings, match="TUNER_ARTIFACTS_URL: Protocol not known: nosuch"):
        ArtifactStore("nosuch://place")
