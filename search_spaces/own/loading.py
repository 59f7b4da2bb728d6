"""Running a user's Python file, or an installed package's entry point, and finding the hypermodel in it."""

import inspect
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import keras_tuner

from search_spaces.errors import BadFile
from search_spaces.own.importing import imported, told


class Unusable(Exception):
    """A file or entry point offers no model, for the reason in the message."""


class Loaded:
    """What was found: ``offer`` is a ``build`` function, a HyperModel class or an instance; ``module`` its file."""

    def __init__(self, offer: Any, module: ModuleType | None) -> None:
        self.offer = offer
        self.module = module

    @property
    def definition(self) -> Any:
        """The function or class that the user wrote."""
        instance = isinstance(self.offer, keras_tuner.HyperModel)
        return type(self.offer) if instance else self.offer

    def said(self, name: str) -> Any:
        """Its attribute of that name, or what stands at the top of the file; None if neither is there."""
        return getattr(self.definition, name, getattr(self.module, name, None))

    @property
    def summary(self) -> str:
        """The first line of the model's docstring, or else of the file's."""
        own = self.definition.__doc__ or getattr(self.module, "__doc__", None) or ""
        return next(iter(own.strip().splitlines()), "")

    @property
    def folder(self) -> Path | None:
        """Where the user's code lies, as far as is known."""
        module = self.module or sys.modules.get(self.definition.__module__)
        file = getattr(module, "__file__", None)
        return Path(file).resolve().parent if file else None


def load_file(file: Path) -> Loaded:
    """Run the file and take the one model it offers. Raises Unusable."""
    try:
        module = imported(file)
    except BadFile as error:
        raise Unusable(str(error)) from error
    return Loaded(_only_offer(module, file.name), module)


def load_entry_point(point: EntryPoint) -> Loaded:
    """The function, class, instance or module that the package's entry point names. Raises Unusable."""
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # a package may do anything
        raise Unusable(told(error, within=None, otherwise=point.value)) from error
    if isinstance(found, ModuleType):
        return Loaded(_only_offer(found, point.value), found)
    if not (inspect.isfunction(found) or _is_class(found) or _is_instance(found)):
        raise Unusable(f"{point.value} is neither build(hp) nor a keras_tuner.HyperModel")
    return Loaded(found, None)


def _only_offer(module: ModuleType, where: str) -> Any:
    named = getattr(module, "hypermodel", None)
    if _is_class(named) or _is_instance(named):
        return named
    things = vars(module)
    instances = {id(thing): name for name, thing in things.items() if _is_instance(thing)}
    made = {type(things[name]) for name in instances.values()}
    classes = [t for t in things.values() if _is_class(t) and t.__module__ == module.__name__]
    bases = {base for found in classes for base in found.__mro__[1:]}
    offers = {name: things[name] for name in instances.values()}
    offers |= {t.__name__: t for t in classes if t not in bases and t not in made}
    if inspect.isfunction(things.get("build")):
        offers["build"] = things["build"]
    match list(offers.values()):
        case [offer]:
            return offer
        case []:
            raise Unusable(
                f"{where} offers no model: it needs a function build(hp), or a keras_tuner.HyperModel"
            )
    raise Unusable(
        f"{where} offers more than one model: {_with_lines(offers)}; name the one that is meant hypermodel, "
        "or put the others into a file whose name starts with _"
    )


def _with_lines(offers: dict[str, Any]) -> str:
    return ", ".join(
        name if _is_instance(offer) else f"{name} (line {inspect.getsourcelines(offer)[1]})"
        for name, offer in offers.items()
    )


def _is_class(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, keras_tuner.HyperModel)


def _is_instance(thing: object) -> bool:
    return isinstance(thing, keras_tuner.HyperModel)
