"""The next candidate of a study, which is none that was tried before."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from optuna.samplers import RandomSampler

from tuner_service.domain.parameter import Value
from tuner_service.domain.space import LISTED_MOST, Space
from tuner_service.search.history import History
from tuner_service.search.samplers import sampler
from tuner_service.search.shown import Draw, Question, Shown
from tuner_service.search.versions import versions

DRAWS = 3
"""So often the algorithm is asked for a candidate that was not tried before."""
RANDOM_DRAWS = 20
"""So many are then drawn at random; after that the candidates are gone through in their order."""


@dataclass(frozen=True)
class Suggestion:
    """A candidate, and the ``notes`` that are kept with its trial, as JSON.

    ``history`` and ``sampler`` in them say what it was made from (see ``Question``), ``duplicates`` which trials have
    the parameters that were drawn before these; ``trial``, ``study`` and ``genome`` are what samplers want to find
    again. ``exhausted``: every candidate of the space has been tried, and this one too.
    """

    parameters: dict[str, Value]
    notes: dict[str, Any]
    exhausted: bool = False


def suggest(history: History, question: Question) -> Suggestion:
    """The candidate for a trial: drawn anew if another trial has it, ended or running. Raises EngineMissing."""
    shown = Shown(history, question)
    duplicates: list[int] = []
    for draw in _draws(history, question, shown):
        twin = shown.twin(draw.parameters)
        if twin is None or shown.is_no_choice(draw.parameters):
            return _noted(history, question, draw, duplicates)
        duplicates.append(twin)
    space = history.distributions.space.fixed(question.fixed)
    for untried in _listed(space):
        if shown.twin(untried) is None:
            return _noted(history, question, draw.of(untried), duplicates)
    return _noted(history, question, draw, duplicates, exhausted=not space.continuous())


def _draws(history: History, question: Question, shown: Shown) -> Iterator[Draw]:
    """The algorithm's candidates, then random ones; each with a seed of its own."""
    search = history.spec.search
    for count in range(DRAWS + RANDOM_DRAWS):
        seed = _seed(search.seed, question.number, count)
        own = count < DRAWS
        by = sampler(search, seed, question.number, history) if own else RandomSampler(seed)
        yield shown.draw(by, seed)


def _seed(study_seed: int, number: int, count: int) -> int:
    """A seed for each trial of its own, so that a suggestion does not depend on what was asked before."""
    entropy = [study_seed, number, count] if count else [study_seed, number]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def _listed(space: Space) -> Iterator[dict[str, Value]]:
    return iter(()) if space.continuous() else islice(space.candidates(), LISTED_MOST)


def _noted(
    history: History,
    question: Question,
    draw: Draw,
    duplicates: list[int],
    exhausted: bool = False,
) -> Suggestion:
    shown: dict[str, Any] = {
        "revision": question.revision,
        "running": [past.number for past in question.running],
    }
    if question.fixed:
        shown["fixed"] = dict(question.fixed)
    notes = {
        "history": shown,
        "sampler": {
            "name": draw.by,
            "seed": draw.seed,
            "versions": versions(history.spec.search),
        },
        **draw.notes,
    }
    if duplicates:
        notes["duplicates"] = sorted(set(duplicates))
    return Suggestion(draw.parameters, notes, exhausted)
