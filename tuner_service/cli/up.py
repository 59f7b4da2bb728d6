"""``tuner up``: server and local worker in one go."""

import contextlib
import importlib.util
import os
from typing import TYPE_CHECKING, Annotated

import typer

from tuner_service.cli.local_worker import LocalWorker
from tuner_service.cli.occupancy import occupied
from tuner_service.cli.options import (
    DEFAULT_GRACE_SECONDS,
    DEFAULT_PORT,
    Datasets,
    GraceSeconds,
    Home,
    Host,
    Port,
    SearchSpaces,
)

if TYPE_CHECKING:  # not imported for ``--help``: it brings SQLAlchemy
    from tuner_service.service.setup import Service

WORKER_TOKEN = "worker-local"


def register(app: typer.Typer) -> None:
    app.command()(up)


def up(
    home: Home = None,
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    slots: Annotated[
        int | None,
        typer.Option(
            "--slots",
            min=1,
            help="How many trials at a time. Default: one a GPU, or what the CPU allows.",
            show_default=False,
        ),
    ] = None,
    search_spaces: SearchSpaces = None,
    datasets: Datasets = None,
    grace_seconds: GraceSeconds = DEFAULT_GRACE_SECONDS,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Start the server alone.")] = False,
) -> None:
    """Start the service on this machine: server and local worker. Ctrl-C stops both."""
    from tuner_service.home import RunningServer, announce, forget
    from tuner_service.server.run import run_server
    from tuner_service.service.setup import open_service
    from tuner_service.service.upkeep.tokens import (
        ADMIN_TOKEN,
        Role,
        create_login_code,
        ensure_admin,
    )
    from tuner_service.settings import Settings

    settings = Settings.read(home=home)
    if not no_worker and importlib.util.find_spec("keras") is None:
        no_worker = True
        typer.echo(
            "Keras is not installed here, so no local worker is started; "
            "install it with: pip install 'tuner-service[worker]'",
            err=True,
        )
    with occupied(settings.home):
        with open_service(settings) as service:
            ensure_admin(service, settings.home)
            code = create_login_code(service, ADMIN_TOKEN)
            worker = None
            if not no_worker:
                secret = _replace_token(service, WORKER_TOKEN, Role.WORKER)
                given = {"--search-spaces": search_spaces, "--datasets": datasets}
                worker = LocalWorker(
                    settings.home, secret, slots, given, grace_seconds=grace_seconds
                )

        def on_ready(url: str) -> None:
            announce(settings.home, RunningServer(url=url, pid=os.getpid()))
            typer.echo(f"server   {url}")
            typer.echo(f"home     {settings.home}")
            typer.echo(f"log in   {url}/login?code={code}")
            if worker is not None:
                typer.echo(f"worker   prints to {worker.log}")
                worker.start(url)

        def before_exit() -> None:
            if worker is not None:
                worker.stop()

        try:
            run_server(settings, host, port, on_ready=on_ready, before_exit=before_exit)
        finally:
            before_exit()  # again for a server that failed; stopping twice is harmless
            forget(settings.home)


def _replace_token(service: "Service", name: str, role: str) -> str:
    """A fresh token under a name, whose older secret is worth nothing any more."""
    from tuner_service.errors import UnknownToken
    from tuner_service.service.upkeep.tokens import create_token, revoke_token

    with contextlib.suppress(UnknownToken):  # the first start, or revoked by hand
        revoke_token(service, name)
    return create_token(service, name, role)
