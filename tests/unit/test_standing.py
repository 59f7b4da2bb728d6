"""How a study stands by the trials that ended."""

from itertools import count

from tuner_service.domain.standing import Best, Ended, Standing, later
from tuner_service.domain.study import Direction, Objective
from tuner_service.domain.trial import TrialState

LOSS = Objective("loss", Direction.MINIMIZE)
ACCURACY = Objective("accuracy", Direction.MAXIMIZE)
_revisions = count(1)


def ended(
    number: int,
    value: float | None = None,
    state: TrialState = TrialState.COMPLETED,
    seconds: float | None = 10.0,
    finished_at: float = 10.0,
) -> Ended:
    return Ended(number, state, value, seconds, finished_at, next(_revisions))


def test_the_course_has_each_improvement_with_how_many_had_ended() -> None:
    trials = [ended(0, 0.5), ended(1, 0.9, TrialState.PRUNED), ended(2, 0.4), ended(3, 0.7)]
    assert later(Standing(), ACCURACY, trials).course == ((1, 0.5), (4, 0.7))
    assert later(Standing(), LOSS, trials).course == ((1, 0.5), (3, 0.4))


def test_trials_may_come_one_at_a_time_or_all_at_once() -> None:
    trials = [ended(n, (n * 7 % 5) / 5, finished_at=10.0 + n) for n in range(60)]
    at_once = later(Standing(), LOSS, trials)
    one_by_one = Standing()
    for trial in trials:
        one_by_one = later(one_by_one, LOSS, [trial])
    assert one_by_one == at_once
    assert at_once.ended == 60


def test_of_equal_trials_the_first_is_the_best() -> None:
    trials = [ended(5, 0.5), ended(2, 0.5), ended(7, 0.5)]
    standing = later(Standing(), LOSS, trials)
    assert standing.best == Best(2, 0.5)
    assert standing.course == ((1, 0.5),)


def test_without_a_value_nothing_is_best() -> None:
    standing = later(Standing(), LOSS, [ended(0), ended(1, state=TrialState.FAILED)])
    assert (standing.best, standing.course, standing.ended) == (None, (), 2)


def test_the_time_left_follows_from_how_long_trials_took_and_how_many_run() -> None:
    standing = later(Standing(), LOSS, [ended(n, 0.5) for n in range(4)])
    assert standing.seconds_left(unended=21, running=2) == 100.0
    assert standing.seconds_left(unended=2, running=2) == 5.0


def test_nothing_is_estimated_from_too_little_or_while_nothing_runs() -> None:
    never_begun = [ended(n, state=TrialState.CANCELLED, seconds=None) for n in range(5)]
    few = later(Standing(), LOSS, [ended(0, 0.5), ended(1, 0.5), *never_begun])
    enough = later(few, LOSS, [ended(9, 0.5)])
    assert few.seconds_left(unended=5, running=1) is None
    assert enough.seconds_left(unended=5, running=0) is None
    assert enough.seconds_left(unended=5, running=1) == 45.0
