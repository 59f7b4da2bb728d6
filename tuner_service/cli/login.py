"""``tuner login``: a fresh link to the dashboard."""

from typing import Annotated

import typer

from tuner_service.cli.failure import UserError
from tuner_service.cli.options import Home


def register(app: typer.Typer) -> None:
    app.command()(login)


def login(
    home: Home = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            help="The server as the browser reaches it. Also: TUNER_URL. Default: the home's.",
            envvar="TUNER_URL",
            show_envvar=False,
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="The token whose rights the browser gets.")
    ] = "admin",
) -> None:
    """Print a link that logs a browser in, once."""
    from tuner_service.home import find_server
    from tuner_service.service.setup import open_service
    from tuner_service.service.upkeep.tokens import create_login_code
    from tuner_service.settings import Settings

    settings = Settings.read(home=home)
    if url is None:
        server = find_server(settings.home)
        if server is None:
            raise UserError(
                f"no server announced itself in {settings.home}; start one with: tuner up, "
                "or name the server with --url"
            )
        url = server.url
    with open_service(settings) as service:
        code = create_login_code(service, name)
    typer.echo(f"{url.rstrip('/')}/login?code={code}")
