"""Following a study until it is over: live in a terminal, line by line elsewhere."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from tuner_service.cli import lines, live
from tuner_service.cli.output import console
from tuner_service.cli.progress import Progress
from tuner_service.domain.study import StudyState

if TYPE_CHECKING:  # see connection.py
    from tuner_service.client import Client


def follow(client: "Client", study: str, *, as_json: bool) -> None:
    """Show what happens in a study until it is over. Exits with 1 if it failed or was cancelled."""
    try:
        state = (
            _print_events(client, study) if as_json else show_progress(client, study).study.state
        )
    except KeyboardInterrupt:
        typer.echo(f"the study goes on; see it again with: tuner study watch {study}", err=True)
        raise
    if state is not StudyState.COMPLETED:
        raise typer.Exit(1)


def show_progress(client: "Client", study: str) -> Progress:
    """Show a study's progress until it is over, and its summary; how it stands then."""
    progress = Progress(client.study(study), clock=lambda: datetime.now(UTC))
    events = client.watch(study)
    if (screen := console()).is_terminal:
        live.show(events, progress, screen)
    else:
        for line in lines.tell(events, progress, clock=time.monotonic):
            typer.echo(line)
    typer.echo(lines.summary(progress))
    return progress


def _print_events(client: "Client", study: str) -> StudyState:
    from tuner_service.client import StudyEvent

    state = StudyState.RUNNING
    for event in client.watch(study):
        # The server's text as it is, wrapped: it is one line of JSON already.
        typer.echo(f'{{"id": {event.id}, "event": "{event.kind}", "data": {event.text}}}')
        if isinstance(event, StudyEvent):
            state = event.data.state
    return state
