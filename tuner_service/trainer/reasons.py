"""Why a trial failed, in words for its user."""

import traceback

from search_spaces.errors import SearchSpaceError
from search_spaces.preflight import is_out_of_memory
from tuner_service.trainer.callbacks import TrialFailed
from tuner_service.trainer.machine import MachineFault

REASON_LINES = 20


def reason(error: BaseException, doing: str) -> str:
    """Why a trial failed, for its user: what happened in the first line, then the end of the traceback."""
    if isinstance(error, TrialFailed | SearchSpaceError):
        return str(error)
    name, lines = type(error).__name__, str(error).strip().splitlines() or [""]
    if is_out_of_memory(error):
        told = next((line for line in lines if "RESOURCE_EXHAUSTED" in line), lines[0])
        return f"out of memory: {told.strip()}"
    trace = "".join(traceback.format_exception(error)).splitlines()
    head = f"{doing} failed: {name}: {lines[0]}"
    return "\n".join([head, *trace[-(REASON_LINES - 1) :]])


def machine_reason(error: BaseException, doing: str) -> str:
    """In a line what this machine could not do."""
    first = (str(error).strip().splitlines() or [""])[0]
    told = first if isinstance(error, MachineFault) else f"{type(error).__name__}: {first}"
    return f"{doing} failed on this machine: {told}"
