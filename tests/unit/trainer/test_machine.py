"""A disk without room is the machine's fault only where it is the machine's disk."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from tuner_service.trainer.machine import FULL_BYTES, MachineFault, is_machines_fault, own_write

NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def disk(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**40, 0, free))


@pytest.mark.parametrize(
    "error",
    [NO_SPACE, RuntimeError("HDF5: No space left on device"), OSError(errno.EDQUOT, "quota")],
)
def test_what_a_model_says_of_a_disk_counts_only_where_it_is_full(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, FULL_BYTES)
    assert not is_machines_fault(error, tmp_path / "not" / "there")
    disk(monkeypatch, FULL_BYTES - 1)
    assert is_machines_fault(error, tmp_path / "not" / "there")


@pytest.mark.parametrize("number", [errno.EROFS, errno.EFBIG, errno.EIO, errno.ENOENT])
def test_other_errors_of_the_system_never_are(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk(monkeypatch, 0)
    assert not is_machines_fault(OSError(number, os.strerror(number)), tmp_path)


def test_what_we_write_ourselves_always_is(tmp_path: Path) -> None:
    with pytest.raises(MachineFault) as raised, own_write():
        raise NO_SPACE
    assert is_machines_fault(raised.value, tmp_path)
    with pytest.raises(ValueError, match="else"), own_write():
        raise ValueError("else")
