"""How long a training may take to say something, to end, and to stop."""

import math

from tuner_service.worker.patience import OVERTIME_SECONDS, Patience


def test_a_study_of_before_has_the_usual_silence_and_no_other_limit() -> None:
    patience = Patience({}, stop_seconds=30)
    seconds, why = patience.left()
    assert 590 < seconds <= 600
    assert why == "no batch for 600 s; the training process was killed"
    patience.started(tells_batches=False)
    assert math.isinf(patience.left()[0])


def test_without_a_limit_silence_may_last() -> None:
    assert math.isinf(Patience({"max_silence_seconds": None}, stop_seconds=30).left()[0])


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
