"""The seven invariants, and what was acknowledged: read from the books and compared with the journal."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from tests.chaos import truth
from tests.chaos.books import Books, Trial, Write, accepted_writes

OVER = ("completed", "failed", "cancelled")
ENDINGS = ("completed", "pruned", "failed", "cancelled", "quarantined")
ENDED_BY_SERVER = ("prune", "cancel")
"""Verdicts on reports of a trial that has ended already: these are not kept."""


@dataclass(frozen=True)
class Violation:
    """``lost``: acknowledged and not there. ``doubled``: there twice. ``broken``: anything else that may not be."""

    kind: Literal["lost", "doubled", "broken"]
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.what}"


Check = Callable[[Books], Iterator[Violation]]


def violations(books: Books) -> list[Violation]:
    """All that is wrong in these books; nothing may be going on any more."""
    return [violation for check in CHECKS for violation in check(books)]


def every_study_is_over(books: Books) -> Iterator[Violation]:
    for name, study in books.studies.items():
        if study["state"] not in OVER:
            yield Violation("broken", name, f"is {study['state']} in the end")
    for trial in books.trials.values():
        if trial.row["finished_at"] is None:
            yield _broken(trial, f"is {trial.row['state']} in the end")


def every_trial_ended_once(books: Books) -> Iterator[Violation]:
    for trial in books.trials.values():
        endings = [line["what"] for line in trial.lines(*ENDINGS)]
        if len(endings) > 1:
            yield Violation("doubled", _name(trial), f"ended as {endings}")
        if trial.row["finished_at"] is not None and not endings:
            yield _broken(trial, f"is {trial.row['state']}, and its history does not say so")


def the_budget_counts_trials(books: Books) -> Iterator[Violation]:
    counts = Counter(study for study, _ in books.trials)
    for name, study in books.studies.items():
        if counts[name] != study["next_number"]:
            yield Violation("broken", name, f"{counts[name]} trials, next {study['next_number']}")
        if study["state"] == "completed" and counts[name] != study["budget_trials"]:
            yield Violation("broken", name, f"{counts[name]} trials of {study['budget_trials']}")


def attempts_follow_each_other(books: Books) -> Iterator[Violation]:
    for trial in books.trials.values():
        claimed = [line["attempt"] for line in trial.lines("claimed")]
        if claimed != list(range(1, trial.row["attempt"] + 1)):
            yield _broken(trial, f"attempt {trial.row['attempt']}, claimed as {claimed}")
        deaths = len(trial.lines("died", "lease_lost"))
        if deaths != trial.row["deaths"]:
            yield _broken(trial, f"{trial.row['deaths']} deaths, the history has {deaths}")


def curves_are_whole(books: Books) -> Iterator[Violation]:
    for trial in books.trials.values():
        numbers = [epoch["epoch"] for epoch in trial.curve]
        if numbers != list(range(trial.row["epochs"])):
            yield _broken(trial, f"{trial.row['epochs']} epochs, its curve has {numbers}")


def epochs_are_those_of_the_training(books: Books) -> Iterator[Violation]:
    for trial in books.scripted():
        spec = books.studies[trial.where[0]]["spec"]
        seed, wanted = spec["search"]["seed"] + trial.where[1], spec["training"]["epochs"]
        if trial.row["state"] == "completed" and len(trial.curve) != wanted:
            yield _broken(trial, f"completed with {len(trial.curve)} epochs of {wanted}")
        for epoch in (*trial.curve, *trial.rolled_back):
            state = truth.state_after(seed, trial.where[1], epoch["epoch"] + 1)
            reported = {k: v for k, v in epoch["metrics"].items() if k != "attempt"}
            if reported != truth.metrics(state):
                yield _broken(trial, f"epoch {epoch['epoch']} is of another state")
        attempts = [epoch["metrics"]["attempt"] for epoch in trial.curve]
        if attempts != sorted(attempts):
            yield _broken(trial, f"its epochs are of the attempts {attempts}")


def no_epoch_is_doubled(books: Books) -> Iterator[Violation]:
    for trial in books.scripted():
        counts = Counter(
            (epoch["epoch"], epoch["metrics"]["attempt"])
            for epoch in (*trial.curve, *trial.rolled_back)
        )
        for (epoch, attempt), count in counts.items():
            if count > 1:
                what = f"epoch {epoch} of attempt {attempt:g} is there {count} times"
                yield Violation("doubled", _name(trial), what)


def the_best_epoch_is_the_best(books: Books) -> Iterator[Violation]:
    for trial in books.scripted():
        metric = books.studies[trial.where[0]]["spec"]["objectives"][0]["metric"]
        values = [epoch["metrics"][metric] for epoch in trial.curve]
        best = max(values, default=None)
        if trial.row["value"] != best or (best is not None and not math.isfinite(best)):
            yield _broken(trial, f"its value is {trial.row['value']}, the best epoch has {best}")


def acknowledged_writes_are_there(books: Books) -> Iterator[Violation]:
    for where, writes in accepted_writes(books.journal).items():
        trial = books.trials.get(where)
        if trial is None:
            yield Violation("lost", f"{where[0]}/{where[1]}", "the trial")
            continue
        for write in writes:
            if (missing := _missing(trial, write)) is not None:
                yield Violation("lost", _name(trial), f"attempt {write.attempt}: {missing}")


def claims_are_unique(books: Books) -> Iterator[Violation]:
    for where, writes in accepted_writes(books.journal).items():
        keys: dict[int, set[str]] = {}
        for write in writes:
            if write.action == "claim":
                keys.setdefault(write.attempt, set()).add(write.said["key"])
        for attempt, found in keys.items():
            if len(found) > 1:
                what = f"attempt {attempt} was given to {len(found)} claims"
                yield Violation("doubled", f"{where[0]}/{where[1]}", what)


def finishes_are_unique(books: Books) -> Iterator[Violation]:
    for where, writes in accepted_writes(books.journal).items():
        ends = {(w.attempt, w.said["state"]) for w in writes if w.action == "finish"}
        if len(ends) > 1:
            yield Violation("doubled", f"{where[0]}/{where[1]}", f"finishes taken: {sorted(ends)}")


def trials_go_on_from_their_newest_checkpoint(books: Books) -> Iterator[Violation]:
    for where, writes in accepted_writes(books.journal).items():
        newest, holder = 0, 0
        for write in writes:
            if write.action.startswith("upload checkpoint-"):
                newest = max(newest, int(write.action.rpartition("-")[2]))
                holder = _attempt_of_upload(write)
            elif write.action == "fall-back":
                newest = (write.told["resume"] or {"epoch": 0})["epoch"]
            elif write.action == "claim" and write.attempt > holder:
                resume = write.told["resume"] or {"epoch": 0}
                if resume["epoch"] < newest:
                    what = f"checkpoint-{newest}: attempt {write.attempt} began at {resume}"
                    yield Violation("lost", f"{where[0]}/{where[1]}", what)
                newest = resume["epoch"]


def the_deadly_end_with_their_last_words(books: Books) -> Iterator[Violation]:
    for trial in books.scripted():
        if not trial.where[0].endswith("-deadly"):
            continue
        most = books.studies[trial.where[0]]["spec"]["training"]["max_attempts"]
        end = (trial.row["state"], trial.row["deaths"])
        if end != ("failed", most) or "the last words" not in (trial.row["error"] or ""):
            yield _broken(trial, f"ended as {end}: {trial.row['error']}")


def _missing(trial: Trial, write: Write) -> str | None:
    """What was acknowledged and is not there."""
    match write.action:
        case "claim":
            claimed = [line["attempt"] for line in trial.lines("claimed")]
            return None if write.attempt in claimed else "the claim"
        case "epochs" if write.told["verdict"] not in ENDED_BY_SERVER:
            epoch, metrics = write.said["epoch"], write.said["metrics"]
            for kept in (*trial.curve, *trial.rolled_back):
                if kept["epoch"] == epoch and kept["metrics"] == metrics:
                    return None
            return f"epoch {epoch}"
        case "finish":
            same = (trial.row["state"], trial.row["attempt"]) == (
                write.said["state"],
                write.attempt,
            )
            return None if same else f"the finish as {write.said['state']}: {trial.row['state']}"
        case "release":
            what = "released" if write.said.get("error") is None else "died"
            told = [line["attempt"] for line in trial.lines(what)]
            return None if write.attempt in told else f"that it was {what}"
        case "cancel":
            return None if trial.row["state"] == "cancelled" else "the cancelling"
    return None


def _attempt_of_upload(write: Write) -> int:
    settings = dict(part.split("=") for part in write.answered.query.split("&") if part)
    return int(settings["attempt"])


def _name(trial: Trial) -> str:
    return f"{trial.where[0]}/{trial.where[1]}"


def _broken(trial: Trial, what: str) -> Violation:
    return Violation("broken", _name(trial), what)


CHECKS: tuple[Check, ...] = (
    every_study_is_over,
    every_trial_ended_once,
    the_budget_counts_trials,
    attempts_follow_each_other,
    curves_are_whole,
    epochs_are_those_of_the_training,
    no_epoch_is_doubled,
    the_best_epoch_is_the_best,
    acknowledged_writes_are_there,
    claims_are_unique,
    finishes_are_unique,
    trials_go_on_from_their_newest_checkpoint,
    the_deadly_end_with_their_last_words,
)
