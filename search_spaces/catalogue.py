"""What comes built in, as data, for a server that has no Keras.

``python -m search_spaces.catalogue`` writes ``catalogue.json`` anew from the families and data sets; a test holds the
two together. Reading it needs the standard library alone.
"""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("catalogue.json")


def load_catalogue() -> dict[str, Any]:
    """``{"search_spaces": [...], "datasets": [...]}`` as shipped, in the shape of the API."""
    catalogue: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return catalogue


def describe(name: str) -> dict[str, Any]:
    """One family's entry, its parameters found by building it. Imports Keras. Raises UnknownFamily, Undiscoverable."""
    from search_spaces import registry
    from search_spaces.discovery import discover

    family = registry.family(name)
    return {
        "name": family.name,
        "title": family.title,
        "summary": family.summary,
        **family.accepts,
        "parameters": discover(registry.build(name, family.book)),
        "source": "built-in",
    }


def generate() -> dict[str, Any]:
    """The catalogue from the code. Imports Keras and loads every data set."""
    from search_spaces import datasets, registry

    return {
        "search_spaces": [describe(name) for name in sorted(registry.FAMILIES)],
        "datasets": [datasets.load(name).to_json() for name in datasets.names()],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(generate(), indent=2) + "\n", encoding="utf-8")
