"""The checks find what they are there for: sound books pass, and each way of spoiling them is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos import truth
from tests.chaos.books import Books, Trial
from tests.chaos.house import Blow
from tests.chaos.invariants import violations
from tests.chaos.journal import Answered
from tests.chaos.recovery import recoveries

SEED, NUMBER, EPOCHS = 5, 0, 4
PATH = f"/v1/studies/demo-steady/trials/{NUMBER}"
Row = dict[str, Any]


def metrics(epoch: int, attempt: int) -> Row:
    state = truth.state_after(SEED + NUMBER, NUMBER, epoch + 1)
    return {**truth.metrics(state), "attempt": float(attempt)}


def epoch(number: int, attempt: int) -> Row:
    return {"epoch": number, "metrics": metrics(number, attempt)}


def line(what: str, attempt: int, at: float = 0.0, epochs: tuple[Row, ...] = ()) -> Row:
    return {"what": what, "attempt": attempt, "at": at, "epochs": list(epochs)}


def answered(action: str, body: Row, reply: Row, *, query: str = "") -> Answered:
    path = "/v1/claims" if action == "claims" else f"{PATH}/{action}"
    method = "PUT" if action.startswith("artifacts") else "POST"
    return Answered(0.0, method, path, query, body, None, 200, reply, None)


def claim(attempt: int, resume: int | None, key: str = "") -> Answered:
    reply: Row = {"study": "demo-steady", "number": NUMBER, "attempt": attempt, "resume": None}
    if resume is not None:
        reply["resume"] = {"epoch": resume}
    return answered("claims", {"key": key or f"key-{attempt}"}, reply)


def report(number: int, attempt: int) -> Answered:
    body = {"attempt": attempt, "epoch": number, "metrics": metrics(number, attempt)}
    return answered("epochs", body, {"verdict": "continue"})


def sound() -> Books:
    """A trial whose first attempt left a checkpoint of two epochs and died in the fourth."""
    curve = [epoch(0, 1), epoch(1, 1), epoch(2, 2), epoch(3, 2)]
    values = [each["metrics"]["val_accuracy"] for each in curve]
    trial = Trial(
        ("demo-steady", NUMBER),
        {
            "study_id": 1,
            "number": NUMBER,
            "state": "completed",
            "attempt": 2,
            "epochs": EPOCHS,
            "deaths": 1,
            "value": max(values),
            "finished_at": 9.0,
            "error": None,
        },
        curve,
        [
            line("claimed", 1),
            line("lease_lost", 1, 3.0, (epoch(2, 1),)),
            line("claimed", 2, 4.0),
            line("resumed", 2, 4.0),
            line("completed", 2, 9.0),
        ],
    )
    study = {
        "name": "demo-steady",
        "state": "completed",
        "executor": "keras",
        "next_number": 1,
        "budget_trials": 1,
        "spec": {
            "search": {"seed": SEED},
            "training": {"epochs": EPOCHS, "max_attempts": 3},
            "objectives": [{"metric": "val_accuracy"}],
        },
    }
    journal = [
        claim(1, None),
        *(report(number, 1) for number in range(3)),
        answered("artifacts/checkpoint-2", {}, {}, query="attempt=1&checkpoint=2"),
        claim(2, 2),
        *(report(number, 2) for number in (2, 3)),
        answered("finish", {"attempt": 2, "state": "completed"}, {}),
    ]
    return Books({"demo-steady": study}, {trial.where: trial}, set(), journal)


def the_trial(books: Books) -> Trial:
    return books.trials["demo-steady", NUMBER]


def test_sound_books_have_no_violation() -> None:
    assert violations(sound()) == []


def forget_an_epoch(books: Books) -> None:
    del the_trial(books).curve[3]


def forget_what_was_rolled_back(books: Books) -> None:
    the_trial(books).history[1]["epochs"].clear()


def count_an_epoch_twice(books: Books) -> None:
    the_trial(books).history[1]["epochs"].append(epoch(1, 1))


def go_on_from_a_wrong_state(books: Books) -> None:
    the_trial(books).curve[2]["metrics"]["loss"] += 0.25


def take_a_late_epoch_of_the_first_attempt(books: Books) -> None:
    the_trial(books).curve[3] = epoch(3, 1)


def end_it_otherwise(books: Books) -> None:
    the_trial(books).row["state"] = "cancelled"


def end_it_twice(books: Books) -> None:
    the_trial(books).history.append(line("cancelled", 2))


def leave_it_running(books: Books) -> None:
    the_trial(books).row |= {"state": "running", "finished_at": None}


def give_one_attempt_to_two_claims(books: Books) -> None:
    books.journal.append(claim(2, 2, key="another"))


def begin_anew_in_spite_of_the_checkpoint(books: Books) -> None:
    books.journal[5] = claim(2, None)


def forget_a_trial(books: Books) -> None:
    books.trials.clear()


def forget_a_death(books: Books) -> None:
    the_trial(books).row["deaths"] = 0


def take_another_finish(books: Books) -> None:
    books.journal.append(answered("finish", {"attempt": 1, "state": "failed"}, {}))


def forget_the_best(books: Books) -> None:
    the_trial(books).row["value"] = -1.0


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (forget_an_epoch, "lost"),
        (forget_what_was_rolled_back, "lost"),
        (count_an_epoch_twice, "doubled"),
        (go_on_from_a_wrong_state, "broken"),
        (take_a_late_epoch_of_the_first_attempt, "lost"),
        (end_it_otherwise, "lost"),
        (end_it_twice, "doubled"),
        (leave_it_running, "broken"),
        (give_one_attempt_to_two_claims, "doubled"),
        (begin_anew_in_spite_of_the_checkpoint, "lost"),
        (forget_a_trial, "lost"),
        (forget_a_death, "broken"),
        (take_another_finish, "doubled"),
        (forget_the_best, "broken"),
    ],
)
def test_spoiled_books_are_told(spoil: Callable[[Books], None], kind: str) -> None:
    books = sound()

    spoil(books)

    assert kind in {violation.kind for violation in violations(books)}


def test_a_refused_write_is_nothing_to_look_for() -> None:
    books = sound()
    books.journal.append(replace(report(7, 1), status=409))

    assert violations(books) == []


def test_a_recovery_lasts_from_the_blow_to_the_next_claim() -> None:
    blow = Blow(1.5, "kill worker", ((1, NUMBER, 1),))

    (recovery,) = recoveries(sound(), [blow], [])

    assert recovery.seconds == 2.5


def test_the_time_without_a_server_is_told_apart() -> None:
    blow = Blow(1.5, "kill worker", ((1, NUMBER, 1),))

    (recovery,) = recoveries(sound(), [blow], [(0.0, 2.0), (3.0, 9.0)])

    assert recovery.seconds == 2.5
    assert recovery.without_server == 1.5
