"""What comes built in, as data, for a server that has no Keras.

``search_spaces.describe`` writes ``catalogue.json`` and ``previews.json`` from the families and data sets; a test holds
them together.
"""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("catalogue.json")
PREVIEWS = Path(__file__).with_name("previews.json")


def load_catalogue() -> dict[str, Any]:
    """``{"search_spaces": [...], "datasets": [...]}`` as shipped, in the shape of the API."""
    catalogue: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return catalogue


def load_previews() -> dict[str, Any]:
    """Previews of the built-in data sets by name; of what has to be fetched there is none."""
    previews: dict[str, Any] = json.loads(PREVIEWS.read_text(encoding="utf-8"))
    return previews
