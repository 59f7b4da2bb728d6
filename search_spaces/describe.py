"""The catalogue from the code: families are built, data sets loaded. ``python -m search_spaces.describe`` writes it."""

import json
from typing import Any

from search_spaces import datasets, registry
from search_spaces.catalogue import FILE, PREVIEWS
from search_spaces.datasets.preview import of_dataset
from search_spaces.parameters.discovery import discover


def describe(name: str) -> dict[str, Any]:
    """One family's entry, its parameters found by building it. Raises UnknownFamily, Undiscoverable."""
    family = registry.family(name)
    return {
        "name": family.name,
        "title": family.title,
        "summary": family.summary,
        **family.accepts,
        "parameters": [
            _fixed(parameter) if parameter["name"] in family.settings else parameter
            for parameter in discover(registry.build(name, family.book))
        ],
        "source": "built-in",
    }


def _fixed(choice: dict[str, Any]) -> dict[str, Any]:
    """A choice as a parameter that stays at its default, and may be set to the other values."""
    kept = {key: value for key, value in choice.items() if key != "default"}
    return {**kept, "type": "fixed", "value": choice["default"]}


def generate() -> dict[str, Any]:
    """The catalogue from the code. Loads every data set that needs no fetching."""
    return {
        "search_spaces": [describe(name) for name in sorted(registry.FAMILIES)],
        "datasets": [datasets.describe(name) for name in datasets.names()],
    }


def previews() -> dict[str, Any]:
    """Of every data set that needs no fetching."""
    here = [name for name in datasets.names() if name not in datasets.FETCHED]
    return {name: of_dataset(datasets.load(name)) for name in here}


def _in_lines(entries: dict[str, Any]) -> str:
    lines = (f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(json.dumps(generate(), indent=2) + "\n", encoding="utf-8")
    PREVIEWS.write_text(_in_lines(previews()), encoding="utf-8")
