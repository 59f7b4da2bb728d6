"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_PORT = 8700

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
Study = Annotated[str, typer.Argument(help="The study's name.", show_default=False)]
Trial = Annotated[int, typer.Argument(help="The trial's number.", min=0, show_default=False)]
