"""Under which values of which others does a parameter exist? Read off from builds."""

from collections.abc import Mapping

from search_spaces.parameters.exploration import Built, Exploration, values_of
from search_spaces.parameters.presets import Value

When = dict[str, tuple[Value, ...]]
"""Parent to the values under which the child exists; all parents must agree."""


def infer(exploration: Exploration) -> dict[str, When]:
    """The conditions of every parameter that was ever active, in order.

    A parent is one whose value, the others being equal, decides about existence; its own conditions are inherited.
    """
    found: dict[str, When] = {}
    for name in exploration.order:
        if not any(name in built for built in exploration.builds):
            continue  # its scope names a value that the parent has not
        when: When = {}
        for parent, values in _decisive(exploration, name).items():
            for elder, its in found.get(parent, {}).items():
                when[elder] = _both(when.get(elder), its)
            when[parent] = _both(when.get(parent), values)
        found[name] = {parent: when[parent] for parent in exploration.order if parent in when}
    return found


def contradiction(found: Mapping[str, When], built: Built) -> str | None:
    """A parameter whose conditions say otherwise than this build; None if it bears them out."""
    for name, when in found.items():
        expected = all(
            parent in built and built[parent] in values for parent, values in when.items()
        )
        if expected != (name in built):
            return name
    return next((name for name in built if name not in found), None)


def _decisive(exploration: Exploration, name: str) -> When:
    """By parent, the values under which the parameter was there while under others it was not."""
    seen: dict[str, set[Value]] = {}
    for experiment in exploration.experiments:
        there = {value for value, built in experiment.builds.items() if name in built}
        if experiment.parameter != name and 0 < len(there) < len(experiment.builds):
            seen.setdefault(experiment.parameter, set()).update(there)
    return {
        parent: tuple(v for v in values_of(exploration.parameters[parent]) if v in values)
        or tuple(sorted(values))
        for parent, values in seen.items()
    }


def _both(known: tuple[Value, ...] | None, values: tuple[Value, ...]) -> tuple[Value, ...]:
    return values if known is None else tuple(value for value in known if value in values)
