"""Optuna, and nowhere else: the next candidate, the verdict on an epoch, the importance of parameters.

Everything here is a function of its arguments. The suggestion for trial *n* depends on the study's search settings and
seed, on *n*, and on the history that it is shown, so any replica answers alike and a restart changes nothing.
"""

from tuner_service.search.auto import Pick, pick
from tuner_service.search.history import Candidate, History, Past, candidate
from tuner_service.search.importance import importance
from tuner_service.search.judge import Judgement, judge, may_prune
from tuner_service.search.rungs import BY_RUNGS
from tuner_service.search.samplers import has_engine, needs_history, population
from tuner_service.search.shown import Question
from tuner_service.search.suggest import Suggestion, suggest

__all__ = [
    "BY_RUNGS",
    "Candidate",
    "History",
    "Judgement",
    "Past",
    "Pick",
    "Question",
    "Suggestion",
    "candidate",
    "has_engine",
    "importance",
    "judge",
    "may_prune",
    "needs_history",
    "pick",
    "population",
    "suggest",
]
