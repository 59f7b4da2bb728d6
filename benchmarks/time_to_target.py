"""Time to a target: the wall clock until some trial first reports 0.98 validation accuracy on the digits.

The family ``separable_convnet``, whole space, as the service searches it with two slots and as KerasTuner does with its
documented workflow in one process: the same hypermodel, split, epochs, batch size and callbacks. The sides take turns
with each seed, since machines drift. Everything is started, imported and has trained one small model before the clock
starts. A run ends after LIMIT_SECONDS at the latest; it then counts as that long, which is in the other's favour.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median
from threading import Thread
from typing import Any

from benchmarks.service import running
from benchmarks.wall_clock import wait_until_ready
from tuner_service.client import Client, EpochEvent

TARGET = 0.98
SEEDS = range(1, 6)
SLOTS = 2
LIMIT_SECONDS = 150.0
AIM = 1 / 3
TRAINING: dict[str, Any] = {
    "epochs": 30,
    "batch_size": 64,
    "early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
    "reduce_lr_on_plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 2},
}
OURS: dict[str, dict[str, Any]] = {
    "auto": {"algorithm": "none"},
    "auto, halving": {"algorithm": "successive_halving", "min_epochs": 3},
}
"""Rules of pruning under ``auto``."""
THEIRS = ("RandomSearch", "Hyperband")
"""Not BayesianOptimization: its first 30 candidates here are RandomSearch's own, and the target is reached before."""


@dataclass(frozen=True)
class Run:
    """``seconds`` until the target, or None; ``trials``: how many had begun."""

    seconds: float | None
    trials: int

    @property
    def at_least(self) -> float:
        return LIMIT_SECONDS if self.seconds is None else self.seconds

    def __str__(self) -> str:
        took = f"over {LIMIT_SECONDS:.0f}" if self.seconds is None else f"{self.seconds:.1f}"
        return f"{took} s ({self.trials} trial{'' if self.trials == 1 else 's'})"


def by_the_service(client: Client, pruning: dict[str, Any], seed: int) -> Run:
    name = f"target-{time.monotonic_ns()}"
    started = time.perf_counter()
    client.create_study(
        {
            "name": name,
            "search_space": "separable_convnet",
            "dataset": "digits",
            "search": {"algorithm": "auto", "seed": seed},
            "pruning": pruning,
            "training": TRAINING,
            "budget": {"trials": 1000},
        }
    )
    run = _followed(client, name, started)
    client.cancel(name)
    while client.study(name).progress.running:
        time.sleep(0.2)
    time.sleep(2)  # for the slots to hear of it
    return run


def _followed(client: Client, name: str, started: float) -> Run:
    trials = 0
    for event in client.watch(name):
        seconds = time.perf_counter() - started
        if seconds > LIMIT_SECONDS:
            break
        if isinstance(event, EpochEvent):
            trials = max(trials, event.data.number + 1)
            if (event.data.metrics["val_accuracy"] or 0.0) >= TARGET:
                return Run(seconds, trials)
    return Run(None, trials)


def by_keras_tuner(tuner: str, seed: int) -> Run:
    with _searching() as (process, lines):
        assert process.stdin is not None
        started = time.perf_counter()
        order = {"tuner": tuner, "seed": seed, "training": TRAINING}
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        trials = 0
        while (left := started + LIMIT_SECONDS - time.perf_counter()) > 0:
            try:
                line = lines.get(timeout=left)
            except Empty:
                break
            if line is None:
                raise RuntimeError(f"KerasTuner's {tuner} ended before the target was reached")
            begun, value = line.split()
            trials = int(begun)
            if float(value) >= TARGET:
                return Run(time.perf_counter() - started, trials)
        return Run(None, trials)


@contextmanager
def _searching() -> Iterator[tuple[subprocess.Popen[str], "SimpleQueue[str | None]"]]:
    """A process that is ready to search, and the lines that it prints after that; None is their end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.keras_tuner_search"],
        env=dict(os.environ, CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # TensorFlow's greetings
        text=True,
    )
    lines: SimpleQueue[str | None] = SimpleQueue()
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("KerasTuner did not start")
        Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        yield process, lines
    finally:
        process.kill()
        process.wait(60)


def _read(output: Iterable[str], lines: "SimpleQueue[str | None]") -> None:
    for line in output:
        lines.put(line)
    lines.put(None)


def _told(name: str, runs: list[Run], beside: list[Run] | None = None) -> str:
    seconds = [run.at_least for run in runs]
    censored = sum(run.seconds is None for run in runs)
    line = (
        f"{name}: median {median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f}), "
        f"{median(run.trials for run in runs):g} trials begun"
    )
    if censored:
        line += f", {censored} of {len(runs)} not there after {LIMIT_SECONDS:.0f} s"
    if beside is not None:
        ratio = median(seconds) / median(run.at_least for run in beside)
        line += f": {ratio:.2f} times (aim {AIM:.2f})"
    return line


def main() -> None:
    print(f"# time to {TARGET} on digits, {os.cpu_count()} cores, {SLOTS} slots", flush=True)
    ours: dict[str, list[Run]] = {name: [] for name in OURS}
    theirs: dict[str, list[Run]] = {name: [] for name in THEIRS}
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--slots", str(SLOTS)) as call,
        Client(home=folder) as client,
    ):
        wait_until_ready(call, SLOTS)
        for seed in SEEDS:
            for name, pruning in OURS.items():
                ours[name].append(run := by_the_service(client, pruning, seed))
                print(f"seed {seed}, the service, {name}: {run}", flush=True)
            for name in THEIRS:
                theirs[name].append(run := by_keras_tuner(name, seed))
                print(f"seed {seed}, KerasTuner, {name}: {run}", flush=True)
    for peer, runs in theirs.items():
        print(_told(f"KerasTuner, {peer}", runs))
        for name, own in ours.items():
            print(_told(f"  the service, {name}", own, beside=runs))
