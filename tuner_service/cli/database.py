"""``tuner db``: the database's schema."""

from typing import Annotated

import typer

from tuner_service.cli.options import Home
from tuner_service.cli.output import print_json

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


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
