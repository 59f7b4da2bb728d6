"""Programs read what people read: a command either changes something, or takes --json."""

from collections.abc import Iterator

import typer
from typer.main import get_command

from tuner_service.cli.app import app

CHANGING = {
    "up",
    "serve",
    "worker",
    "login",
    "demo",
    "study pause",
    "study resume",
    "study cancel",
    "study extend",
    "study queue",
    "study delete",
    "study download",
    "datasets remove",
    "token create",
    "token revoke",
    "db upgrade",
    "db backup",
    "db restore",
    "db fence",
}
"""What starts, changes or fetches something, and prints a word on it."""


def commands(group: typer.core.TyperGroup, before: str = "") -> Iterator[tuple[str, set[str]]]:
    """Each command in full, with its options."""
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, f"{before}{name} ")
        else:
            yield before + name, {option for each in command.params for option in each.opts}


def test_every_command_that_reads_takes_json() -> None:
    group = get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    lacking = {name for name, options in commands(group) if "--json" not in options}
    assert lacking == CHANGING
