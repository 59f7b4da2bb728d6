"""A real worker whose training processes are scripted: ``python -m tests.chaos.worker URL FOLDER NAME SLOTS``."""

import logging
import os
import sys
from pathlib import Path

from search_spaces.catalogue import load_catalogue
from tuner_service.worker.process import Program
from tuner_service.worker.supervisor import Supervisor, WorkerOptions

SERVED = {"search_spaces": "dense", "datasets": "digits"}


def main() -> int:
    url, folder, name, slots = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    token = os.environ["TUNER_TOKEN"]
    home = Path(folder)
    options = WorkerOptions(url, token, name, int(slots), home, cache=home / "cache")
    # Without site: the process is there in a twentieth of a second.
    program = Program((sys.executable, "-S", "-m", "tests.chaos.trainer"), stop_seconds=2.0)
    catalogue = {
        kind: [entry for entry in entries if entry["name"] == SERVED[kind]]
        for kind, entries in load_catalogue().items()
        if kind in SERVED
    }
    return Supervisor(options, program, catalogue).run()


if __name__ == "__main__":
    sys.exit(main())
