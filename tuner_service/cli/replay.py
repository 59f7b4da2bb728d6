"""``tuner study replay``."""

from typing import TYPE_CHECKING

import typer

from tuner_service.cli.connection import on_server
from tuner_service.cli.options import Json, Study
from tuner_service.cli.output import console, print_json, print_table, settings

if TYPE_CHECKING:  # see connection.py
    from tuner_service.client import Client
    from tuner_service.wire import ReplayReply


def register(app: typer.Typer) -> None:
    app.command()(on_server(replay))


def replay(client: "Client", study: Study, as_json: Json = False) -> None:
    """Make every suggestion of a study once more, and confirm it, or show the first that differs.

    The server does it from what each trial recorded: seed, history and running trials. Exits with 1 if one differs.
    """
    confirmed, not_searched = 0, 0
    with console().status("asking the search once more …") as status:
        for each in client.replay(study):
            if each.verdict == "differs":
                status.stop()
                _tell(study, each, confirmed, as_json)
                raise typer.Exit(1)
            confirmed += each.verdict == "confirmed"
            not_searched += each.verdict == "not_searched"
            status.update(f"{confirmed} suggestions confirmed …")
    if as_json:
        return print_json({"confirmed": confirmed, "not_searched": not_searched, "differs": None})
    others = f"; {not_searched} not searched" if not_searched else ""
    told = "1 suggestion" if confirmed == 1 else f"{confirmed} suggestions"
    return typer.echo(f"{told} confirmed, none differs{others}")


def _tell(study: str, trial: "ReplayReply", confirmed: int, as_json: bool) -> None:
    if as_json:
        told = trial.model_dump(mode="json")
        return print_json({"confirmed": confirmed, "differs": told})
    made = trial.suggestion
    again = trial.recomputed or {}
    typer.echo(f"trial {trial.number} differs, after {confirmed} that were confirmed:")
    names = {**trial.parameters, **again}
    differing = [name for name in names if trial.parameters.get(name) != again.get(name)]
    print_table(
        ("parameter", "the trial has", "now it would be"),
        ([name, trial.parameters.get(name), again.get(name)] for name in differing),
        empty="it differs in parameters that are without effect",
    )
    if made is not None:
        typer.echo(f"it was suggested by {made.sampler} with {settings(made.versions)}")
    if made is not None and trial.recomputed_with not in (None, made.versions):
        typer.echo(f"this server has {settings(trial.recomputed_with or {})}")
    return None
