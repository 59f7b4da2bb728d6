"""The shipped catalogue says what the code does."""

import base64
import io
import re
from pathlib import Path
from typing import Any

from PIL import Image

from search_spaces import catalogue, describe
from tuner_service.domain.space import Space


def test_shipped_catalogue_is_what_the_code_gives() -> None:
    assert catalogue.load_catalogue() == describe.generate(), "run python -m search_spaces.describe"


def test_parameters_are_spaces_that_the_service_accepts() -> None:
    for entry in catalogue.load_catalogue()["search_spaces"]:
        space = Space.from_json(entry["parameters"])
        space.validate()
        assert space.to_json() == entry["parameters"]


def test_documented_sizes_are_those_of_the_data_sets() -> None:
    listed = (Path(__file__).parents[3] / "docs/families.md").read_text()
    sizes = {
        entry["name"]: tuple(f"{size:,}" for size in entry["sizes"].values())
        for entry in catalogue.load_catalogue()["datasets"]
    }
    rows = re.findall(r"^\| (`[^|]+) \|[^|]+\| ([^|]*\d / [^|]+) \|$", listed, re.MULTILINE)

    documented = set()
    for names, cell in rows:
        named = re.findall(r"`(\w+)`", names)
        told = re.findall(r"([\d,]*\d) / ([\d,]*\d) / ([\d,]*\d)", cell)
        assert told, cell
        assert set(told) <= {sizes[name] for name in named}, names
        assert sizes[named[0]] == told[0], names
        documented |= set(named)
    assert documented == sizes.keys()


def test_shipped_previews_are_what_the_code_gives() -> None:
    shipped = catalogue.load_previews()
    made = describe.previews()
    assert _decoded(shipped) == _decoded(made), "run python -m search_spaces.describe"


def _decoded(it: Any) -> Any:
    """With the pixels of the pictures: how they are packed is the affair of a library."""
    if isinstance(it, list):
        return [_decoded(each) for each in it]
    if not isinstance(it, dict):
        return it
    if "picture" in it:
        data = base64.b64decode(it["picture"].partition(",")[2])
        return Image.open(io.BytesIO(data)).convert("RGB").tobytes()
    return {key: _decoded(each) for key, each in it.items()}
