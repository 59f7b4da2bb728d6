"""Where a trial's parameters come from, and whether they come out the same once more."""

from typing import Literal

from tuner_service.wire.base import Reply, Value


class SuggestionReply(Reply):
    """What the search made a trial's suggestion from.

    It was shown the trials that had ended at ``revision`` of the study, and those that were ``running``; ``fixed`` are
    the parameters that a user chose. ``duplicates`` are trials whose parameters were drawn before these. ``sampler``,
    ``seed`` and ``versions`` of the libraries: None or empty of trials from before they were recorded.
    """

    sampler: str | None
    seed: int | None
    versions: dict[str, str]
    revision: int
    running: list[int]
    fixed: list[str]
    duplicates: list[int]


class ReplayReply(Reply):
    """A trial's suggestion made once more.

    Where that ``differs``, ``recomputed`` is what came out, ``recomputed_with`` with which libraries.
    """

    number: int
    verdict: Literal["confirmed", "differs", "not_searched"]
    parameters: dict[str, Value]
    recomputed: dict[str, Value] | None
    recomputed_with: dict[str, str] | None
    reason: str | None
    suggestion: SuggestionReply | None
