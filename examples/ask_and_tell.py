"""Search the minimum of a function of one's own: the service proposes, this loop evaluates.

No Keras and no worker are involved; start as many of these loops at a time as you like.
"""

from tuner_service.client import Client
from tuner_service.domain.trial import Verdict

STUDY = {
    "name": "valley",
    "executor": "external",
    "search_space": {
        "parameters": [
            {"name": "x", "type": "float", "min": -2, "max": 2},
            {"name": "y", "type": "float", "min": -1, "max": 3},
        ]
    },
    "objectives": [{"metric": "height", "direction": "minimize"}],
    "search": {"algorithm": "bayesian", "seed": 1},
    "pruning": {"algorithm": "median"},
    "budget": {"trials": 40},
}
STEPS = 5


def height(x: float, y: float) -> float:
    """Rosenbrock's valley; its lowest point is (1, 1)."""
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def main() -> None:
    with Client() as client:
        # The key makes this safe to run twice: the second loop joins the study of the first.
        study = client.create_study(STUDY, idempotency_key="valley-1").name
        while (trial := client.claim(study, worker="ask-and-tell")) is not None:
            x, y = float(trial.parameters["x"]), float(trial.parameters["y"])
            for epoch in range(STEPS):
                estimate = height(x, y) + 1 / (epoch + 1)  # gets better with every step
                verdict = client.report(trial, epoch=epoch, metrics={"height": estimate})
                if verdict is not Verdict.CONTINUE:
                    break
            else:
                client.finish(trial, {"height": height(x, y)})
                continue
            if verdict is Verdict.PAUSE:  # a pruned or cancelled trial has ended already
                client.release(trial)
        print(client.best(study))


if __name__ == "__main__":
    main()
