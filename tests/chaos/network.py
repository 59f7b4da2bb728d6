"""How a network goes wrong: what is done to one request, drawn by a seed."""

import random
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Trouble(StrEnum):
    """What happens to a request on its way."""

    DROP_REQUEST = "network: request dropped"
    DROP_ANSWER = "network: answer dropped"
    CUT_REQUEST = "network: cut in the middle of a request"
    CUT_UPLOAD = "network: cut in the middle of an upload"
    CUT_ANSWER = "network: cut in the middle of an answer"
    DELAY = "network: delayed"
    HALF_OPEN = "network: accepted and never answered"
    REPEAT = "network: sent twice at once"
    REPEAT_LATER = "network: sent again later"


LIGHT: Mapping[Trouble, float] = {
    Trouble.DROP_REQUEST: 0.03,
    Trouble.DROP_ANSWER: 0.04,
    Trouble.CUT_REQUEST: 0.03,
    Trouble.CUT_ANSWER: 0.02,
    Trouble.DELAY: 0.05,
    Trouble.HALF_OPEN: 0.01,
    Trouble.REPEAT: 0.06,
    Trouble.REPEAT_LATER: 0.04,
}
"""The chances of each, of one."""
UPLOADS: Mapping[Trouble, float] = {
    Trouble.CUT_UPLOAD: 0.25,
    Trouble.DROP_ANSWER: 0.08,
    Trouble.REPEAT: 0.1,
    Trouble.REPEAT_LATER: 0.1,
}


class Network:
    """Draws the trouble of every request; calm until it is told otherwise. One thread only."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self.stormy = False
        self.happened: Counter[str] = Counter()

    def draw(self, *, method: str) -> Trouble | None:
        """What happens to the next request of this method, if anything."""
        if not self.stormy:
            return None
        number = self._random.random()
        for trouble, chance in (UPLOADS if method == "PUT" else LIGHT).items():
            number -= chance
            if number < 0:
                self.happened[trouble] += 1
                return trouble
        return None

    def seconds(self, most: float) -> float:
        """How long a delay takes."""
        return self._random.uniform(0.0, most)
