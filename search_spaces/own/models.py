"""The user's own models: KerasTuner hypermodels in folders of Python files, and those of installed packages."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras_tuner

from search_spaces.errors import BranchBroken, SearchSpaceError
from search_spaces.own.files import Candidate, candidates
from search_spaces.own.fit import Exploring
from search_spaces.own.importing import told
from search_spaces.own.loading import Loaded, Unusable, load_entry_point, load_file
from search_spaces.parameters.discovery import discover
from search_spaces.signature import (
    INPUT_KINDS,
    OUTPUT_KINDS,
    Field,
    Kind,
    Signature,
    image,
    label,
    number,
    sequence,
    tokens,
    vector,
)

Ends = tuple[tuple[Kind, ...], ...]


@dataclass(frozen=True)
class Own:
    """A user's model. ``source``: the file's name, or package and version.

    ``takes`` and ``gives``: the kinds that each of its ends takes, as in ``registry.Family``; empty: anything.
    """

    name: str
    title: str
    summary: str
    source: str
    takes: Ends
    gives: Ends
    loaded: Loaded

    @property
    def inputs(self) -> list[dict[str, list[Kind]]]:
        return [{"kinds": list(kinds)} for kinds in self.takes]

    @property
    def outputs(self) -> list[dict[str, list[Kind]]]:
        return [{"kinds": list(kinds)} for kinds in self.gives]

    @property
    def example(self) -> Signature:
        """Some data that it takes, small: the first kind of each of its ends."""
        return Signature(
            inputs=tuple(_example(k[0], f"input_{at}") for at, k in enumerate(self.takes, 1)),
            outputs=tuple(_example(k[0], f"output_{at}") for at, k in enumerate(self.gives, 1)),
        )

    def hypermodel(self, signature: Signature) -> keras_tuner.HyperModel:
        """Made anew, for such data if it cares to know. An instance in the user's file is that one each time."""
        offer: Any = self.loaded.offer
        if isinstance(offer, keras_tuner.HyperModel):
            return offer
        given = {"signature": signature} if _takes_signature(offer) else {}
        if inspect.isclass(offer):
            return offer(**given)
        return _Function(partial(offer, **given), self.name)


@dataclass(frozen=True)
class Broken:
    """What offers no model. ``error``: one paragraph for its author, with file and line where there is one."""

    name: str
    error: str
    source: str = ""


class _Function(keras_tuner.HyperModel):  # type: ignore[misc]  # Keras has no types
    def __init__(self, function: Callable[[Any], Any], name: str) -> None:
        super().__init__(name=name)
        self.function = function

    def build(self, hp: Any) -> Any:
        return self.function(hp)


def find(folders: Sequence[Path]) -> list[Own | Broken]:
    """Every model in the folders' ``*.py`` files (but ``_*.py``), then those of installed packages. Never raises.

    The first of a name has it, and the built-in families before all; whatever comes second is Broken under a name of
    its own. A file's folder is importable to it, but two folders cannot each have a helper of one name. All are run.
    """
    return [opened(candidate) for candidate in candidates(folders)]


def look_up(name: str, folders: Sequence[Path]) -> Own | Broken | None:
    """That one alone; no other file is run. None if there is none of that name."""
    return next((opened(found) for found in candidates(folders) if found.name == name), None)


def described(found: Own | Broken) -> dict[str, Any]:
    """Its entry in the catalogue, the parameters found by building it, and by its own ``fit``. Never raises.

    ``status`` is "ready" or "broken", and then ``error`` says why.
    """
    if isinstance(found, Broken):
        return _entry(found.name, source=found.source, error=found.error)
    said: dict[str, Any] = {
        "title": found.title,
        "summary": found.summary,
        "inputs": found.inputs,
        "outputs": found.outputs,
        "source": found.source,
    }
    try:
        parameters = discover(Exploring(found.hypermodel(found.example)))
    except BranchBroken as error:
        cause = told(error.__cause__ or error, within=found.loaded.folder, otherwise=found.source)
        branch = str(error).partition(" failed:")[0]
        return _entry(found.name, **said, error=f"{branch} failed: {cause}")
    except SearchSpaceError as error:
        return _entry(found.name, **said, error=f"{found.source}: {error}")
    except (Exception, SystemExit) as error:  # a model is anybody's code
        cause = told(error, within=found.loaded.folder, otherwise=found.source)
        return _entry(found.name, **said, error=f"making the model failed: {cause}")
    return _entry(found.name, **said, parameters=parameters)


def _entry(name: str, error: str | None = None, **said: Any) -> dict[str, Any]:
    empty = {"summary": "", "inputs": [], "outputs": [], "parameters": []}
    status = "ready" if error is None else "broken"
    return {"name": name, "title": name, **empty, **said, "status": status, "error": error}


def opened(candidate: Candidate) -> Own | Broken:
    """Run the file, or import the package. Never raises."""
    if candidate.refusal is not None:
        return Broken(candidate.name, candidate.refusal, candidate.source)
    try:
        where = candidate.where
        loaded = load_file(where) if isinstance(where, Path) else load_entry_point(where)
        takes = _ends(loaded, "inputs", INPUT_KINDS)
        gives = _ends(loaded, "outputs", OUTPUT_KINDS)
        _check_arguments(loaded.offer, told_ends=bool(takes and gives))
    except Unusable as error:
        return Broken(candidate.name, str(error), candidate.source)
    return Own(
        name=candidate.name,
        title=candidate.name.replace("_", " ").replace("-", " ").capitalize(),
        summary=loaded.summary,
        source=candidate.source,
        takes=takes,
        gives=gives,
        loaded=loaded,
    )


def _ends(loaded: Loaded, side: str, allowed: tuple[Kind, ...]) -> Ends:
    """Raises Unusable."""
    said = loaded.said(side)
    if said is None:
        return ()
    whole = isinstance(said, list | tuple) and all(
        isinstance(kinds, list | tuple) for kinds in said
    )
    if not whole or not all(kinds and set(kinds) <= set(allowed) for kinds in said):
        raise Unusable(
            f"{side} must list the kinds of each, such as [[{allowed[0]!r}]], not {said!r}; "
            f"known: {', '.join(allowed)}"
        )
    return tuple(tuple(kinds) for kinds in said)


def _check_arguments(offer: Any, told_ends: bool) -> None:
    """Raises Unusable for a class or function that wants more than it will be given."""
    if isinstance(offer, keras_tuner.HyperModel):
        return
    is_class = inspect.isclass(offer)
    what = offer.__name__
    required = [
        name
        for name, parameter in inspect.signature(offer).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    wanted = [name for name in required if name != "signature"]
    if is_class and wanted:
        raise Unusable(
            f"{what} needs {', '.join(wanted)}: give them defaults, or make the instance in the file"
        )
    if not is_class and len(wanted) != 1:
        raise Unusable(
            f"{what} must take hp, or hp and signature, not {', '.join(wanted) or 'nothing'}"
        )
    if _takes_signature(offer) and not told_ends:
        raise Unusable(
            f"{what} takes the data's signature, so it must say which kinds of data it takes: "
            'inputs = [["image"]] and outputs = [["class"]], for example'
        )


def _takes_signature(function: Callable[..., Any]) -> bool:
    return "signature" in inspect.signature(function).parameters


def _example(kind: Kind, name: str) -> Field:
    match kind:
        case "vector":
            return vector(name, 16)
        case "image":
            return image(name, 32, 32, 3)
        case "tokens":
            return tokens(name, 64, 1000)
        case "sequence":
            return sequence(name, 32, 8)
        case "class":
            return label(name, 3)
        case "number":
            return number(name)
