"""``tuner db``: the database's schema, backup and restore."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tuner_service.cli.failure import UserError
from tuner_service.cli.occupancy import occupied
from tuner_service.cli.options import Home
from tuner_service.cli.output import print_json

app = typer.Typer(help="The database: its schema, backup and restore.", no_args_is_help=True)


@app.command()
def upgrade(home: Home = None) -> None:
    """Bring the database to the newest schema. Starting a server does so too."""
    from tuner_service.service.setup import upgrade_database
    from tuner_service.settings import Settings

    typer.echo(f"the database is at revision {upgrade_database(Settings.read(home=home))}")


@app.command()
def current(
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the schema's revision."""
    from tuner_service.service.setup import current_revision
    from tuner_service.settings import Settings

    revision = current_revision(Settings.read(home=home))
    if as_json:
        print_json({"revision": revision})
    else:
        typer.echo(revision or "there is no schema yet; create it with: tuner db upgrade")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.", show_default=False)],
    home: Home = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write the database to a file, also while a server runs. Postgres is backed up with pg_dump (exit code 2)."""
    from tuner_service.service.upkeep.restoring import NotSQLite, back_up
    from tuner_service.settings import Settings

    settings = Settings.read(home=home)
    if os.path.lexists(file) and not force:
        raise UserError(f"{file} is there already; choose another name, or replace it with --force")
    try:
        size = back_up(settings, file)
    except NotSQLite as error:
        typer.echo(error.message, err=True)
        raise typer.Exit(2) from None
    typer.echo(f"{file}: {size:,} bytes, whole and verified")
    typer.echo(f"models and other files are not in it; copy them afterwards: {settings.artifacts}")


@app.command()
def restore(
    file: Annotated[
        Path, typer.Argument(help="A file that `tuner db backup` wrote.", show_default=False)
    ],
    home: Home = None,
) -> None:
    """Put a backup in the database's place while no server runs; the replaced one is kept beside it."""
    from tuner_service.service.upkeep.restoring import NotSQLite, restore
    from tuner_service.settings import Settings

    settings = Settings.read(home=home)
    with occupied(settings.home):
        try:
            replaced = restore(settings, file)
        except NotSQLite as error:
            typer.echo(error.message, err=True)
            raise typer.Exit(2) from None
    typer.echo(f"restored {file}; trials that were running are queued again")
    if replaced is not None:
        typer.echo(f"the replaced database is {replaced}")


@app.command()
def fence(home: Home = None) -> None:
    """After pg_restore: void what was given out since the backup, and queue again what was running."""
    from tuner_service.service.upkeep.restoring import fence
    from tuner_service.settings import Settings

    fence(Settings.read(home=home))
    typer.echo("trials that were running are queued again; nobody holds them any more")
