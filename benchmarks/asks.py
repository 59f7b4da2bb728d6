"""What asking for a candidate costs as a study grows, and whether heartbeats wait for it.

First ``search.suggest`` over a history in memory, beside Optuna's TPE over the same trials in its memory, by turns;
then claims over HTTP from a server whose study is in SQLite; then ``benchmarks.beats``.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import optuna

from benchmarks import beats, large_study
from benchmarks.service import Caller, running
from tuner_service.search import History, Question, suggest
from tuner_service.service.setup import open_service
from tuner_service.settings import Settings

ALGORITHMS = ("bayesian", "genetic", "cmaes", "quasi_random", "random", "grid")
OVER_HTTP = ("bayesian", "genetic", "quasi_random", "random")
COUNTS = (100, 1_000, 10_000)
AIMS = {1_000: 25, 10_000: 100}
ROUNDS = 21
DISTRIBUTIONS = large_study.history("bayesian", 0).distributions


def main() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    in_memory()
    over_http()
    beats.main()


def in_memory() -> None:
    print("| asking, ms: p50 (p95), processor's p50 | " + " | ".join(map(str, COUNTS)) + " |")
    print("|---|" + "---|" * len(COUNTS))
    rows: dict[str, list[str]] = {}
    for count in COUNTS:
        for algorithm in ALGORITHMS:
            history = large_study.history(algorithm, count)
            asks: dict[str, Callable[[int], None]] = {algorithm: partial(ours, history)}
            if algorithm == "bayesian":
                asks["Optuna's TPE"] = partial(theirs, large_study.optunas(history))
            for name, (taken, worked) in by_turns(asks).items():
                cell = f"{in_words(taken)}, {statistics.median(worked):.1f}"
                rows.setdefault(name, []).append(cell)
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(row)} |")
    print(f"aims of bayesian, p50 by trials: {AIMS}", flush=True)


def by_turns(asks: dict[str, Callable[[int], None]]) -> dict[str, tuple[list[float], list[float]]]:
    """Milliseconds that each ask took, and those that the processor worked; the first ask is not counted."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in asks}
    for turn in range(ROUNDS + 1):
        for name, ask in asks.items():
            began, began_to_work = time.perf_counter(), time.thread_time()
            ask(turn)
            taken, worked = time.perf_counter() - began, time.thread_time() - began_to_work
            if turn:
                found[name][0].append(taken * 1000)
                found[name][1].append(worked * 1000)
    return found


def ours(history: History, turn: int) -> None:
    suggest(history, Question(len(history.ended) + turn, history.revision))


def theirs(study: optuna.Study, turn: int) -> None:
    trial = study.ask()
    for parameter in DISTRIBUTIONS.space.parameters:
        if DISTRIBUTIONS.space.exists(parameter, trial.params):
            trial._suggest(parameter.name, DISTRIBUTIONS.by_name[parameter.name])
    study.tell(trial, state=optuna.trial.TrialState.FAIL)


def over_http() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for count in COUNTS:
            home = Path(folder) / str(count)
            with open_service(Settings(home=home, database_url=None)) as service:
                studies = [large_study.write(service, each, count) for each in OVER_HTTP]
            with running(home, "--no-worker") as call:
                for study in studies:
                    first, *others = claims(call, study)
                    print(
                        f"claims over HTTP, {study}, {count:,} trials: the first {first:.0f} ms, "
                        f"then {in_words(others)}",
                        flush=True,
                    )


def claims(call: Caller, study: str) -> list[float]:
    """Milliseconds of each claim; what is claimed is finished before the next one."""
    taken = []
    for turn in range(ROUNDS + 1):
        body = {"worker": "bench", "key": f"{study}-{turn}", "study": study}
        began = time.perf_counter()
        trial = call("POST", "/v1/claims", body)
        taken.append((time.perf_counter() - began) * 1000)
        result = {"attempt": trial["attempt"], "state": "completed", "values": {"loss": 1.0}}
        call("POST", f"/v1/studies/{study}/trials/{trial['number']}/finish", result)
    return taken


def in_words(taken: list[float]) -> str:
    cuts = statistics.quantiles(taken, n=20)
    return f"{cuts[9]:.1f} ({cuts[18]:.1f})"
