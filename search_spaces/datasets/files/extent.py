"""How much a data set's description may hold: it goes along with every study on it, and with every trial."""

from search_spaces.errors import BadFile
from search_spaces.signature import Field, Signature

MOST_FIELDS = 100
LONGEST_NAME = 200
MOST_CHARACTERS = 200_000
"""Of the names of a field's classes together."""
SMALLEST_DEVIATION, LARGEST_DEVIATION = 1e-9, 1e9
"""Beyond these, the square of a number to predict leaves what 32 bits can hold."""


def check(signature: Signature) -> None:
    """Raises BadFile."""
    fields = (*signature.inputs, *signature.outputs)
    if len(fields) > MOST_FIELDS:
        raise BadFile(f"has {len(fields):,} inputs and outputs; at most {MOST_FIELDS} are taken")
    for field in fields:
        _check(field)


def _check(field: Field) -> None:
    for name in (field.name, *field.class_names):
        if len(name) > LONGEST_NAME:
            what = f"{name[:40]}…"
            raise BadFile(
                f'the name "{what}" has {len(name):,} characters; at most {LONGEST_NAME} are taken',
                field.name[:40],
            )
    if (total := sum(map(len, field.class_names))) > MOST_CHARACTERS:
        raise BadFile(
            f"the names of its classes have {total:,} characters together; at most {MOST_CHARACTERS:,} are taken",
            field.name,
        )
    deviation = field.deviation
    if deviation is not None and not SMALLEST_DEVIATION <= deviation <= LARGEST_DEVIATION:
        raise BadFile(
            f"its values differ by {deviation:g} (standard deviation); give them in another unit, "
            f"between {SMALLEST_DEVIATION:g} and {LARGEST_DEVIATION:g}",
            field.name,
        )
