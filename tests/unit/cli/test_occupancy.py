"""One ``tuner up`` a home, and a dead one is in nobody's way."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuner_service.cli.failure import UserError
from tuner_service.cli.occupancy import HomeTaken, occupied
from tuner_service.home import RunningServer, announce

HOLD = """
import sys, time
from pathlib import Path
from tuner_service.cli.occupancy import occupied
with occupied(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_holder_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    with occupied(tmp_path):
        announce(tmp_path, RunningServer(url="http://127.0.0.1:4711", pid=os.getpid()))

        with (
            pytest.raises(HomeTaken, match=r"already at http://127\.0\.0\.1:4711"),
            occupied(tmp_path),
        ):
            raise AssertionError("the home was held twice")


def test_a_home_is_free_again_once_its_holder_was_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(HomeTaken), occupied(tmp_path):
            raise AssertionError("the home was held twice")
    finally:
        holder.kill()
        holder.communicate()

    with occupied(tmp_path):
        pass


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(UserError, match=r"cannot use the folder .*file/home"),
        occupied(tmp_path / "file" / "home"),
    ):
        raise AssertionError("it was held")
