"""``tuner study pause``, ``resume``, ``cancel``, ``extend``, ``queue`` and ``delete``."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner_service.cli.connection import on_server
from tuner_service.cli.failure import UserError
from tuner_service.cli.options import Study
from tuner_service.cli.studies import trials_ended

if TYPE_CHECKING:  # see connection.py
    from tuner_service.client import Client
    from tuner_service.wire import StudyReply


def register(app: typer.Typer) -> None:
    for command in (pause, resume, cancel, extend, queue, delete):
        app.command()(on_server(command))


def pause(client: "Client", study: Study) -> None:
    """Hand out no more trials; running ones give their slots back."""
    _tell(client.pause(study))


def resume(client: "Client", study: Study) -> None:
    """Go on with a paused study."""
    _tell(client.resume(study))


def cancel(
    client: "Client",
    study: Study,
    trial: Annotated[
        int | None, typer.Option(min=0, help="Only this trial.", show_default=False)
    ] = None,
) -> None:
    """End a study and its open trials at once, or one of them."""
    if trial is None:
        _tell(client.cancel(study))
    else:
        state = client.cancel_trial(study, trial).state
        typer.echo(f'trial {trial} of study "{study}" is {state}')


def extend(
    client: "Client",
    study: Study,
    trials: Annotated[int, typer.Option("--trials", min=1, help="How many.", show_default=False)],
) -> None:
    """Add trials to the budget; a completed study runs again."""
    _tell(client.extend(study, trials=trials))


def queue(
    client: "Client",
    study: Study,
    parameters: Annotated[
        list[str], typer.Argument(help="NAME=VALUE, as many as wanted.", show_default=False)
    ],
    extend: Annotated[
        bool,
        typer.Option("--extend", help="If the budget is spent, add one trial to it for this."),
    ] = False,
) -> None:
    """Try this very candidate next; parameters that are not named are searched."""
    from tuner_service.client.spec import parse_study

    candidate: dict[str, Any] = {}
    for parameter in parameters:
        name, separator, value = parameter.partition("=")
        if not separator:
            raise UserError(f'"{parameter}" is no parameter; expected NAME=VALUE')
        candidate |= parse_study(f"{json.dumps(name)}: {value}", source=parameter, is_json=False)
    trial = client.queue_candidate(study, candidate, extend=extend)
    typer.echo(f'trial {trial.number} of study "{study}" is {trial.state}')


def delete(client: "Client", study: Study) -> None:
    """Delete a study with its trials and files."""
    client.delete(study)
    typer.echo(f'study "{study}" is deleted')


def _tell(study: "StudyReply") -> None:
    typer.echo(f'study "{study.name}" is {study.state}, {trials_ended(study)} trials have ended')
