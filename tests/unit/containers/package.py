"""What the code says of itself: dependencies, commands and their flags, variables."""

import re
import tomllib
from typing import Any

from packaging.requirements import Requirement
from typer.main import get_command

from tests.unit.containers.files import ROOT
from tuner_service.cli.app import app
from tuner_service.settings import Settings

_PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = _PYPROJECT["project"]
BUILD = _PYPROJECT["tool"]["hatch"]["build"]


def installed_by(extra: str | None) -> set[str]:
    """Names of the packages that ``pip install .[extra]`` asks for, our own extras followed."""
    texts = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    names: set[str] = set() if extra is None else installed_by(None)
    for requirement in map(Requirement, texts):
        if requirement.name == PROJECT["name"]:
            names = names.union(*map(installed_by, requirement.extras))
        else:
            names.add(requirement.name)
    return names


def extra_of(target: str) -> str | None:
    found = re.fullmatch(r"\.(?:\[(\w+)\])?", target)
    assert found, f"{target} does not install this repository"
    return found[1]


def parse_command(words: list[str]) -> None:
    """Parse as ``tuner`` would, without running it. Raises for an unknown command or flag."""
    assert words[0] == "tuner"
    command: Any = get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):
        assert rest, f"{words}: the command is not finished"
        assert rest[0] in command.commands, f"{words}: there is no command {rest[0]}"
        command = command.commands[rest.pop(0)]
    command.make_context(command.name, rest)


def default_port() -> int:
    command: Any = get_command(app)
    [port] = [p.default for p in command.commands["serve"].params if p.name == "port"]
    assert isinstance(port, int)
    return port


def variables_of(name: str) -> set[str]:
    """The TUNER_ variables that a command's own options read, or that their help names."""
    command: Any = get_command(app)
    params = command.commands[name].params
    texts = " ".join(f"{param.help or ''} {param.envvar or ''}" for param in params)
    return set(re.findall(r"TUNER_[A-Z_]+[A-Z]", texts))


DEFAULT_PORT = default_port()
SETTINGS = {f"TUNER_{name.upper()}" for name in Settings.model_fields}
