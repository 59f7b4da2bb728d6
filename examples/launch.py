"""Launch a study, follow it, fetch the winner's files.

Needs a running service (``tuner up``) and nothing else: its address and token are found in its home.
"""

from pathlib import Path

from tuner_service.client import Client, StudyEvent, TrialEvent

STUDY = {
    "search_space": "dense",
    "dataset": "breast_cancer",
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "search": {"algorithm": "bayesian", "seed": 1},
    "training": {"epochs": 20},
    "budget": {"trials": 8},
}


def main() -> None:
    with Client() as client:
        study = client.create_study(STUDY)
        print(f"{client.url} has opened {study.name}")
        for event in client.watch(study.name):
            if isinstance(event, TrialEvent) and event.data.finished_at is not None:
                print(f"trial {event.data.number} {event.data.state}: {event.data.values}")
            elif isinstance(event, StudyEvent):
                print(f"study {event.data.state}")

        best = client.best(study.name)
        if best is None:
            raise SystemExit("no trial has completed")
        print(f"the best is trial {best.trial} with {best.values}: {best.parameters}")
        folder = Path(study.name)
        folder.mkdir(exist_ok=True)
        for artifact in client.artifacts(study.name, best.trial):
            print(client.download(study.name, best.trial, artifact, folder))


if __name__ == "__main__":
    main()
