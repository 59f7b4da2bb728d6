"""Names for the inputs and outputs of a table: Keras's layers and metrics are called by them."""

import re
import unicodedata
from collections.abc import Iterable

VECTOR = "features"
LONGEST = 60


def field_names(columns: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A field name for each column: ASCII letters, digits and _, none twice, and none that is taken.

    Upper and lower case count as equal: TensorFlow's scopes do not tell them apart.
    """
    used = {name.lower() for name in taken}
    names: dict[str, str] = {}
    for column in columns:
        plain = _plain(column)
        name, number = plain, 2
        while name.lower() in used:
            name, number = f"{plain}_{number}", number + 1
        used.add(name.lower())
        names[column] = name
    return names


def _plain(column: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_]+", "_", ascii_only).strip("_")[:LONGEST]
    return name if re.match("[A-Za-z]", name) else f"column_{name}".strip("_")
