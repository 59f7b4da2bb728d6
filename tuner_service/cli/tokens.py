"""``tuner token``: who may do what. These commands work on the home's database itself."""

from typing import Annotated

import typer

from tuner_service.cli.options import Home
from tuner_service.cli.output import print_json, print_table

app = typer.Typer(
    help="Create, list and revoke tokens, in the local database.", no_args_is_help=True
)


@app.command()
def create(
    role: Annotated[
        str, typer.Option("--role", help="viewer, submitter, worker or admin.", show_default=False)
    ],
    name: Annotated[
        str, typer.Option("--name", help="What it is listed and revoked as.", show_default=False)
    ],
    home: Home = None,
) -> None:
    """Create a token and print its secret, which is shown only now."""
    from tuner_service.service.setup import open_service
    from tuner_service.service.upkeep.tokens import create_token
    from tuner_service.settings import Settings

    with open_service(Settings.read(home=home)) as service:
        secret = create_token(service, name, role)
    typer.echo(f'token "{name}" with the role {role}; it is not shown again:', err=True)
    typer.echo(secret)


@app.command("list")
def list_(
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the tokens; their secrets are kept nowhere."""
    from tuner_service.service.setup import open_service
    from tuner_service.service.upkeep.tokens import list_tokens
    from tuner_service.settings import Settings
    from tuner_service.wire import rfc3339

    with open_service(Settings.read(home=home)) as service:
        tokens = [
            {
                "name": token.name,
                "role": str(token.role),
                "created_at": rfc3339(token.created_at),
                "revoked_at": rfc3339(token.revoked_at),
            }
            for token in list_tokens(service)
        ]
    if as_json:
        print_json(tokens)
        return
    columns = ("name", "role", "created_at", "revoked_at")
    print_table(
        columns, ([token[c] for c in columns] for token in tokens), empty="there are no tokens yet"
    )


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The token's name.", show_default=False)],
    home: Home = None,
) -> None:
    """End a token and every browser session made from it."""
    from tuner_service.service.setup import open_service
    from tuner_service.service.upkeep.tokens import revoke_token
    from tuner_service.settings import Settings

    with open_service(Settings.read(home=home)) as service:
        revoke_token(service, name)
    typer.echo(f'token "{name}" is revoked')
