"""Search the minimum of a function of one's own: the service proposes, this loop evaluates.

No Keras and no worker are involved; start as many of these loops at a time as you like. Each opens the study and claims
its trials, and so needs an admin's token: the local home's, or one of TUNER_TOKEN.
"""

from tuner_service.client import ApiError, Client
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


def search(client: Client) -> None:
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


def main() -> None:
    with Client() as client:
        try:
            search(client)
        except ApiError as error:
            if error.status != 403:
                raise
            # A submitter has opened the study by now; the key lets an admin go on with it.
            raise SystemExit(
                f"{error.detail}. This loop opens a study and claims its trials, which takes an admin's token: "
                "start it again with one in TUNER_TOKEN, or without any beside the server"
            ) from None


if __name__ == "__main__":
    main()
