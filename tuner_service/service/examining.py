"""Looking into an uploaded file, in a process of its own."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

from tuner_service.errors import Invalid, Problem, Unavailable

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "search_spaces.datasets.files")
SECONDS = 900.0
UNFOLDING = 4
"""A file may unfold to so many times the upload limit: pictures and text are packed well."""


def examine(path: Path, format: str, told: dict[str, Any], upload_bytes: int) -> dict[str, Any]:
    """What the file holds: ``summary``, ``inputs``, ``outputs``, ``sizes``, ``notes``. Raises Invalid, Unavailable."""
    request = {
        "path": str(path),
        "format": format,
        "told": told,
        "limits": {"unpacked_bytes": UNFOLDING * upload_bytes},
    }
    try:
        done = subprocess.run(
            COMMAND,
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _bad(f"looking into the file took more than {SECONDS:g} s") from error
    except OSError as error:
        raise Unavailable("the file could not be looked into; try again later") from error
    if done.returncode < 0:
        # A decoder crashed, or the system took the process because memory ran out.
        raise _bad(f"looking into the file ended with signal {-done.returncode}; is it damaged?")
    if done.returncode:
        log.error("looking into a data file failed:\n%s", done.stderr)
        raise _bad("the file could not be read")
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise _bad(answer["error"])
    description: dict[str, Any] = answer["description"]
    return description


def _bad(message: str) -> Invalid:
    return Invalid([Problem(("body",), message)], code="bad_dataset")
