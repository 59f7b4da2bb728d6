"""``python -m benchmarks.search``: run what is missing, then write the report."""

import argparse
import time
from collections import defaultdict

from benchmarks.search import report
from benchmarks.search.algorithms import ALGORITHMS, AT_ONCE
from benchmarks.search.problems import problems
from benchmarks.search.runs import jobs, load, run_missing


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.add_argument("--problems", nargs="+", choices=problems(), default=list(problems()))
    usual = [algorithm.name for algorithm in ALGORITHMS.values() if algorithm.needs is None]
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=usual)
    parser.add_argument("--at-once", nargs="+", type=int, choices=AT_ONCE, default=AT_ONCE)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    for algorithm in map(ALGORITHMS.__getitem__, asked.algorithms):
        if algorithm.is_missing:
            parser.error(f"{algorithm.name} needs {algorithm.needs}, which is not installed")
    wanted = jobs(asked.problems, asked.algorithms, asked.at_once, asked.seeds)
    began = time.monotonic()
    spent: defaultdict[str, float] = defaultdict(float)
    for done, run in enumerate(run_missing(wanted, asked.processes), start=1):
        spent[run.job.algorithm] += run.seconds
        if done % 50 == 0:
            print(f"{done} of at most {len(wanted)} runs, {time.monotonic() - began:.0f} s")
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"{name}: {seconds:.0f} s of processor time")
    report.write(load())
    print(f"written: {report.PAGE}")


if __name__ == "__main__":
    main()
