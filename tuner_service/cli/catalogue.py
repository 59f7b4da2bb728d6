"""``tuner spaces`` and ``tuner workers``: what there is to search, and who trains."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tuner_service.cli.connection import on_server
from tuner_service.cli.options import Json
from tuner_service.cli.output import print_facts, print_json, print_table

if TYPE_CHECKING:  # see connection.py
    from tuner_service.client import Client

Name = Annotated[str | None, typer.Argument(help="Show this one in detail.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.command()(on_server(spaces))
    app.command()(on_server(workers))


def spaces(client: "Client", name: Name = None, as_json: Json = False) -> None:
    """List the search spaces, or show one with its parameters."""
    from tuner_service.client.transport import path

    if name is not None:
        space = client.transport.get(path("search-spaces", name))
        if as_json:
            return print_json(space)
        facts = ("name", "title", "summary", "source", "status", "error")
        print_facts({key: space.get(key) or None for key in facts})
        rows = (
            [p["name"], p["type"], _allowed(p), p.get("default"), _when(p)]
            for p in space["parameters"]
        )
        return print_table(
            ("parameter", "type", "allowed", "default", "when"), rows, empty="it has no parameters"
        )
    found = list(client.transport.pages(path("search-spaces")))
    if as_json:
        return print_json(found)
    rows = (
        [
            s["name"],
            len(s.get("parameters", [])),
            s.get("summary")
            if s["status"] == "ready"
            else f"{s['status']}; why: tuner spaces {s['name']}",
        ]
        for s in found
    )
    return print_table(
        ("search space", "parameters", "summary"), rows, empty="there are no search spaces yet"
    )


def workers(client: "Client", as_json: Json = False) -> None:
    """List the workers: what they have and what they are training."""
    from tuner_service.client.transport import path

    found = list(client.transport.pages(path("workers")))
    if as_json:
        return print_json(found)
    rows = (
        [
            worker["name"],
            worker["host"],
            worker["slots"],
            [d if isinstance(d, str) else d["name"] for d in worker["devices"]],
            [f"{t['study']} #{t['number']}" for t in worker["training"]],
            worker["last_seen"] + (", stopped" if worker.get("stopped") else ""),
        ]
        for worker in found
    )
    return print_table(
        ("worker", "host", "slots", "devices", "training", "last seen"),
        rows,
        empty="no worker has registered yet; start one with: tuner worker",
    )


def _allowed(parameter: Mapping[str, Any]) -> str:
    match parameter["type"]:
        case "int" | "float":
            step = f" step {parameter['step']}" if parameter.get("step") is not None else ""
            log = " log" if parameter.get("log") else ""
            return f"{parameter['min']} … {parameter['max']}{step}{log}"
        case "choice":
            return ", ".join(map(str, parameter["choices"]))
        case "bool":
            return "true, false"
    return str(parameter.get("value"))


def _when(parameter: Mapping[str, Any]) -> str:
    return " and ".join(
        f"{condition['parameter']} is {' or '.join(map(str, condition['values']))}"
        for condition in parameter.get("when") or []
    )
