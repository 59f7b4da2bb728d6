"""Looking into uploaded files, each in a process of its own."""

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tuner_service.errors import Invalid, Problem, Unavailable

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "search_spaces.datasets.files")
SECONDS = 900.0
UNFOLDING = 4
"""A file may unfold to so many times the upload limit: pictures and text are packed well."""


class Examiner:
    """The examinations under way; ``close`` ends them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._closed = False

    def examine(
        self, path: Path, format: str, told: dict[str, Any], upload_bytes: int
    ) -> dict[str, Any]:
        """What the file holds: ``summary``, ``inputs``, ``outputs``, ``sizes``, ``notes``, ``preview``.

        Raises Invalid, Unavailable.
        """
        request = {
            "path": str(path),
            "format": format,
            "told": told,
            "limits": {"unpacked_bytes": UNFOLDING * upload_bytes},
        }
        process = self._start()
        try:
            output, errors = process.communicate(json.dumps(request), timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            raise _bad(f"looking into the file took more than {SECONDS:g} s") from error
        finally:
            self._end(process)
        if self._closed:
            raise Unavailable("the server is stopping; try again later")
        if process.returncode < 0:
            # A decoder crashed, or the system took the process because memory ran out.
            number = -process.returncode
            raise _bad(f"looking into the file ended with signal {number}; is it damaged?")
        if process.returncode:
            log.error("looking into a data file failed:\n%s", errors)
            raise _bad("the file could not be read")
        if "\\u0000" in output:
            raise _bad("a name, or a text that is a class, holds a NUL character")
        answer = json.loads(output)
        if "error" in answer:
            raise _bad(answer["error"])
        description: dict[str, Any] = answer["description"]
        return description

    def close(self) -> None:
        """End what is under way; whoever waits for it is told to try again."""
        with self._lock:
            self._closed = True
            for process in self._running:
                process.kill()

    def _start(self) -> subprocess.Popen[str]:
        # What decodes anybody's files is told none of the server's secrets.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TUNER_")}
        with self._lock:
            if self._closed:
                raise Unavailable("the server is stopping; try again later")
            try:
                process = subprocess.Popen(
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            except OSError as error:
                raise Unavailable("the file could not be looked into; try again later") from error
            self._running.add(process)
        return process

    def _end(self, process: subprocess.Popen[str]) -> None:
        with self._lock:
            self._running.discard(process)
        process.kill()
        process.communicate()


def _bad(message: str) -> Invalid:
    return Invalid([Problem(("body",), message)], code="bad_dataset")
