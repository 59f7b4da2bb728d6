"""Libraries of the search that are imported late, by several threads at once."""

import ast
from pathlib import Path

import pytest

import tuner_service.search

FILES = sorted(Path(tuner_service.search.__path__[0]).rglob("*.py"))


def late(tree: ast.AST, is_held: bool = False) -> list[int]:
    """The lines of imports inside functions that are not under ``with IMPORTING``."""
    found: list[int] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [] if is_held else [node.lineno]
        held = isinstance(node, ast.With) and any(
            isinstance(item.context_expr, ast.Name) and item.context_expr.id == "IMPORTING"
            for item in node.items
        )
        found += late(node, is_held or held)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_one_thread_at_a_time_imports(file: Path) -> None:
    tree = ast.parse(file.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert not [line for function in functions for line in late(function)]


def test_an_import_without_the_lock_is_found() -> None:
    assert late(
        ast.parse("def f():\n    import scipy\n    with IMPORTING:\n        import cmaes")
    ) == [2]
