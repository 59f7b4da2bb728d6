"""Commands that talk to a server: they share three options and one client."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from tuner_service.cli.options import Home, Token, Url

if TYPE_CHECKING:  # not imported for ``--help``: httpx and pydantic take longer than all the rest
    from tuner_service.client import Client

P = ParamSpec("P")
_SHARED = [
    inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
    for name, kind in (("url", Url), ("token", Token), ("home", Home))
]


def on_server(command: Callable[Concatenate["Client", P], None]) -> Callable[..., None]:
    """A command whose first argument is a client; its user sees ``--url --token --home`` instead."""

    def run(*, url: Any = None, token: Any = None, home: Any = None, **arguments: Any) -> None:
        from tuner_service.client import Client

        with Client(url, token, home) as client:
            command(client, **arguments)  # type: ignore[call-arg]  # Typer passes what P names

    own = list(inspect.signature(command).parameters.values())[1:]
    parameters = [
        *(each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own),
        *_SHARED,
    ]
    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    return run
