"""A real worker whose training processes are scripted: ``scripted_worker.py URL FOLDER SLOTS [stop-with-parent]``."""

import logging
import os
import resource
import sys
from pathlib import Path

from tuner_service.worker.process import Program
from tuner_service.worker.supervisor import Supervisor, WorkerOptions

CHILD = Path(__file__).with_name("scripted_child.py")


def main() -> int:
    url, folder, slots, *rest = sys.argv[1:]
    logging.basicConfig(level=logging.DEBUG, format="%(levelname)s %(name)s %(message)s")
    if (most := os.environ.get("LARGEST_FILE_BYTES")) is not None:
        # Python ignores the signal, so that writing more is an error like that of a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
    options = WorkerOptions(
        url,
        os.environ["TUNER_TOKEN"],
        "w1",
        int(slots),
        Path(folder),
        cache=Path(folder) / "cache",
        grace_seconds=float(os.environ.get("GRACE_SECONDS", "9")),
        stop_with_parent=bool(rest),
    )
    command = os.environ.get("CHILD_COMMAND", f"{sys.executable} {CHILD}").split()
    catalogue = {"search_spaces": [{"name": "dense"}], "datasets": [{"name": "digits"}]}
    return Supervisor(options, Program(command, stop_seconds=1.0), catalogue).run()


if __name__ == "__main__":
    sys.exit(main())
