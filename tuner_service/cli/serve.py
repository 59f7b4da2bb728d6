"""``tuner serve``: the server alone."""

import os
from contextlib import ExitStack

import typer

from tuner_service.cli.occupancy import HomeTaken, occupied
from tuner_service.cli.options import DEFAULT_PORT, Home, Host, Port


def register(app: typer.Typer) -> None:
    app.command()(serve)


def serve(home: Home = None, host: Host = "127.0.0.1", port: Port = DEFAULT_PORT) -> None:
    """Run the server alone; workers join it with: tuner worker."""
    from tuner_service.home import RunningServer, announce, forget
    from tuner_service.server.run import run_server
    from tuner_service.service.setup import open_service
    from tuner_service.service.upkeep.tokens import ensure_admin
    from tuner_service.settings import Settings

    settings = Settings.read(home=home)
    with ExitStack() as stack:
        try:
            stack.enter_context(occupied(settings.home))
        except HomeTaken:
            # Replicas of one database are fine; commands go on finding the first one.
            announced = False
        else:
            announced = True
            stack.callback(forget, settings.home)
        with open_service(settings) as service:
            ensure_admin(service, settings.home)

        def on_ready(url: str) -> None:
            if announced:
                announce(settings.home, RunningServer(url=url, pid=os.getpid()))
            typer.echo(f"server   {url}")
            typer.echo(f"home     {settings.home}")
            typer.echo(f"log in   with the link of: tuner login --home {settings.home}")

        run_server(settings, host, port, on_ready=on_ready)
