"""``tuner demo``: the whole way once, from a fresh folder to a winner."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner_service.cli.failure import UserError

if TYPE_CHECKING:  # see connection.py
    from tuner_service.cli.progress import Progress
    from tuner_service.client import Client

GOOD_ENOUGH = 0.97
STUDY: dict[str, Any] = {
    "search_space": "separable_convnet",
    "dataset": "digits",
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "search": {"algorithm": "bayesian", "seed": 7},
    "training": {
        "epochs": 30,
        "batch_size": 64,
        "early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
        "reduce_lr_on_plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 2},
    },
    "budget": {"trials": 16},
}


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    home: Annotated[
        Path | None,
        typer.Option("--home", help="The folder to use. Default: a fresh one.", show_default=False),
    ] = None,
) -> None:
    """Search a small network for handwritten digits: server, worker, study and winner in one go."""
    from tuner_service.cli.following import show_progress
    from tuner_service.cli.service_process import running_service
    from tuner_service.client import Client
    from tuner_service.home import read_token
    from tuner_service.worker.devices import default_slots

    folder = home or Path(tempfile.mkdtemp(prefix="tuner-demo-"))
    slots = default_slots(gpus=[])  # so small a network gains nothing from a GPU
    typer.echo(f"home     {folder}")
    try:
        with (
            running_service(folder, slots=slots) as server,
            # The token by name: one in the environment is for another server.
            Client(server.url, read_token(folder)) as client,
        ):
            typer.echo(f"server   {server.url}, with a local worker of {slots} slot(s)")
            typer.echo(f"log in   {server.login} (while the demo runs)")
            study = client.create_study(STUDY)
            typer.echo(f'study    "{study.name}", {study.progress.budget} trials')
            progress = show_progress(client, study.name)
            _print_winner(client, progress, folder)
    finally:
        typer.echo("everything that was started is stopped; look again with:")
        typer.echo(f"  tuner up --home {folder}")


def _print_winner(client: "Client", progress: "Progress", folder: Path) -> None:
    """Raises UserError where the study has no winner that is good enough."""
    from tuner_service.cli.output import print_facts
    from tuner_service.domain.study import StudyState

    study = client.study(progress.study.name)
    if study.state is not StudyState.COMPLETED or study.best is None:
        raise UserError(f'study "{study.name}" is {study.state}: {study.reason or "no winner"}')
    target = folder / "winner"
    target.mkdir(exist_ok=True)
    files = [
        client.download(study.name, study.best.trial, artifact, target)
        for artifact in client.artifacts(study.name, study.best.trial)
    ]
    accuracy = study.best.values["val_accuracy"]
    print_facts(
        {
            "winner": f"trial {study.best.trial}",
            "validation accuracy": f"{accuracy:.4f}",
            **study.best.parameters,
            "files": "\n".join(map(str, files)),
        }
    )
    if accuracy < GOOD_ENOUGH:
        raise UserError(
            f"the validation accuracy is {accuracy:.4f}, expected {GOOD_ENOUGH} or more"
        )
