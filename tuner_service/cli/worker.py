"""``tuner worker``: one machine's share of the training."""

from pathlib import Path
from typing import Annotated

import typer

from tuner_service.cli.options import (
    DEFAULT_GRACE_SECONDS,
    Cache,
    CacheBytes,
    Datasets,
    GraceSeconds,
    Home,
    SearchSpaces,
    Token,
    Url,
    Weights,
    folders,
)


def register(app: typer.Typer) -> None:
    app.command()(worker)


def worker(
    url: Url = None,
    token: Token = None,
    home: Home = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            help="How the fleet lists it. Default: the host's name and the process id.",
            show_default=False,
        ),
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option(
            "--slots",
            min=1,
            help="How many trials at a time. Default: one a GPU, or what the CPU allows.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            help="Where trials keep their files meanwhile. Default: a temporary folder.",
            show_default=False,
        ),
    ] = None,
    search_spaces: SearchSpaces = None,
    datasets: Datasets = None,
    weights: Weights = None,
    cache: Cache = None,
    cache_bytes: CacheBytes = None,
    grace_seconds: GraceSeconds = DEFAULT_GRACE_SECONDS,
    stop_with_parent: Annotated[bool, typer.Option("--stop-with-parent", hidden=True)] = False,
) -> None:
    """Train trials for a server until told to stop."""
    from tuner_service.client.location import locate
    from tuner_service.worker.options import DEFAULT_CACHE, DEFAULT_CACHE_BYTES
    from tuner_service.worker.supervisor import WorkerOptions, run_worker

    location = locate(url, token, home)
    options = WorkerOptions(
        url=location.url,
        token=location.token,
        name=name or "",
        slots=slots,
        folder=folder,
        search_spaces=folders(search_spaces),
        datasets=folders(datasets),
        weights=weights,
        cache=cache or DEFAULT_CACHE,
        cache_bytes=cache_bytes or DEFAULT_CACHE_BYTES,
        grace_seconds=grace_seconds,
        stop_with_parent=stop_with_parent,
    )
    raise typer.Exit(run_worker(options))
