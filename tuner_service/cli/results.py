"""``tuner study trials``, ``trial``, ``best``, ``log``, ``download`` and ``importance``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuner_service.cli.connection import on_server
from tuner_service.cli.failure import UserError
from tuner_service.cli.options import Json, Study, Trial
from tuner_service.cli.output import duration, print_facts, print_json, print_table, settings

if TYPE_CHECKING:  # see connection.py
    from tuner_service.client import Client


def register(app: typer.Typer) -> None:
    for command in (trials, trial, best, log, download, importance):
        app.command()(on_server(command))


def trials(
    client: "Client",
    study: Study,
    state: Annotated[
        str | None,
        typer.Option(
            help="Only those queued, running, completed, pruned, failed or cancelled.",
            show_default=False,
        ),
    ] = None,
    order_by: Annotated[
        str | None, typer.Option(help="As the API's order_by.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List a study's trials."""
    from tuner_service.client.transport import path
    from tuner_service.wire import TrialReply

    found = client.transport.pages(path("studies", study, "trials"), state=state, order_by=order_by)
    if as_json:
        return print_json(list(found))
    replies = (TrialReply.model_validate(each) for each in found)
    return print_table(
        ("trial", "state", "values", "epochs", "seconds", "worker", "parameters"),
        (
            [
                each.number,
                each.state,
                each.values,
                each.epochs,
                each.seconds,
                each.worker,
                each.parameters,
            ]
            for each in replies
        ),
        empty="there are no such trials" if state else "there are no trials yet",
    )


def trial(client: "Client", study: Study, number: Trial, as_json: Json = False) -> None:
    """Show one trial with its epochs and its history."""
    from tuner_service.client.transport import path
    from tuner_service.wire import TrialReply

    found = client.transport.get(path("studies", study, "trials", number))
    if as_json:
        return print_json(found)
    reply = TrialReply.model_validate(found)
    print_facts(
        {
            "trial": reply.number,
            "state": reply.state,
            "values": reply.values,
            "best epoch": reply.best_epoch,
            "model parameters": reply.model_parameters,
            "took": duration(reply.seconds) if reply.seconds is not None else None,
            "error": reply.error,
            **reply.parameters,
        }
    )
    for line in reply.history or []:
        where = f" by {line.worker}" if line.worker else ""
        why = f": {line.detail}" if line.detail else ""
        at = line.at.isoformat(" ", "seconds")
        typer.echo(f"{at}  {line.what}{where} (attempt {line.attempt}){why}")
    return print_table(
        ("epoch", "seconds", "metrics"),
        ([e.epoch, e.seconds, settings(e.metrics)] for e in client.epochs(study, number)),
        empty="no epoch was reported",
    )


def best(client: "Client", study: Study, as_json: Json = False) -> None:
    """Show a study's best trial so far."""
    from tuner_service.client.transport import path
    from tuner_service.wire import StudyReply

    found = client.transport.get(path("studies", study))
    if as_json:
        return print_json(found["best"])
    reply = StudyReply.model_validate(found).best
    if reply is None:
        return typer.echo("no trial has completed yet")
    return print_facts({"trial": reply.trial, **reply.values, **reply.parameters})


def log(client: "Client", study: Study, number: Trial, as_json: Json = False) -> None:
    """Print the last lines that a trial printed; with --json an array of them."""
    text = client.log(study, number)
    if as_json:
        return print_json(text.splitlines())
    return typer.echo(text, nl=False)


def download(
    client: "Client",
    study: Study,
    number: Annotated[
        int | None, typer.Argument(help="The trial; default: the best one.", show_default=False)
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="The folder to put them in.")] = Path(),
) -> None:
    """Fetch a trial's files, each verified by its digest."""
    if number is None:
        winner = client.best(study)
        if winner is None:
            raise UserError(f'no trial of study "{study}" has completed yet')
        number = winner.trial
    artifacts = list(client.artifacts(study, number))
    if not artifacts:
        raise UserError(f'trial {number} of study "{study}" has no files')
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot use the folder {to}: {error.strerror}") from error
    for artifact in artifacts:
        typer.echo(client.download(study, number, artifact, to))


def importance(client: "Client", study: Study, as_json: Json = False) -> None:
    """Show how much each parameter matters."""
    from tuner_service.client.transport import path

    found = client.transport.get(path("studies", study, "importance"))
    if as_json:
        return print_json(found)
    return print_table(
        ("parameter", f"share of {found['metric']}"),
        ([name, f"{share:.3f}"] for name, share in found["importance"].items()),
        empty="too few trials have completed to tell",
    )
