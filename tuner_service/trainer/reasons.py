"""Why a trial failed, in words for its user."""

import errno
import os
import traceback

from search_spaces.errors import SearchSpaceError
from search_spaces.preflight import is_out_of_memory
from tuner_service.trainer.callbacks import TrialFailed

REASON_LINES = 20

MACHINE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Of the disk: nothing that the model did, and nothing that another trial would not meet here too."""


def is_machines_fault(error: BaseException | None) -> bool:
    """Whether the disk is full, or cannot be written; also where another error came of that."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in MACHINE_ERRORS:
            return True
        # HDF5 and TensorFlow have only the system's words for it.
        if any(os.strerror(number) in str(error) for number in (errno.ENOSPC, errno.EDQUOT)):
            return True
        error = error.__cause__ or error.__context__
    return False


def reason(error: BaseException, doing: str) -> str:
    """Why a trial failed, for its user: what happened in the first line, then the end of the traceback."""
    if isinstance(error, TrialFailed | SearchSpaceError):
        return str(error)
    name, lines = type(error).__name__, str(error).strip().splitlines() or [""]
    if is_machines_fault(error):
        return f"{doing} failed on this machine: {name}: {lines[0]}"
    if is_out_of_memory(error):
        told = next((line for line in lines if "RESOURCE_EXHAUSTED" in line), lines[0])
        return f"out of memory: {told.strip()}"
    trace = "".join(traceback.format_exception(error)).splitlines()
    head = f"{doing} failed: {name}: {lines[0]}"
    return "\n".join([head, *trace[-(REASON_LINES - 1) :]])
