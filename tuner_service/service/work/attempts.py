"""How an attempt ends while its trial goes on: given back, dead, or its checkpoint of no use."""

from collections.abc import Sequence

from sqlalchemy import Connection

from tuner_service import wire
from tuner_service.domain.best import Best, best_of, best_so_far
from tuner_service.domain.trial import Artifact, Epoch, Trial, TrialState
from tuner_service.errors import StaleAttempt
from tuner_service.service.change import Change, change
from tuner_service.service.setup import Service
from tuner_service.service.views import Json, resume_json
from tuner_service.service.work.held import held_trial
from tuner_service.storage import artifacts, attempts, epochs


def give_back(
    current: Change,
    trial: Trial,
    what: str,
    why: str,
    *,
    deaths: int | None = None,
    digest: str | None = None,
) -> Trial:
    """Queue a running trial again, to go on after its newest checkpoint.

    Epochs that are in no checkpoint are rolled back, and kept in the history. ``what`` and ``why`` are told there;
    ``digest`` is that of the report which ended the attempt, so that its repetition is known.
    """
    kept, best, lost = _split(current, trial, trial.checkpoint or 0)
    # Whoever had it had it until its lease ended, at most: after a restore that is long ago.
    until = min(current.at, trial.lease_expires_at or current.at)
    queued = attempts.requeue(
        current.connection,
        trial,
        kept=kept,
        best=best,
        deaths=trial.deaths if deaths is None else deaths,
        digest=digest,
        at=until,
    )
    assert queued is not None, "the study's lock is held and the trial was read under it"
    current.remember(trial, what, _and_rolled_back(why, lost), lost)
    current.tell_trial(queued)
    return queued


def lose(current: Change, trial: Trial, what: str, why: str, digest: str | None = None) -> Trial:
    """An attempt died: queue the trial again, or, if too many have, let it fail with these last words."""
    deaths = trial.deaths + 1
    if deaths < current.study.spec.max_attempts:
        return give_back(current, trial, what, first_line(why), deaths=deaths, digest=digest)
    error = why if deaths == 1 else f"{deaths} attempts at it died; the last: {why}"
    ended = current.end(trial, TrialState.FAILED, error=error, digest=digest, deaths=deaths)
    assert ended is not None, "the study's lock is held and the trial was read under it"
    current.remember(trial, what, first_line(why))
    current.remember(trial, "quarantined", f"it is not handed out again after {deaths} deaths")
    current.settle(ended)
    return ended


def fall_back(
    service: Service, name: str, number: int, found: wire.FallBack, holder: int | None
) -> Json:
    """Drop a checkpoint that cannot be used: where the trial goes on instead. Repeating it changes nothing.

    Raises StaleAttempt, NotYourTrial.
    """
    with change(service, name) as current:
        connection = current.connection
        _, trial = held_trial(connection, name, number, found.attempt, holder)
        if trial.state is not TrialState.RUNNING:
            raise StaleAttempt(name, number, found.attempt, trial.attempt, trial.state)
        good = artifacts.checkpoints(connection, trial)
        bad = next((each for each in good if _is_refused(each, found)), None)
        if bad is not None:
            artifacts.drop(connection, trial, [bad])
            good.remove(bad)
            _rewind(current, trial, good, f"{bad.name}: {first_line(found.error)}")
    return {"resume": resume_json(good[0]) if good else None}


def _is_refused(checkpoint: Artifact, found: wire.FallBack) -> bool:
    # One that this attempt made itself is not the one that it began with: the request is late, or came twice.
    return checkpoint.name == found.checkpoint and checkpoint.attempt != found.attempt


def _rewind(current: Change, trial: Trial, good: Sequence[Artifact], why: str) -> None:
    checkpoint = good[0].checkpoint if good else None
    _, best, lost = _split(current, trial, checkpoint or 0)
    rewound = attempts.rewind(current.connection, trial, checkpoint=checkpoint, best=best)
    assert rewound is not None, "the study's lock is held and the trial was read under it"
    current.remember(trial, "checkpoint_unusable", _and_rolled_back(why, lost), lost)
    current.remember(trial, "resumed", from_epoch(checkpoint))
    current.tell_trial(rewound)


def first_line(words: str) -> str:
    """As the history tells it; no database takes a NUL."""
    return words.replace("\0", "").partition("\n")[0]


def from_epoch(checkpoint: int | None) -> str:
    """Where an attempt begins, as the history tells it."""
    return "from the beginning" if checkpoint is None else f"from epoch {checkpoint}"


def resume_of(connection: Connection, trial: Trial) -> Json | None:
    """Where an attempt at this trial begins; None for its beginning."""
    if trial.checkpoint is None:
        return None
    found = artifacts.checkpoints(connection, trial)
    return resume_json(found[0]) if found else None


def _split(current: Change, trial: Trial, kept: int) -> tuple[int, Best | None, tuple[Epoch, ...]]:
    """The number of epochs that stay, the best of them, and the others."""
    if kept >= trial.epochs:
        return trial.epochs, best_so_far(trial), ()
    known = epochs.all_epochs(current.connection, trial)
    best = best_of(current.study.spec.objectives, known[:kept])
    return kept, best, tuple(known[kept:])


def _and_rolled_back(why: str, lost: Sequence[Epoch]) -> str:
    if not lost:
        return why
    first, last = lost[0].epoch, lost[-1].epoch
    which = f"epoch {first} is" if first == last else f"epochs {first} to {last} are"
    return f"{why}; {which} in no checkpoint and rolled back"
