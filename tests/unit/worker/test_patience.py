"""How long a training may take to say something, to end, and to stop."""

import math

import pytest

from tuner_service.worker.patience import OVERTIME_SECONDS, Patience


def test_a_study_of_before_has_the_usual_silence_and_no_other_limit() -> None:
    patience = Patience({}, stop_seconds=30)
    patience.started(tells_batches=True)
    seconds, why = patience.left()
    assert 590 < seconds <= 600
    assert why == "no batch for 600 s; the training process was killed"
    patience.started(tells_batches=False)
    assert math.isinf(patience.left()[0])


@pytest.mark.parametrize(("silence", "most"), [(5.0, 3600), (600.0, 3600), (7200.0, 7200)])
def test_what_comes_before_the_training_may_take_longer_than_a_batch(
    silence: float, most: float
) -> None:
    patience = Patience({"max_silence_seconds": silence}, stop_seconds=30)
    seconds, why = patience.left()
    assert most - 10 < seconds <= most
    assert why == f"training did not begin for {most} s; the training process was killed"


def test_without_a_limit_silence_may_last() -> None:
    patience = Patience({"max_silence_seconds": None}, stop_seconds=30)
    assert math.isinf(patience.left()[0])
    patience.started(tells_batches=True)
    assert math.isinf(patience.left()[0])


def test_a_training_may_overstay_by_what_its_end_takes() -> None:
    patience = Patience({"max_seconds": 100.0, "max_silence_seconds": None}, stop_seconds=30)
    assert math.isinf(patience.left()[0]), "the model is not built yet"
    patience.started(tells_batches=True)
    seconds, why = patience.left()
    assert 120 + OVERTIME_SECONDS < seconds <= 130 + OVERTIME_SECONDS
    assert why.startswith("training.max_seconds (100 s) passed")


def test_a_stop_is_waited_for_no_longer_than_first_said() -> None:
    patience = Patience({}, stop_seconds=30)
    patience.stop_within(5)
    patience.stop_within(math.inf)
    seconds, why = patience.left()
    assert 4 < seconds <= 5
    assert why == "the training process did not stop and was killed"
