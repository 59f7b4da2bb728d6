"""The runs as tables and pictures: ``docs/search-benchmark.md``, ``docs/images/search-*.svg``."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path

from benchmarks.search.algorithms import ALGORITHMS, AT_ONCE, BUDGETS
from benchmarks.search.compare import Quartiles, Results, Standing, quartiles, standings
from benchmarks.search.plots import Panel, drawing
from benchmarks.search.problem import Problem
from benchmarks.search.problems import problems
from benchmarks.search.runs import Job, Run

PAGE = Path("docs/search-benchmark.md")
IMAGES = Path("docs/images")
IN_FLIGHT = {1: "one at a time", 8: "8 in flight"}


@dataclass(frozen=True)
class Board:
    """All runs, and what was found at a budget."""

    runs: Mapping[Job, Run]

    @cached_property
    def problems(self) -> list[Problem]:
        ran = {job.problem for job in self.runs}
        return [problem for name, problem in problems().items() if name in ran]

    @cached_property
    def _alike(self) -> Mapping[tuple[str, str, int, int], Sequence[Run]]:
        """The runs that differ in their seed alone, in its order."""
        alike: defaultdict[tuple[str, str, int, int], list[Run]] = defaultdict(list)
        for job, run in sorted(self.runs.items()):
            alike[job.problem, job.algorithm, job.at_once, job.budget].append(run)
        return alike

    def seeds(self, algorithm: str | None = None) -> int:
        """How many there are, of an algorithm or at all."""
        ran = (job for job in self.runs if algorithm in (None, job.algorithm))
        return len({job.seed for job in ran})

    def searched_by(self, algorithm: str) -> list[str]:
        """The names of the problems that it ran on."""
        ran = {job.problem for job in self.runs if job.algorithm == algorithm}
        return [problem.name for problem in self.problems if problem.name in ran]

    def best(
        self, problem: str, algorithm: str, at_once: int, budget: int
    ) -> list[Sequence[float]]:
        """The least losses after each trial of a study of this budget, for each seed."""
        shown = _shown_by(problem, algorithm, budget)
        if shown is None:
            return []
        name, of = shown
        return [run.best[:budget] for run in self._alike.get((problem, name, at_once, of), ())]

    def regrets(self, problem: str, algorithm: str, at_once: int, budget: int) -> list[float]:
        """How far above the best known loss each seed ends."""
        best = problems()[problem].best
        return [
            max(0.0, losses[-1] - best) for losses in self.best(problem, algorithm, at_once, budget)
        ]

    def results(
        self, names: Sequence[str], at_once: int, budget: int, algorithms: Sequence[str]
    ) -> Results:
        """Of those algorithms that ran on every one of these problems."""
        found = {
            algorithm: [self.regrets(name, algorithm, at_once, budget) for name in names]
            for algorithm in algorithms
        }
        return {algorithm: each for algorithm, each in found.items() if each and all(each)}


@cache
def _shown_by(problem: str, algorithm: str, budget: int) -> tuple[str, int] | None:
    """The algorithm and the budget of the runs that show this one; None if there are none."""
    asked, of = ALGORITHMS[algorithm], problems()[problem]
    longest = asked.run_for(of, budget)
    return None if longest is None else (asked.runs_as(of, longest), longest)


def write(runs: Mapping[Job, Run]) -> None:
    """Write the page and its pictures."""
    board = Board(runs)
    PAGE.write_text("\n".join(_page(board)) + "\n")
    for at_once in AT_ONCE:
        picture = drawing([_panel(board, problem, at_once) for problem in board.problems])
        (IMAGES / f"search-{at_once}.svg").write_text(picture)


def _page(board: Board) -> Iterator[str]:
    seeds = board.seeds()
    peers = (
        f"Optuna {version('optuna')} and KerasTuner {version('keras-tuner')} with their defaults"
    )
    yield "# The search beside its peers\n"
    yield (
        f"Written by `make bench-search` on {date.today()}: {len(board.problems)} problems, {seeds} seeds, {peers}.\n"
        "What it means, and how it is done: [benchmarks.md](benchmarks.md#search).\n"
    )
    everywhere = [
        a.name for a in ALGORITHMS.values() if not a.is_slow and all(map(a.takes, board.problems))
    ]
    names = [problem.name for problem in board.problems]
    yield "## Over all problems\n"
    yield (
        "The mean rank over the problems, 1 for one that always wins, and where it lies in 95 of 100 draws of the "
        "seeds. **Bold**: the first, and all\nwhose distance to it may be chance.\n"
    )
    yield from _ranks(board, names, everywhere)
    yield from _duel(board, names, "genetic", "optuna-nsga2")
    yield "## Beside those that are slow to ask\n"
    slow = [a for a in ALGORITHMS.values() if a.is_slow]
    for algorithm in slow:
        few = board.searched_by(algorithm.name)
        if not few:
            yield f"{algorithm.name} did not run.\n"
            continue
        where = "all problems" if few == names else f"{', '.join(few)} alone"
        yield (
            f"{algorithm.name} ran on {where}, to {algorithm.trials} trials, {board.seeds(algorithm.name)} seeds; "
            "ranks over these.\n"
        )
        followed = [budget for budget in BUDGETS if budget <= algorithm.trials]
        beside = [*everywhere, algorithm.name]
        yield from _ranks(board, few, beside, followed, algorithm.at_once)
        yield from _duel(board, few, "auto", algorithm.name, followed, algorithm.at_once)
    yield "## With epochs\n"
    yield (
        "Where a trial may end early, a budget is so many full trainings' worth of epochs. Ranks over the problems "
        "that have epochs.\n"
    )
    with_epochs = [problem.name for problem in board.problems if problem.has_epochs]
    yield from _ranks(board, with_epochs, [a.name for a in ALGORITHMS.values() if a not in slow])
    yield "## What asking costs\n"
    yield from _costs(board)
    yield "## Each problem\n"
    yield "The median regret (how far above the optimum the best loss is) and its quartiles.\n"
    for at_once in AT_ONCE:
        yield f"![Regret over trials, {IN_FLIGHT[at_once]}](images/search-{at_once}.svg)\n"
    for problem in board.problems:
        yield from _problem(board, problem)


def _ranks(
    board: Board,
    names: Sequence[str],
    algorithms: Sequence[str],
    budgets: Sequence[int] = BUDGETS,
    in_flight: Sequence[int] = AT_ONCE,
) -> Iterator[str]:
    for at_once in in_flight:
        columns = [
            standings(found) if (found := board.results(names, at_once, b, algorithms)) else {}
            for b in budgets
        ]
        yield f"| {IN_FLIGHT[at_once]} | " + " | ".join(f"{b} trials" for b in budgets) + " |"
        yield "|---" * (len(budgets) + 1) + "|"
        for algorithm in algorithms:
            if any(algorithm in column for column in columns):
                cells = [_standing(column.get(algorithm)) for column in columns]
                yield f"| {algorithm} | " + " | ".join(cells) + " |"
        yield ""


def _standing(standing: Standing | None) -> str:
    if standing is None:
        return "–"
    rank = f"{standing.rank:.1f}"
    if standing.is_near_first:
        rank = f"**{rank}**"
    return f"{rank} ({standing.low:.1f} to {standing.high:.1f})"


def _duel(
    board: Board,
    names: Sequence[str],
    one: str,
    other: str,
    budgets: Sequence[int] = BUDGETS,
    in_flight: Sequence[int] = AT_ONCE,
) -> Iterator[str]:
    yield f"How often a run of {one} ends better than one of {other}:\n"
    yield "| | " + " | ".join(f"{budget} trials" for budget in budgets) + " |"
    yield "|---" * (len(budgets) + 1) + "|"
    for at_once in in_flight:
        found = [board.results(names, at_once, budget, [one, other]) for budget in budgets]
        cells = [_ahead(standings(each)[one]) if len(each) == 2 else "–" for each in found]
        yield f"| {IN_FLIGHT[at_once]} | " + " | ".join(cells) + " |"
    yield ""


def _ahead(one_of_two: Standing) -> str:
    """The chance to be ahead of the other one, which a rank between 1 and 2 says."""
    ranks = (one_of_two.rank, one_of_two.high, one_of_two.low)
    ahead, low, high = (100 * (2 - rank) for rank in ranks)
    return f"{ahead:.0f} % ({low:.0f} to {high:.0f})"


def _costs(board: Board) -> Iterator[str]:
    yield "Processor time, the look-ups of losses included.\n"
    yield "| | runs | all of them, s | a trial, ms |"
    yield "|---|---|---|---|"
    for algorithm in ALGORITHMS:
        runs = [run for job, run in board.runs.items() if job.algorithm == algorithm]
        if runs:
            seconds, trials = sum(r.seconds for r in runs), sum(r.job.budget for r in runs)
            yield f"| {algorithm} | {len(runs)} | {seconds:.0f} | {1000 * seconds / trials:.1f} |"
    yield ""


def _problem(board: Board, problem: Problem) -> Iterator[str]:
    yield f"### {problem.name}\n"
    yield f"{_in_words(problem)}. A random candidate's regret: {problem.typical - problem.best:.3g}.\n"
    for at_once in AT_ONCE:
        yield f"| {IN_FLIGHT[at_once]} | " + " | ".join(f"{b} trials" for b in BUDGETS) + " |"
        yield "|---" * (len(BUDGETS) + 1) + "|"
        for algorithm in ALGORITHMS:
            found = [board.regrets(problem.name, algorithm, at_once, b) for b in BUDGETS]
            if any(found):
                cells = [_spread(quartiles(each)) if each else "–" for each in found]
                yield f"| {algorithm} | " + " | ".join(cells) + " |"
        yield ""


def _in_words(problem: Problem) -> str:
    parameters = problem.space.parameters
    kinds = [
        (sum(p.type in ("int", "float") for p in parameters), "numbers"),
        (sum(p.type in ("choice", "bool") for p in parameters), "choices"),
    ]
    words = " and ".join(f"{count} {kind}" for count, kind in kinds if count)
    conditional = sum(bool(p.when) for p in parameters)
    words += f", {conditional} of them conditional" if conditional else ""
    return words + (f", {problem.epochs} epochs" if problem.has_epochs else "")


def _spread(found: Quartiles) -> str:
    return f"{found.median:.2g} ({found.low:.2g} to {found.high:.2g})"


def _panel(board: Board, problem: Problem, at_once: int) -> Panel:
    lines = {}
    scale = problem.typical - problem.best
    for name, algorithm in ALGORITHMS.items():
        if runs := board.best(problem.name, name, at_once, algorithm.trials):
            medians = [quartiles(losses).median for losses in zip(*runs, strict=True)]
            lines[name] = [max(0.0, loss - problem.best) / scale for loss in medians]
    return Panel(problem.name, lines)
