"""A search on a clock of its own: so many trials in flight, each at a pace drawn at random; nothing waits for real."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol

import numpy as np

from benchmarks.search.problem import Candidate, Problem

SPREAD = 0.5
"""The standard deviation of a pace's logarithm: two thirds of all trials take 0.6 to 1.6 times as long as usual."""


@dataclass(frozen=True)
class Asked:
    """A trial to train from after epoch ``begins`` to epoch ``ends``; None: until its last one."""

    number: int
    candidate: Candidate
    begins: int = 0
    ends: int | None = None


class Searcher(Protocol):
    """An algorithm over one problem. All losses are to be small."""

    def ask(self) -> Asked | None:
        """The next trial; None if there is none before another one has ended."""

    def goes_on(self, asked: Asked, curve: Sequence[float]) -> bool:
        """Whether a trial with this curve until now is trained further."""

    def tell(self, asked: Asked, curve: Sequence[float]) -> None:
        """A trial ended: whether on its last epoch or because it was not to go on, its curve tells."""


@dataclass(frozen=True, order=True)
class _Event:
    """At this time a trial ends its ``epochs``-th epoch."""

    at: float
    turn: int
    epochs: int = field(compare=False)
    pace: float = field(compare=False)
    asked: Asked = field(compare=False)
    curve: Sequence[float] = field(compare=False)


def best_so_far(
    problem: Problem, searcher: Searcher, budget: int, at_once: int, seed: int
) -> list[float]:
    """The least loss known after each full training's worth of epochs, as many as the budget.

    Trials are asked for until the budget is given out; what runs then still ends. An epoch counts when it has been
    trained, so that whoever ends trials early has more of them.
    """
    random = np.random.default_rng([seed, at_once])
    total = budget * problem.epochs
    best = [math.inf] * (total + 1)
    given = trained = 0
    now = 0.0
    turns = count()
    events: list[_Event] = []
    while True:
        while len(events) < at_once and given < total:
            asked = searcher.ask()
            if asked is None:
                break
            pace = float(random.lognormal(sigma=SPREAD))
            curve = problem.curve(asked.candidate)[: asked.ends]
            given += len(curve) - asked.begins
            first = _Event(now + pace, next(turns), asked.begins + 1, pace, asked, curve)
            heapq.heappush(events, first)
        if not events:
            break
        event = heapq.heappop(events)
        now, seen = event.at, event.curve[: event.epochs]
        trained += 1
        if trained <= total:
            best[trained] = min(seen)
            if best[trained] <= problem.best:
                break  # Nothing can change any more.
        if len(seen) < len(event.curve) and searcher.goes_on(event.asked, seen):
            after = replace(event, at=now + event.pace, turn=next(turns), epochs=event.epochs + 1)
            heapq.heappush(events, after)
        else:
            given -= len(event.curve) - len(seen)
            searcher.tell(event.asked, seen)
    so_far = np.minimum.accumulate(best)[problem.epochs :: problem.epochs]
    least: list[float] = so_far.tolist()
    return least
