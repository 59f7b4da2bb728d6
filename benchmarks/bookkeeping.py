"""Durable bookkeeping: what a trial costs beside its training.

A no-op trial of 8 parameters with 10 epochs, judged by a median pruner after each. Ours: 1 claim, 10 epoch reports and
1 finish over real HTTP, to a server in a process of its own. The peer: Optuna's RDBStorage in process, doing the same
(ask, 8 suggests, 10 reports with should_prune, tell). Both search at random and write to the same disk, or to the same
Postgres. They take turns in blocks, so that a machine that is busy for a while is so for both.
"""

import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import psycopg

from benchmarks.service import Caller, running
from tests.postgres import cluster

PARAMETERS = 8
EPOCHS = 10
ROUNDS = 5
OURS_A_ROUND = 100
PEERS_A_ROUND = 20
FEW, MANY = 100, 5000
AIM = 5.0
GROWTH_AIM = 1.5


class Ours:
    def __init__(self, call: Caller) -> None:
        self._call = call
        self._numbers = itertools.count()
        space = [
            {"name": f"p{n}", "type": "float", "min": 0.0, "max": 1.0} for n in range(PARAMETERS)
        ]
        call(
            "POST",
            "/v1/studies",
            {
                "name": "bench",
                "executor": "external",
                "search_space": {"parameters": space},
                "objectives": [{"metric": "loss", "direction": "minimize"}],
                "search": {"algorithm": "random", "seed": 0},
                "pruning": {"algorithm": "median"},
                "budget": {"trials": 1_000_000},
            },
        )

    def trial(self) -> None:
        key = f"key-{next(self._numbers)}"
        trial = self._call("POST", "/v1/claims", {"worker": "w", "key": key, "study": "bench"})
        path, attempt = f"/v1/studies/bench/trials/{trial['number']}", trial["attempt"]
        for epoch in range(EPOCHS):
            body = {"attempt": attempt, "epoch": epoch, "metrics": {"loss": 0.5}}
            self._call("POST", f"{path}/epochs", body)
        self._call("POST", f"{path}/finish", {"attempt": attempt, "state": "completed"})


class Peers:
    def __init__(self, url: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(
            storage=url,
            sampler=optuna.samplers.RandomSampler(seed=0),
            pruner=optuna.pruners.MedianPruner(),
        )

    def trial(self) -> None:
        trial = self._study.ask()
        for n in range(PARAMETERS):
            trial.suggest_float(f"p{n}", 0.0, 1.0)
        for epoch in range(EPOCHS):
            trial.report(0.5, epoch)
            trial.should_prune()
        self._study.tell(trial, 0.5)


def milliseconds_a_trial(side: Ours | Peers, trials: int) -> float:
    started = time.perf_counter()
    for _ in range(trials):
        side.trial()
    return (time.perf_counter() - started) / trials * 1000


def compare(name: str, ours: Ours, peers: Peers) -> None:
    for side in (ours, peers):
        milliseconds_a_trial(side, 10)  # both are warm when it counts
    mine, theirs = [], []
    for _ in range(ROUNDS):
        mine.append(milliseconds_a_trial(ours, OURS_A_ROUND))
        theirs.append(milliseconds_a_trial(peers, PEERS_A_ROUND))
    ratios = [t / m for m, t in zip(mine, theirs, strict=True)]
    print(
        f"bookkeeping on {name}: ours {statistics.median(mine):.1f} ms a trial over HTTP, "
        f"Optuna's RDBStorage {statistics.median(theirs):.1f} ms in process: "
        f"{statistics.median(ratios):.1f} times less (of {ROUNDS}: {min(ratios):.1f} to {max(ratios):.1f}; aim {AIM:g})"
    )


def growth(ours: Ours) -> None:
    """How much dearer a trial is with thousands before it than with a hundred."""
    milliseconds_a_trial(ours, FEW)
    few = milliseconds_a_trial(ours, OURS_A_ROUND)
    milliseconds_a_trial(ours, MANY - FEW - OURS_A_ROUND)
    many = milliseconds_a_trial(ours, OURS_A_ROUND)
    print(
        f"bookkeeping on SQLite after {MANY} trials: {many:.1f} ms a trial, after {FEW} {few:.1f} ms: "
        f"{many / few:.2f} times as dear (aim {GROWTH_AIM:g})"
    )


@contextmanager
def postgres_databases() -> Iterator[tuple[str, str]]:
    """Two databases of one cluster: ours and the peer's."""
    with cluster() as url:
        with psycopg.connect(f"{url}/postgres", autocommit=True) as admin:
            for name in ("ours", "peers"):
                admin.execute(f"CREATE DATABASE {name}")
        yield f"{url}/ours", f"{url}/peers"


def main() -> None:
    print(f"# bookkeeping, {os.cpu_count()} cores", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with running(home / "fresh", "--no-worker") as call:
            growth(Ours(call))
        with running(home / "sqlite", "--no-worker") as call:
            compare("SQLite", Ours(call), Peers(f"sqlite:///{home / 'peer.sqlite3'}"))
        with (
            postgres_databases() as (mine, theirs),
            running(home / "postgres", "--no-worker", database_url=mine) as call,
        ):
            peers = Peers(theirs.replace("postgresql://", "postgresql+psycopg://"))
            compare("Postgres", Ours(call), peers)
