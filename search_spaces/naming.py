"""Names of what users bring: which are allowed, and what to call what has none."""

import re
from collections.abc import Collection

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
NAMES = "its name must be letters, digits and . _ -, at most 128, and not begin with . _ -"


def free_name(base: str, taken: Collection[str]) -> str:
    """A name to list something under that cannot have its own, such as ``dense.py``."""
    clean = re.sub(r"[^A-Za-z0-9._-]", "-", base).lstrip("._-")[:120] or "unnamed"
    name, again = clean, 2
    while name in taken:
        name, again = f"{clean}-{again}", again + 1
    return name
