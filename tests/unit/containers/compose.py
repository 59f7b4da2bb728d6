"""The compose files, with a GPU and without."""

import re
from typing import Any

import yaml

from tests.unit.containers.files import FILES

INTERPOLATED = re.compile(r"\$\{(\w+)(:?[-?])?([^}]*)\}")


class Reset:
    """What ``!reset`` leaves: nothing."""


class ComposeLoader(yaml.SafeLoader):
    pass


ComposeLoader.add_constructor("!reset", lambda loader, node: Reset())


def read_compose(name: str) -> dict[str, Any]:
    content = yaml.load(FILES[name], ComposeLoader)
    assert isinstance(content, dict)
    return content


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """As compose merges mappings; our override has nothing else."""
    result = dict(below)
    for key, value in above.items():
        if isinstance(value, Reset):
            del result[key]
        elif isinstance(value, dict):
            result[key] = merged(result.get(key, {}), value)
        else:
            result[key] = value
    return result


GPU = read_compose("docker-compose.yml")
CPU = merged(GPU, read_compose("docker-compose.cpu.yml"))


def seconds(duration: str) -> float:
    assert duration.endswith("s")
    return float(duration.removesuffix("s"))
