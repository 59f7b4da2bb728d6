"""Wall clock: what the service costs around the training itself.

The same candidates of the digits family (drawn at random, seeded) trained with the same callbacks and seeds: by bare
loops (build, fit, clear), one process and two processes at once, and by the service with one slot and two. Starting
Python and importing Keras is left out on every side. The runs train the same epochs, which is checked.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.service import Caller, running
from search_spaces.catalogue import load_catalogue
from tuner_service.domain.space import Space
from tuner_service.domain.study import Spec
from tuner_service.search import History, Question, suggest

CANDIDATES = 20
TRAINING: dict[str, Any] = {
    "epochs": 12,
    "batch_size": 64,
    "early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
    "reduce_lr_on_plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 2},
}
SEED = 5
ONE_SLOT_AIM, TWO_SLOTS_AIM = 1.05, 0.65
THREAD_VARIABLES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


def candidates() -> list[dict[str, Any]]:
    """Drawn by the service's own random search from the family's shipped space."""
    entry = next(e for e in load_catalogue()["search_spaces"] if e["name"] == "separable_convnet")
    space = Space.from_json(entry["parameters"])
    spec = Spec.from_json(
        {
            "name": "bench",
            "executor": "keras",
            "search_space": "separable_convnet",
            "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
            "search": {"algorithm": "random", "seed": SEED},
            "pruning": {"algorithm": "none"},
        }
    )
    history = History(spec, space)
    found = [suggest(history, Question(n, 0)) for n in range(CANDIDATES)]
    return [each.parameters for each in found]


def bare(shares: list[list[tuple[int, dict[str, Any]]]], threads: int | None) -> tuple[float, int]:
    """Seconds and epochs of bare loops, one process a share, all at once."""
    environment = dict(os.environ, CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
    if threads is not None:
        environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
    loops = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.bare_loop"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # TensorFlow's greetings
            text=True,
        )
        for _ in shares
    ]
    for loop in loops:
        assert loop.stdout is not None
        loop.stdout.readline()  # it has imported Keras
    started = time.perf_counter()
    for loop, share in zip(loops, shares, strict=True):
        assert loop.stdin is not None
        loop.stdin.write(json.dumps({"training": TRAINING, "seed": SEED, "candidates": share}))
        loop.stdin.close()
    epochs = 0
    for loop in loops:
        assert loop.stdout is not None
        epochs += int(loop.stdout.read())
        if loop.wait(60):
            raise RuntimeError("a bare loop failed")
    return time.perf_counter() - started, epochs


def by_the_service(slots: int, drawn: list[dict[str, Any]]) -> tuple[float, int]:
    """Seconds and epochs of a study of the same candidates, from its resuming to its end."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "--slots", str(slots)) as call,
    ):
        call(
            "POST",
            "/v1/studies",
            {
                "name": "bench",
                "search_space": "separable_convnet",
                "dataset": "digits",
                "search": {"algorithm": "random", "seed": SEED},
                "training": TRAINING,
                "budget": {"trials": len(drawn)},
            },
        )
        call("POST", "/v1/studies/bench/pause")
        for parameters in drawn:
            call("POST", "/v1/studies/bench/trials", {"parameters": parameters})
        wait_until_ready(call, slots)
        started = time.perf_counter()
        call("POST", "/v1/studies/bench/resume")
        while (study := call("GET", "/v1/studies/bench"))["state"] == "running":
            time.sleep(0.05)
        seconds = time.perf_counter() - started
        if study["progress"]["completed"] != len(drawn):
            raise RuntimeError(f"not every trial completed: {study['progress']}")
        trials = call("GET", "/v1/studies/bench/trials?limit=1000")["items"]
        return seconds, sum(trial["epochs"] for trial in trials)


def wait_until_ready(call: Caller, slots: int) -> None:
    """Train a trial of another study on every slot at once: then all have imported Keras."""
    call(
        "POST",
        "/v1/studies",
        {
            "name": "warm-up",
            "search_space": "dense",
            "dataset": "digits",
            "training": {"epochs": 60, "early_stopping": None},
            "budget": {"trials": 50},
        },
    )
    while call("GET", "/v1/studies/warm-up")["progress"]["running"] < slots:
        time.sleep(0.2)
    call("POST", "/v1/studies/warm-up/cancel")
    time.sleep(3)  # for the slots to hear of it


def main() -> None:
    print(f"# wall clock, {os.cpu_count()} cores, {CANDIDATES} candidates", flush=True)
    drawn = candidates()
    numbered = list(enumerate(drawn))
    alone, epochs = bare([numbered], None)
    print(f"a bare loop: {alone:.1f} s, {epochs} epochs", flush=True)
    two, two_epochs = bare([numbered[0::2], numbered[1::2]], 1)
    print(f"two bare loops at once: {two:.1f} s: {two / alone:.2f} times the bare loop", flush=True)
    for slots, aim in ((1, ONE_SLOT_AIM), (2, TWO_SLOTS_AIM)):
        seconds, service_epochs = by_the_service(slots, drawn)
        print(
            f"the service with {slots} slot{'s' if slots > 1 else ''}: {seconds:.1f} s, {service_epochs} epochs: "
            f"{seconds / alone:.2f} times the bare loop (aim {aim:g})",
            flush=True,
        )
    if two_epochs != epochs:
        print(f"note: one thread trained {two_epochs} epochs in all, rounding differs")
