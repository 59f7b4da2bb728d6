"""What the benchmark of the search rests on: its clock, equal spaces for all, the tables, the statistics."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.search import plots, tables
from benchmarks.search.algorithms import ALGORITHMS, BUDGETS
from benchmarks.search.clock import SPREAD, Asked, best_so_far
from benchmarks.search.compare import quartiles, standings
from benchmarks.search.models import MODELS
from benchmarks.search.problem import Candidate, Problem, real, whole
from benchmarks.search.problems import problems
from benchmarks.search.runs import Job, jobs, load, run_missing
from tuner_service.domain.space import Space


def falling(candidate: Candidate) -> list[float]:
    """Four epochs, of which each is better than the last."""
    return [float(candidate["x"]) + 3 - epoch for epoch in range(4)]


FALLING = Problem("falling", [whole("x", 0, 1000)], falling, best=0.0, epochs=4)
ONCE = Problem("once", [whole("x", 0, 1000)], lambda c: [float(c["x"])], best=0.0)


@dataclass
class Scripted:
    """Asks for 100, 99, 98 … and remembers what happened; ends trials after ``patience`` epochs."""

    patience: int = 99
    happened: list[tuple[str, int]] = field(default_factory=list)
    most: int = 0
    running: set[int] = field(default_factory=set)
    number: int = 0

    def ask(self) -> Asked | None:
        self.happened.append(("ask", self.number))
        self.running.add(self.number)
        self.most = max(self.most, len(self.running))
        self.number += 1
        return Asked(self.number - 1, {"x": 101 - self.number})

    def goes_on(self, asked: Asked, curve: Sequence[float]) -> bool:
        return len(curve) < self.patience

    def tell(self, asked: Asked, curve: Sequence[float]) -> None:
        self.happened.append(("tell", asked.number))
        self.running.remove(asked.number)


def test_one_at_a_time_asks_when_the_last_one_was_told() -> None:
    searcher = Scripted()
    assert best_so_far(ONCE, searcher, 5, at_once=1, seed=0) == [100, 99, 98, 97, 96]
    assert searcher.happened == [(what, n) for n in range(5) for what in ("ask", "tell")]


def test_eight_in_flight_are_eight_until_the_budget_is_given_out() -> None:
    searcher = Scripted()
    best = best_so_far(ONCE, searcher, 40, at_once=8, seed=0)
    assert searcher.happened[:8] == [("ask", n) for n in range(8)]
    assert [what for what, _ in searcher.happened[8:-8]] == ["tell", "ask"] * 32
    assert [what for what, _ in searcher.happened[-8:]] == ["tell"] * 8
    assert searcher.most == 8
    told = [number for what, number in searcher.happened if what == "tell"]
    assert sorted(told) == list(range(40))
    # Each begins when the first of eight is free, and takes as long as its pace.
    paces = np.random.default_rng([0, 8]).lognormal(sigma=SPREAD, size=40)
    free, ends = [0.0] * 8, []
    for pace in paces:
        ends.append(heapq.heapreplace(free, free[0] + pace) + pace)
    assert told == np.argsort(ends).tolist()
    assert told != sorted(told)
    assert best == np.minimum.accumulate([100 - number for number in told]).tolist()
    again = Scripted()
    best_so_far(ONCE, again, 40, at_once=8, seed=0)
    assert again.happened == searcher.happened


def test_a_budget_is_counted_in_full_trainings() -> None:
    whole_ones, halves = Scripted(), Scripted(patience=2)
    assert best_so_far(FALLING, whole_ones, 3, at_once=1, seed=0) == [100, 99, 98]
    # Twice as many, each with the loss of its second epoch.
    assert best_so_far(FALLING, halves, 3, at_once=1, seed=0) == [101, 99, 97]
    assert halves.number == 6
    assert best_so_far(FALLING, Scripted(patience=2), 3, at_once=4, seed=0)[-1] == 97


def test_nothing_is_asked_for_once_the_optimum_is_found() -> None:
    searcher = Scripted(number=98)
    assert best_so_far(ONCE, searcher, 6, at_once=1, seed=0) == [2, 1, 0, 0, 0, 0]
    assert searcher.number == 101


def test_a_space_whose_candidates_were_all_tried_ends_a_study_of_ours() -> None:
    problem = Problem("few", [whole("x", 1, 5)], lambda c: [float(c["x"])], best=0.0)
    assert (
        best_so_far(problem, ALGORITHMS["genetic"].make(problem, 9, 0), 9, 1, seed=0)[4:] == [1] * 5
    )


def test_a_trial_that_goes_on_later_pays_for_its_new_epochs_alone() -> None:
    class Continued(Scripted):
        def ask(self) -> Asked | None:
            if self.happened and self.happened[-1][0] == "ask":
                return None
            asked = super().ask()
            assert asked is not None
            half = asked.number % 2
            return Asked(asked.number, {"x": 7}, begins=2 * half, ends=2 + 2 * half)

    searcher = Continued()
    assert best_so_far(FALLING, searcher, 3, at_once=1, seed=0) == [7, 7, 7]
    assert searcher.number == 6


def test_who_has_nothing_to_ask_for_waits_for_the_next_end() -> None:
    class Waiting(Scripted):
        def ask(self) -> Asked | None:
            return None if len(self.running) == 2 else super().ask()

    searcher = Waiting()
    best_so_far(ONCE, searcher, 10, at_once=8, seed=0)
    assert searcher.most == 2
    assert searcher.number == 10


@pytest.mark.filterwarnings("ignore:(currentThread|getName):DeprecationWarning")
@pytest.mark.parametrize(
    "algorithm", ["genetic", "optuna-tpe", "kerastuner-random", "kerastuner-bayesian"]
)
@pytest.mark.parametrize("name", ["network", "jenatton", "models_diabetes"])
def test_a_conditional_parameter_is_there_for_all_when_its_condition_holds(
    algorithm: str, name: str
) -> None:
    problem = problems()[name]
    searcher = ALGORITHMS[algorithm].make(problem, 12, 0)
    for _ in range(12):
        asked = searcher.ask()
        assert asked is not None
        problem.space.check(asked.candidate)
        expected = {
            p.name for p in problem.space.parameters if problem.space.exists(p, asked.candidate)
        }
        assert asked.candidate.keys() == expected
        searcher.tell(asked, problem.curve(asked.candidate))


@pytest.mark.filterwarnings("ignore:(currentThread|getName):DeprecationWarning")
def test_hyperband_goes_on_with_the_best_where_they_were() -> None:
    problem = Problem("falling", [real("x", 0.0, 1.0)], falling, best=0.0, epochs=4)
    searcher = ALGORITHMS["kerastuner-hyperband"].make(problem, 8, 0)
    asked = []
    for _ in range(12):
        trial = searcher.ask()
        assert trial is not None
        asked.append(trial)
        searcher.tell(trial, problem.curve(trial.candidate)[: trial.ends])
    later = [trial for trial in asked if trial.begins]
    assert later
    earlier = {trial.candidate["x"] for trial in asked if not trial.begins}
    assert {trial.candidate["x"] for trial in later} <= earlier


@pytest.mark.parametrize("rule", ["median", "hyperband"])
@pytest.mark.parametrize("at_once", [1, 4])
def test_a_study_that_prunes_tries_more_candidates_for_the_same_epochs(
    rule: str, at_once: int
) -> None:
    asked = []

    def curve(candidate: Candidate) -> list[float]:
        asked.append(candidate)
        return falling(candidate)

    # An optimum that nobody finds, or it would end there.
    problem = Problem("falling", [real("x", 0.0, 1.0)], curve, best=-1.0, epochs=4)
    best_so_far(problem, ALGORITHMS[f"auto+{rule}"].make(problem, 40, 0), 40, at_once, seed=0)
    assert len(asked) > 40


@pytest.mark.parametrize("name", MODELS)
def test_a_table_has_what_its_model_says(name: str) -> None:
    problem, model = tables.load(name), MODELS[name]
    assert problem.space.digest == Space.from_json(model.parameters).digest
    random = np.random.default_rng(1)
    drawn = [problem.drawn(random) for _ in range(200)]
    assert all(len(problem.curve(candidate)) == problem.epochs for candidate in drawn)
    cheap = min(drawn, key=lambda candidate: int(candidate.get("layers", 0)))
    # Another processor may round otherwise.
    assert problem.curve(cheap) == pytest.approx(model.curve(cheap), rel=0.02, abs=0.01)
    assert problem.best == min(
        min(problem.curve(candidate)) for candidate in problem.space.candidates()
    )
    assert tables.path(name).stat().st_size < 200 * 1024


@pytest.mark.parametrize(
    ("name", "optimum"),
    [
        ("branin", [math.pi, 2.275]),
        ("hartmann6", [0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573]),
        ("ackley5", [1.7, -2.3, 0.9, 3.1, -1.2]),
        ("levy4", [3.6, -3.1, 6.3, -0.4]),
        ("rosenbrock4", [1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_the_optimum_is_where_the_literature_has_it(name: str, optimum: list[float]) -> None:
    problem = problems()[name]
    candidate = {f"x{index + 1}": x for index, x in enumerate(optimum)}
    assert problem.curve(candidate) == pytest.approx([problem.best], abs=1e-4)
    problem.space.check(candidate)


def test_no_candidate_is_better_than_the_optimum() -> None:
    random = np.random.default_rng(2)
    for problem in problems().values():
        problem.space.validate()
        for _ in range(300):
            assert min(problem.curve(problem.drawn(random))) >= problem.best


def test_ranks_count_who_is_ahead_and_what_chance_makes_of_it() -> None:
    random = np.random.default_rng(3)
    losses = {
        name: [random.normal(mean, 1, 10).tolist() for _ in range(3)]
        for name, mean in (("good", 0.0), ("as good", 0.1), ("bad", 3.0))
    }
    found = standings(losses)
    assert sum(each.rank for each in found.values()) == pytest.approx(6)
    assert found["good"].is_near_first
    assert found["as good"].is_near_first
    assert not found["bad"].is_near_first
    assert all(each.low <= each.rank <= each.high for each in found.values())
    sure = standings({"one": [[1.0, 1.0]], "two": [[2.0, 2.0]], "also two": [[2.0]]})
    assert [each.rank for each in sure.values()] == pytest.approx([1, 2.5, 2.5])
    assert sure["two"].low == pytest.approx(sure["two"].high)


def test_quartiles() -> None:
    found = quartiles([5, 1, 2, 4, 3])
    assert (found.low, found.median, found.high) == (2, 3, 4)


def test_what_there_is_to_run_is_all_of_one_seed_before_the_next() -> None:
    wanted = jobs(["branin", "network"], ["random", "cmaes"], [1, 8], seeds=2)
    assert len(wanted) == 2 * (2 * 2 + 2), "CMA-ES takes no choices"
    assert [job.seed for job in wanted] == [0] * 6 + [1] * 6


def test_a_run_shows_the_smaller_budgets_that_are_searched_the_same_way() -> None:
    problem = problems()["branin"]
    same = ALGORITHMS["random"]
    assert [same.run_for(problem, budget) for budget in BUDGETS] == [200] * 4
    turns = replace(same, way=lambda _, budget: budget >= 100)
    assert [turns.run_for(problem, budget) for budget in BUDGETS] == [50, 50, 200, 200]
    slow = replace(same, trials=50)
    assert [slow.run_for(problem, budget) for budget in BUDGETS] == [50, 50, None, None]


def test_what_auto_picks_is_not_run_twice() -> None:
    same = replace(ALGORITHMS["random"], twin=lambda _, budget: "bayesian" if budget > 50 else None)
    assert [same.runs_as(problems()["branin"], budget) for budget in (50, 100)] == [
        "random",
        "bayesian",
    ]
    names = [job.algorithm for job in jobs(["branin"], ["auto", "bayesian"], [1], seeds=1)]
    assert names.count("bayesian") == 1


def test_a_run_that_is_kept_is_not_run_again(tmp_path: Path) -> None:
    kept = tmp_path / "runs.jsonl"
    job, other = (Job("branin", "random", 1, seed, 4) for seed in (0, 1))
    (first,) = run_missing([job], 1, kept)
    assert len(first.best) == 4
    (second,) = run_missing([job, other], 1, kept)
    assert load(kept) == {job: first, other: second}
    kept.write_text(kept.read_text().replace(first.of, "older code"))
    assert load(kept) == {}


def test_a_line_falls_in_steps_and_ends_at_the_last_trial() -> None:
    picture = plots.drawing([plots.Panel("p", {"auto": [1.0, 1.0, 0.01, 0.01]})])
    assert f"H180.0V{plots.HEIGHT / 2:.1f}H240.0" in picture
    ElementTree.fromstring(picture)
