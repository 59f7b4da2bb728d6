"""``tuner study create``, ``list``, ``show`` and ``watch``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuner_service.cli.connection import on_server
from tuner_service.cli.options import Json, Study
from tuner_service.cli.output import duration, print_facts, print_json, print_table, settings

if TYPE_CHECKING:  # see connection.py
    from tuner_service.client import Client
    from tuner_service.wire import StudyReply


def register(app: typer.Typer) -> None:
    app.command()(on_server(create))
    app.command("list")(on_server(list_))
    app.command()(on_server(show))
    app.command()(on_server(watch))


def create(
    client: "Client",
    file: Annotated[
        str, typer.Argument(help="A YAML or JSON file, or - for stdin.", show_default=False)
    ],
    watch: Annotated[bool, typer.Option("--watch", help="Follow it until it is over.")] = False,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="An idempotency key: the same key opens one study only.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Launch a study from a file."""
    from tuner_service.cli.following import follow
    from tuner_service.client.spec import load_study, parse_study

    from_stdin = file == "-"  # YAML reads JSON too
    spec = (
        parse_study(sys.stdin.read(), source="<stdin>", is_json=False)
        if from_stdin
        else load_study(Path(file))
    )
    study = client.create_study(spec, idempotency_key=key)
    if as_json and not watch:
        return print_json(client.transport.get(f"/v1/studies/{study.name}"))
    if not as_json:
        typer.echo(f'study "{study.name}" is {study.state} with {study.progress.budget} trials')
    if watch:
        follow(client, study.name, as_json=as_json)
    return None


def list_(
    client: "Client",
    state: Annotated[
        str | None,
        typer.Option(
            help="Only those running, paused, completed, cancelled or failed.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the studies, newest first."""
    from tuner_service.wire import StudyReply

    found = client.transport.pages("/v1/studies", state=state)
    if as_json:
        return print_json(list(found))
    studies = (StudyReply.model_validate(study) for study in found)
    return print_table(
        ("study", "state", "trials", "best", "created"),
        (
            [
                study.name,
                study.state,
                trials_ended(study),
                settings(study.best.values) if study.best else None,
                study.created_at.isoformat(" ", "seconds"),
            ]
            for study in studies
        ),
        empty="there are no studies"
        if state
        else "there are no studies yet; see: tuner study create",
    )


def show(client: "Client", study: Study, as_json: Json = False) -> None:
    """Show a study: how far it is, its best trial, what it searches."""
    from tuner_service.client.transport import path
    from tuner_service.wire import StudyReply

    found = client.transport.get(path("studies", study))
    if as_json:
        return print_json(found)
    reply = StudyReply.model_validate(found)
    spec, progress = reply.spec, reply.progress
    space = spec["search_space"]
    seconds = spec["budget"].get("seconds")
    search = dict(spec["search"])
    picked = search.pop("picked", {})
    why = picked.pop("why", None)
    return print_facts(
        {
            "study": reply.name,
            "state": reply.state,
            "reason": reply.reason,
            "created": reply.created_at.isoformat(" ", "seconds"),
            "search space": space if isinstance(space, str) else "its own",
            "data set": spec.get("dataset"),
            "objectives": [f"{o['direction']} {o['metric']}" for o in spec["objectives"]],
            "search": settings(search),
            "picked": settings(picked) if picked else None,
            "picked because": why,
            "pruning": settings(spec["pruning"]),
            "time budget": duration(seconds) if seconds else None,
            "trials": trials_ended(reply),
            "of these": settings(progress.model_dump(exclude={"budget"})),
            "best trial": reply.best.trial if reply.best else None,
            "best values": reply.best.values if reply.best else None,
            "best parameters": reply.best.parameters if reply.best else None,
        }
    )


def watch(
    client: "Client",
    study: Study,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one event a line, as JSON.")
    ] = False,
) -> None:
    """Follow a study until it is over; exit code 1 if it failed or was cancelled."""
    from tuner_service.cli.following import follow

    follow(client, study, as_json=as_json)


def trials_ended(study: "StudyReply") -> str:
    """How many trials have ended, of how many: ``3 of 40``."""
    progress = study.progress
    ended = progress.completed + progress.pruned + progress.failed + progress.cancelled
    return f"{ended} of {progress.budget}"
