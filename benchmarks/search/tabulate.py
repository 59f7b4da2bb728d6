"""Train every candidate of the real problems once and keep its losses.

``OMP_NUM_THREADS=1 python -m benchmarks.search.tabulate [NAME …]`` takes an hour on one core. The tables are part of
the repository, since a benchmark should not begin with that.
"""

import sys
import time

import numpy as np

from benchmarks.search import tables
from benchmarks.search.models import MODELS
from tuner_service.domain.space import Space


def main(names: list[str]) -> None:
    for name in names or MODELS:
        model = MODELS[name]
        space = Space.from_json(model.parameters)
        began = time.perf_counter()
        curves = [model.curve(candidate) for candidate in space.candidates()]
        tables.save(name, space, np.array(curves))
        print(
            f"{name}: {len(curves)} candidates in {time.perf_counter() - began:.0f} s", flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
