"""``tuner datasets``: what there is to train on; adding data of one's own."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tuner_service.cli.connection import on_server
from tuner_service.cli.failure import UserError
from tuner_service.cli.options import Json
from tuner_service.cli.output import print_facts, print_json, print_table, settings

if TYPE_CHECKING:  # see connection.py
    from tuner_service.client import Client

Name = Annotated[str, typer.Argument(help="The data set's name.", show_default=False)]


VALUED = ("--url", "--token", "--home")
"""The options of listing and showing that have a value."""


class ListedOrShown(TyperGroup):
    """``tuner datasets`` lists, ``tuner datasets NAME`` shows: as ``tuner spaces`` does."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        words = _words(args)
        if words and words[0] not in self.commands:
            args = ["show", *args]
        elif not words and "--help" not in args:
            args = ["list", *args]
        return super().parse_args(context, args)


def _words(args: list[str]) -> list[str]:
    """What is neither an option nor the value of one."""
    return [
        word
        for before, word in zip(["", *args], args, strict=False)
        if not word.startswith("-") and before not in VALUED
    ]


app = typer.Typer(
    cls=ListedOrShown,
    help="List the data sets, show one by its name, add and remove your own.",
)


def register(root: typer.Typer) -> None:
    app.command("list")(on_server(list_))
    app.command()(on_server(show))
    app.command()(on_server(add))
    app.command()(on_server(remove))
    root.add_typer(app, name="datasets")


def list_(client: "Client", as_json: Json = False) -> None:
    """List the data sets."""
    from tuner_service.client.transport import path

    found = list(client.transport.pages(path("datasets")))
    if as_json:
        return print_json(found)
    rows = (
        [
            d["name"],
            settings(d.get("sizes") or {}),
            d.get("summary")
            if d["status"] == "ready"
            else f"{d['status']}; why: tuner datasets {d['name']}",
        ]
        for d in found
    )
    return print_table(
        ("data set", "examples", "summary"), rows, empty="there are no data sets yet"
    )


def show(client: "Client", name: Name, as_json: Json = False) -> None:
    """Show one data set."""
    from tuner_service.client.transport import path

    dataset = client.transport.get(path("datasets", name))
    if as_json:
        return print_json(dataset)
    facts = {key: value or None for key, value in dataset.items()}
    facts.pop("preview", None)  # pictures and histograms are for the dashboard
    if notes := facts.get("notes"):
        facts["notes"] = "\n".join(notes)
    return print_facts(facts)


def add(
    client: "Client",
    name: Name,
    file: Annotated[
        Path, typer.Argument(help="An .npz, .csv, .parquet or .zip file.", show_default=False)
    ],
    format: Annotated[
        str | None,
        typer.Option("--format", help="npz, csv, parquet or zip. Default: what the name says."),
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="The column or array to predict; may be repeated."),
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="classification or regression.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            metavar="NAME=KIND",
            help="What a column or array is: vector, image, tokens, sequence, class or number.",
        ),
    ] = None,
    image_size: Annotated[
        str | None,
        typer.Option("--image-size", metavar="HxW", help="The size pictures are brought to."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Upload a data set of your own. What the options leave out is inferred, and shown."""
    before = {known.name for known in client.datasets()}
    entry = client.upload_dataset(
        name,
        file,
        format=format,
        target=target or (),
        task=task,
        kinds=dict(_pair(each) for each in kind or ()),
        image_size=None if image_size is None else _size(image_size),
    ).model_dump(mode="json")
    if as_json:
        return print_json(entry)
    replaced = " (in place of the one before)" if name in before else ""
    typer.echo(f'dataset "{name}"{replaced}: {entry["summary"]}')
    for side in ("inputs", "outputs"):
        for field in entry[side]:
            typer.echo(f"  {side[:-1]:7} {field['name']}: {_described(field)}")
    typer.echo(f"  split   {settings(entry['sizes'])}")
    for note in entry["notes"]:
        typer.echo(f"  note    {note}")
    return None


def remove(client: "Client", name: Name) -> None:
    """Delete a data set that was uploaded."""
    client.delete_dataset(name)
    typer.echo(f'dataset "{name}" deleted')


def _described(field: dict[str, Any]) -> str:
    shape = "x".join(map(str, field["shape"]))
    more = [f"{field[key]} {key}" for key in ("classes", "vocabulary") if key in field]
    return ", ".join([f"{field['kind']} {shape}".strip(), *more])


def _pair(text: str) -> tuple[str, str]:
    name, separator, kind = text.rpartition("=")
    if not separator or not name:
        raise UserError(f'--kind: "{text}" is not NAME=KIND')
    return name, kind


def _size(text: str) -> tuple[int, int]:
    height, separator, width = text.partition("x")
    if not (separator and height.isdigit() and width.isdigit()):
        raise UserError(f'--image-size: "{text}" is not HEIGHTxWIDTH, such as 64x64')
    return int(height), int(width)
