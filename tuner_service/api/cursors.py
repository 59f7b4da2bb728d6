"""Where a page of a list ended, as text that nobody needs to understand.

A cursor says what the last item of its page is sorted by, not how many items there were: what is added before it
meanwhile is no reason to show anything twice, and what goes is none to leave anything out.
"""

import base64
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from tuner_service.domain.trial import TrialState
from tuner_service.errors import Invalid, Problem
from tuner_service.wire.base import Number, Ordinal, Text

LONGEST = 400
Key = TypeVar("Key")


class Cursors(Generic[Key]):
    """The cursors of lists that are sorted by this kind of key."""

    def __init__(self, kind: Any) -> None:
        self._keys: TypeAdapter[Key] = TypeAdapter(kind)

    def cursor(self, key: Key) -> str:
        return base64.urlsafe_b64encode(self._keys.dump_json(key)).decode().rstrip("=")

    def key(self, cursor: str) -> Key:
        """Raises Invalid where it is none of these."""
        try:
            text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            return self._keys.validate_json(text)
        except ValueError as error:
            msg = f'"{cursor}" is not a cursor; pass on the "next_cursor" of the page before'
            raise Invalid([Problem(("query", "cursor"), msg)]) from error


NAMES = Cursors[str](Text)
NUMBERS = Cursors[int](Ordinal)
PLACES = Cursors[tuple[str, str | float | None, int]](
    tuple[str, TrialState | Number | None, Ordinal]
)
"""Of trials: in which order, at which value there, and which number among equal ones."""
