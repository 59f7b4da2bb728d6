"""How much the arrays of a data set may take."""

from search_spaces.datasets.files.description import Limits
from search_spaces.errors import BadFile

VALUE_BYTES = 4


def check(values: int, limits: Limits) -> None:
    """All values of a data set are 32-bit numbers, whatever they are in its file. Raises BadFile."""
    if (needed := values * VALUE_BYTES) > limits.unpacked_bytes:
        raise BadFile(
            f"its {values:,} values take {needed:,} bytes as 32-bit numbers; "
            f"at most {limits.unpacked_bytes:,} are allowed"
        )
