"""The command ``tuner``: what it is made of, and how it ends."""

import sys
from typing import Annotated

import typer

from tuner_service import __version__
from tuner_service.cli import (
    catalogue,
    database,
    datasets,
    demo,
    login,
    replay,
    results,
    serve,
    steering,
    studies,
    tokens,
    up,
    worker,
)
from tuner_service.cli.failure import explain

app = typer.Typer(
    name="tuner",
    help="Hyperparameter optimization for Keras: post a study, get a tested winner.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
study = typer.Typer(help="Launch studies, watch them, steer them.", no_args_is_help=True)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _tuner(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Hyperparameter optimization for Keras: post a study, get a tested winner."""


for part in (up, serve, worker, login, demo, catalogue, datasets):
    part.register(app)
app.add_typer(study, name="study")
for part in (studies, results, replay, steering):
    part.register(study)
app.add_typer(tokens.app, name="token")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command line; a mistake of the user ends it with one message and exit code 1."""
    try:
        app(prog_name="tuner")
    except Exception as error:
        if (message := explain(error)) is None:
            raise
        typer.echo(message, err=True)
        sys.exit(1)
