"""Run the benchmarks named on the command line, or all of them."""

import sys
from collections.abc import Callable

from benchmarks import (
    asks,
    bookkeeping,
    checkpoints,
    dashboard,
    time_to_target,
    verdicts,
    wall_clock,
)

BENCHMARKS: dict[str, Callable[[], None]] = {
    "asks": asks.main,
    "bookkeeping": bookkeeping.main,
    "checkpoints": checkpoints.main,
    "dashboard": dashboard.main,
    "time_to_target": time_to_target.main,
    "verdicts": verdicts.main,
    "wall_clock": wall_clock.main,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
