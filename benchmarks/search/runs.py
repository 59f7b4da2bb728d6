"""Runs that are kept as lines of JSON, so that what is there already is not run again."""

import json
import multiprocessing
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import tuner_service.search
from benchmarks.search.algorithms import ALGORITHMS, BUDGETS
from benchmarks.search.clock import best_so_far
from benchmarks.search.problems import problems
from tuner_service.domain import parameter, space
from tuner_service.service.studies import prunings, searches

KEPT = Path("build/search/runs.jsonl")


DECISIVE = ("clock", "functions", "keras_tuners", "models", "optunas", "problem", "tables")
"""The files here that decide how a run goes."""


class Job(NamedTuple):
    problem: str
    algorithm: str
    at_once: int
    seed: int
    budget: int


@dataclass(frozen=True)
class Run:
    """``best`` is the least loss after each trial, ``of`` names the code that was asked."""

    job: Job
    of: str
    best: tuple[float, ...]
    seconds: float
    """Of the processor's time."""


def jobs(
    names: Iterable[str], algorithms: Iterable[str], at_once: Iterable[int], seeds: int
) -> list[Job]:
    """What there is to run, all of one seed before the next."""
    found = []
    for seed in range(seeds):
        for name in names:
            problem = problems()[name]
            for algorithm in map(ALGORITHMS.__getitem__, algorithms):
                budgets = {algorithm.run_for(problem, budget) for budget in BUDGETS}
                found += [
                    Job(name, algorithm.runs_as(problem, budget), n, seed, budget)
                    for n in at_once
                    if n in algorithm.at_once
                    for budget in sorted(b for b in budgets if b is not None)
                ]
    return list(dict.fromkeys(found))


def load(path: Path = KEPT) -> dict[Job, Run]:
    """What is kept of the code as it is now."""
    if not path.exists():
        return {}
    runs = {}
    for line in path.read_text().splitlines():
        data = json.loads(line)
        job = Job(*data["job"])
        if data["of"] == code(job.algorithm):
            runs[job] = Run(job, data["of"], tuple(data["best"]), data["seconds"])
    return runs


def run_missing(wanted: list[Job], processes: int, path: Path = KEPT) -> Iterator[Run]:
    """Run what is not kept yet; each is kept when it ends."""
    kept = load(path)
    missing = [job for job in wanted if job not in kept]
    path.parent.mkdir(parents=True, exist_ok=True)
    # Read by the processes when they begin: one thread each, or they stand in each other's way.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes) as pool, path.open("a") as lines:
        for run in pool.imap_unordered(run_one, missing):
            print(json.dumps(asdict(run)), file=lines, flush=True)
            yield run


def run_one(job: Job) -> Run:
    problem = problems()[job.problem]
    # Another one for each problem, or a lucky first draw would be lucky in all of them.
    seed = crc32(f"{job.problem} {job.seed}".encode()) % 2**31
    searcher = ALGORITHMS[job.algorithm].make(problem, job.budget, seed)
    began = time.process_time()
    best = best_so_far(problem, searcher, job.budget, job.at_once, seed)
    seconds = time.process_time() - began
    return Run(job, code(job.algorithm), tuple(float(f"{loss:.8g}") for loss in best), seconds)


@cache
def code(algorithm: str) -> str:
    """The version of a peer's package or a digest of our own search, and one of what runs it."""
    peer = {"optuna": "optuna", "kerastuner": "keras-tuner"}.get(algorithm.partition("-")[0])
    here = _digest(Path(__file__).parent / f"{name}.py" for name in DECISIVE)
    if peer is not None:
        return f"{peer} {version(peer)} {here}"
    ours = [parameter.__file__, space.__file__, searches.__file__, prunings.__file__]
    return _digest([*Path(tuner_service.search.__path__[0]).rglob("*.py"), *map(Path, ours)]) + here


def _digest(files: Iterable[Path]) -> str:
    return sha256(b"".join(file.read_bytes() for file in sorted(files))).hexdigest()[:12]
