"""Running a user's Python file, and telling what went wrong in it. Imports no Keras."""

import importlib.util
import re
import sys
import traceback
from pathlib import Path
from types import ModuleType

from search_spaces.errors import BadFile

LONGEST_ERROR = 1000
BOLD = re.compile(r"\x1b\[\d+m")
"""As Keras has it in its messages."""


def imported(file: Path) -> ModuleType:
    """The file as a module of a private name; its folder is importable from then on. Raises BadFile."""
    file = file.resolve()
    if str(file.parent) not in sys.path:
        # Last, so that a file of the user's cannot stand in for a package.
        sys.path.append(str(file.parent))
    name = f"_own_{file.parent.name}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None  # a .py file always has a loader
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's file may do anything
        del sys.modules[name]
        raise BadFile(told(error, within=file.parent, otherwise=file.name)) from error
    return module


def told(error: BaseException, within: Path | None, otherwise: str) -> str:
    """The error in one paragraph, with the last file in ``within``, and its line, that it went through.

    ``within`` None: any file but Python's own import system. ``otherwise``: what to name if there is none.
    """
    name = type(error).__name__
    message = " ".join(BOLD.sub("", str(error)).split())
    where = otherwise
    for frame in traceback.extract_tb(error.__traceback__):
        if within is None and frame.filename.startswith("<"):
            continue
        if within is None or Path(frame.filename).resolve().parent == within:
            where = f"{Path(frame.filename).name}, line {frame.lineno}"
    if isinstance(error, SyntaxError) and error.filename is not None:
        where = f"{Path(error.filename).name}, line {error.lineno}"
        message = error.msg
    elif isinstance(error, SystemExit):
        message = f"it ends the program ({error.code})"
    whole = f"{where}: {name}: {message}" if message else f"{where}: {name}"
    return whole if len(whole) <= LONGEST_ERROR else whole[: LONGEST_ERROR - 1] + "…"
