"""Test functions, most of them known from the literature. Their optima lie away from the middle of the space.

Surjanovic and Bingham's library (sfu.ca/~ssurjano) has Branin, Hartmann, Ackley, Levy and Rosenbrock; ``func3c`` is
from Ru et al. (2020, arXiv:1906.08878), ``jenatton`` from Jenatton et al. (2017); ``network`` and ``pairs`` are ours.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from math import cos, e, exp, log10, pi, sin, sqrt

import numpy as np

from benchmarks.search.problem import Candidate, Problem, choice, real, under, whole

Point = Sequence[float]


def branin(x: Point) -> float:
    near = x[1] - 5.1 / (4 * pi**2) * x[0] ** 2 + 5 / pi * x[0] - 6
    return near**2 + 10 * (1 - 1 / (8 * pi)) * cos(x[0]) + 10


_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_SLOPES = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_PITS = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(x: Point) -> float:
    return float(-_HEIGHTS @ np.exp(-np.sum(_SLOPES * (np.array(x) - _PITS) ** 2, axis=1)))


def ackley(x: Point) -> float:
    far = sqrt(sum(v * v for v in x) / len(x))
    waves = sum(cos(2 * pi * v) for v in x) / len(x)
    return -20 * exp(-0.2 * far) - exp(waves) + 20 + e


def levy(x: Point) -> float:
    w = [1 + (v - 1) / 4 for v in x]
    between = sum((v - 1) ** 2 * (1 + 10 * sin(pi * v + 1) ** 2) for v in w[:-1])
    last = (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)
    return sin(pi * w[0]) ** 2 + between + last


def rosenbrock(x: Point) -> float:
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def six_hump_camel(x: Point) -> float:
    a, b = x
    return (4 - 2.1 * a**2 + a**4 / 3) * a**2 + a * b + (4 * b**2 - 4) * b**2


def beale(x: Point) -> float:
    a, b = x
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def of_numbers(
    name: str,
    function: Callable[[Point], float],
    bounds: Sequence[tuple[float, float]],
    best: float,
    moved: Sequence[float] | None = None,
) -> Problem:
    """A function of numbers alone, its optimum ``moved`` by so much along each of them."""
    names = [f"x{index + 1}" for index in range(len(bounds))]
    by = moved or [0.0] * len(bounds)

    def curve(candidate: Candidate) -> list[float]:
        return [function([float(candidate[n]) - m for n, m in zip(names, by, strict=True)])]

    ranges = [real(n, low, high) for n, (low, high) in zip(names, bounds, strict=True)]
    return Problem(name, ranges, curve, best)


def hartmann6_of_20() -> Problem:
    """Six parameters matter and fourteen do not, which is what a deep model's are like."""
    names = [f"x{index + 1}" for index in range(20)]

    def curve(candidate: Candidate) -> list[float]:
        return [hartmann6([float(candidate[n]) for n in names[1::3][:6]])]

    return Problem("hartmann6_of_20", [real(n, 0.0, 1.0) for n in names], curve, -3.32237)


def func3c() -> Problem:
    """Three choices say which functions of two numbers are summed up."""
    scaled = {
        "rosenbrock": lambda x: rosenbrock(x) / 300,
        "camel": lambda x: six_hump_camel(x) / 10,
        "beale": lambda x: beale(x) / 50,
    }
    weights = {"first": {}, "second": {}, "third": {"camel": 5, "rosenbrock": 2, "beale": 3}}

    def curve(candidate: Candidate) -> list[float]:
        x = [float(candidate["x1"]), float(candidate["x2"])]
        return [
            sum(
                weight.get(str(candidate[name]), 1) * scaled[str(candidate[name])](x)
                for name, weight in weights.items()
            )
        ]

    parameters = [
        *(choice(name, *scaled) for name in weights),
        real("x1", -2.0, 2.0),
        real("x2", -2.0, 2.0),
    ]
    return Problem("func3c", parameters, curve, best=-0.7 * 1.0316284535)


