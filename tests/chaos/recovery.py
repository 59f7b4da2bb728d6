"""How long it took: from the blow against a process that held a trial to the trial's next claim."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.chaos.books import Books, Trial
from tests.chaos.house import Blow

Span = tuple[float, float]
"""From, to, in seconds since the epoch."""


@dataclass(frozen=True)
class Recovery:
    """``seconds`` by the database's clock, which is this machine's; None if the trial ended without another attempt.

    ``without_server``: how much of that there was no server, which was killed as well.
    """

    blow: Blow
    where: str
    seconds: float | None
    without_server: float = 0.0


def recoveries(books: Books, blows: Sequence[Blow], outages: Sequence[Span]) -> Iterator[Recovery]:
    """One for every trial that was held when its process was hit; a server's holds none. ``outages``: of the server."""
    by_id = {(t.row["study_id"], t.row["number"]): t for t in books.trials.values()}
    for blow in blows:
        if blow.fault == "kill server":
            continue
        for study, number, attempt in blow.held:
            trial = by_id[study, number]
            name = f"{trial.where[0]}/{number}"
            if (at := _claimed_after(trial, attempt)) is None:
                yield Recovery(blow, name, None)
            else:
                yield Recovery(blow, name, at - blow.at, _overlap((blow.at, at), outages))


def _overlap(span: Span, others: Sequence[Span]) -> float:
    return sum(max(0.0, min(span[1], end) - max(span[0], start)) for start, end in others)


def _claimed_after(trial: Trial, attempt: int) -> float | None:
    for line in trial.lines("claimed"):
        if line["attempt"] > attempt:
            return float(line["at"])
    return None
