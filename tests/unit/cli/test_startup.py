"""A command imports what it needs and no more, so that help comes at once."""

import subprocess
import sys

import pytest

HEAVY = ("alembic", "fastapi", "keras", "optuna", "sqlalchemy", "tensorflow", "uvicorn")
PROBE = """
import sys
from tuner_service.cli import main
try:
    main()
except SystemExit:
    pass
print([name for name in sys.modules if name in {modules!r}], file=sys.stderr)
"""


def loaded_by(*arguments: str, modules: tuple[str, ...] = HEAVY) -> str:
    """Which of the modules a command has imported by its end."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(modules=modules), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stderr.strip()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["study", "--help"], ["up", "--help"], ["--version"]]
)
def test_help_imports_no_heavy_module(arguments: list[str]) -> None:
    assert loaded_by(*arguments) == "[]"


def test_help_imports_not_even_the_client() -> None:
    assert loaded_by("--help", modules=("httpx", "pydantic", "yaml")) == "[]"


def test_the_client_imports_no_part_of_the_server() -> None:
    code = f"import sys, tuner_service.client; print([n for n in {HEAVY!r} if n in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"