def jenatton() -> Problem:
    """A tree of conditions, with numbers at its nodes and leaves; the leaves' optima moved."""
    leaves = {
        ("left", "left"): ("x4", "r8", 0.1),
        ("left", "right"): ("x5", "r8", 0.2),
        ("right", "left"): ("x6", "r9", 0.3),
        ("right", "right"): ("x7", "r9", 0.4),
    }
    moved = {"x4": 0.4, "x5": -0.3, "x6": 0.2, "x7": -0.6, "r8": 0.3, "r9": 0.8}

    def curve(candidate: Candidate) -> list[float]:
        below = "x2" if candidate["x1"] == "left" else "x3"
        leaf, node, height = leaves[str(candidate["x1"]), str(candidate[below])]
        off = {name: float(candidate[name]) - moved[name] for name in (leaf, node)}
        return [off[leaf] ** 2 + height + abs(off[node])]

    parameters = [
        choice("x1", "right", "left"),
        choice("x2", "right", "left", **under("x1", "left")),
        choice("x3", "right", "left", **under("x1", "right")),
        real("r8", 0.0, 1.0, **under("x1", "left")),
        real("r9", 0.0, 1.0, **under("x1", "right")),
        real("x4", -1.0, 1.0, **under("x2", "left")),
        real("x5", -1.0, 1.0, **under("x2", "right")),
        real("x6", -1.0, 1.0, **under("x3", "left")),
        real("x7", -1.0, 1.0, **under("x3", "right")),
    ]
    return Problem("jenatton", parameters, curve, best=0.1)


def network() -> Problem:
    """What trainings are like, as a formula: a rate for each optimizer, cliffs above it, units that ask for dropout."""
    rates = {"sgd": -1.2, "adam": -3.1, "rmsprop": -3.4, "adagrad": -2.0}
    behind = {"sgd": 0.0, "adam": 0.02, "rmsprop": 0.05, "adagrad": 0.15}
    activations = {"relu": 0.0, "elu": 0.02, "tanh": 0.06, "sigmoid": 0.2}

    def curve(candidate: Candidate) -> list[float]:
        optimizer, layers = str(candidate["optimizer"]), int(candidate["layers"])
        best_rate = rates[optimizer] - 0.15 * (layers - 4)
        if optimizer == "sgd":
            best_rate -= float(candidate["momentum"]) - 0.9
        if not candidate["batch_norm"]:
            best_rate -= 0.5
        off = log10(float(candidate["learning_rate"])) - best_rate
        rate = 0.8 * (1 - exp(-(off**2) * (1.5 if off > 0 else 0.25)))
        momentum = abs(float(candidate["momentum"]) - 0.9) / 5 if optimizer == "sgd" else 0.0
        units = log10(int(candidate["units"]) * layers)
        capacity = 0.15 * (units - 2.8) ** 2
        dropout = 0.5 * (float(candidate["dropout"]) - 0.1 - 0.2 * max(0.0, units - 2.0)) ** 2
        unsteady = 0.0 if candidate["batch_norm"] else 0.03 * layers
        return [
            behind[optimizer]
            + activations[str(candidate["activation"])]
            + rate
            + momentum
            + capacity
            + dropout
            + unsteady
            + 0.02 * abs(layers - 4)
        ]

    parameters = [
        choice("optimizer", "rmsprop", "adagrad", "adam", "sgd"),
        real("learning_rate", 1e-5, 1.0, log=True),
        real("momentum", 0.0, 0.99, **under("optimizer", "sgd")),
        whole("layers", 1, 8),
        whole("units", 8, 1024, log=True),
        real("dropout", 0.0, 0.7),
        choice("activation", *sorted(activations, reverse=True)),
        {"name": "batch_norm", "type": "bool"},
    ]
    # 158 units in each of four layers are the nearest to 10 ** 2.8 in all.
    best = 0.15 * (log10(4 * 158) - 2.8) ** 2
    return Problem("network", parameters, curve, best)


def pairs() -> Problem:
    """Choices alone, eight of four, and what each pair of neighbours is worth: rugged, without any order."""
    random = np.random.default_rng(8)
    count, among = 8, 4
    worth = random.random((count, among, among))
    names = [f"x{index + 1}" for index in range(count)]

    def total(levels: Sequence[int]) -> float:
        return float(sum(worth[i, levels[i], levels[(i + 1) % count]] for i in range(count)))

    def curve(candidate: Candidate) -> list[float]:
        return [total(["abcd".index(str(candidate[name])) for name in names])]

    best = min(total(levels) for levels in product(range(among), repeat=count))
    return Problem("pairs", [choice(name, *"abcd") for name in names], curve, best)


def functions() -> list[Problem]:
    return [
        of_numbers("branin", branin, [(-5.0, 10.0), (0.0, 15.0)], best=0.397887),
        of_numbers("hartmann6", hartmann6, [(0.0, 1.0)] * 6, best=-3.32237),
        hartmann6_of_20(),
        of_numbers("ackley5", ackley, [(-5.0, 5.0)] * 5, 0.0, moved=[1.7, -2.3, 0.9, 3.1, -1.2]),
        of_numbers("levy4", levy, [(-10.0, 10.0)] * 4, 0.0, moved=[2.6, -4.1, 5.3, -1.4]),
        of_numbers("rosenbrock4", rosenbrock, [(-2.0, 2.0)] * 4, best=0.0),
        func3c(),
        pairs(),
        network(),
        jenatton(),
    ]
