"""What commands print: JSON as the server sent it, or tables for people."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

LOG_WIDTH = 140
"""Columns where the output is no terminal: a log or a pipe should not wrap at 80."""


def console() -> Console:
    result = Console(highlight=False)
    if not result.is_terminal and "COLUMNS" not in os.environ:
        result.width = LOG_WIDTH
    return result


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table, or the sentence that says why there is none."""
    cells = [[cell(value) for value in row] for row in rows]
    if not cells:
        typer.echo(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*row)
    console().print(table)


def print_facts(facts: Mapping[str, object]) -> None:
    """Names and values, one a line; a value of None is left out."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in facts.items():
        if value is not None:
            table.add_row(Text(name, style="bold"), cell(value))
    console().print(table)


def cell(value: object) -> Text:
    """A value as a table shows it. Never markup: what workers and users wrote may hold brackets."""
    match value:
        case None:
            return Text("–")
        case Text():
            return value
        case bool():
            return Text(str(value).lower())
        case float():
            return Text(number(value))
        case Mapping():
            return Text(settings(value))
        case list() | tuple():
            return Text(", ".join(cell(item).plain for item in value))
    return Text(str(value))


def number(value: float) -> str:
    return f"{value:.4g}" if value and abs(value) < 1e-3 else f"{value:.6g}"


def settings(values: Mapping[str, Any]) -> str:
    """``name=value`` for each, in their order."""
    return "  ".join(f"{name}={cell(value).plain}" for name, value in values.items())


def duration(seconds: float) -> str:
    """A duration for people: ``1.5 s``, ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
