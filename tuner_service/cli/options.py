"""Options that many commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

DEFAULT_PORT = 8700
DEFAULT_GRACE_SECONDS = 9.0
"""As in tuner_service.worker.options, which is not imported for ``--help``."""

Home = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="The folder of a local server. Also: TUNER_HOME. Default: the user's data folder.",
        show_default=False,
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="The server. Also: TUNER_URL. Default: the one of the home.",
        show_default=False,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        help="A token for it. Also: TUNER_TOKEN. Default: the one of the home.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the server's JSON.")]
Host = Annotated[str, typer.Option("--host", help="The address to listen on.")]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="The port to listen on; 0 takes a free one.")
]
SearchSpaces = Annotated[
    str | None,
    typer.Option(
        "--search-spaces",
        envvar="TUNER_SEARCH_SPACES",
        help="Folders of your own models (Python files), separated like PATH.",
        show_default=False,
    ),
]
Datasets = Annotated[
    str | None,
    typer.Option(
        "--datasets",
        envvar="TUNER_DATASETS",
        help="Folders of data that stays on this machine, separated like PATH.",
        show_default=False,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        "--weights",
        envvar="TUNER_WEIGHTS",
        help="Where pretrained bases find weights of your own. Default: ~/.keras/models.",
        show_default=False,
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        envvar="TUNER_CACHE",
        help="Where fetched and prepared data is kept. Default: the user's cache folder.",
        show_default=False,
    ),
]
CacheBytes = Annotated[
    int | None,
    typer.Option(
        "--cache-bytes",
        envvar="TUNER_CACHE_BYTES",
        min=1,
        help="At most so much of it; what was not used for longest goes. Default: 20 GiB.",
        show_default=False,
    ),
]
GraceSeconds = Annotated[
    float,
    typer.Option(
        "--grace-seconds",
        envvar="TUNER_GRACE_SECONDS",
        min=1,
        help="How long a worker that is told to stop may take to send checkpoints and give trials back.",
    ),
]
Study = Annotated[str, typer.Argument(help="The study's name.", show_default=False)]
Trial = Annotated[int, typer.Argument(help="The trial's number.", min=0, show_default=False)]


def folders(text: str | None) -> tuple[Path, ...]:
    """The folders of a list that is separated like ``PATH``."""
    return tuple(Path(part).expanduser() for part in (text or "").split(os.pathsep) if part)
