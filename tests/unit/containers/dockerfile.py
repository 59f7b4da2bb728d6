"""The Dockerfile, by its stages."""

import json
from dataclasses import dataclass, field

from tests.unit.containers.files import FILES

IMAGES = ("server", "worker")


@dataclass
class Stage:
    name: str
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def arguments(self, instruction: str) -> list[str]:
        return [rest for word, rest in self.instructions if word == instruction]

    def only(self, instruction: str) -> str:
        [argument] = self.arguments(instruction)
        return argument


def read_stages(text: str) -> dict[str, Stage]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    stages: dict[str, Stage] = {}
    for line in filter(None, lines.replace("\\\n", "").splitlines()):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stages[name] = Stage(name, base)
        else:
            [*_, last] = stages.values()
            last.instructions.append((word, rest.strip()))
    return stages


STAGES = read_stages(FILES["Dockerfile"])


def lineage(name: str) -> list[Stage]:
    """The stage and those that it is built on, the nearest first."""
    stages = []
    while name in STAGES:
        stages.append(STAGES[name])
        name = STAGES[name].base
    return stages


def entrypoint(image: str) -> list[str]:
    words: list[str] = json.loads(STAGES[image].only("ENTRYPOINT"))
    return words


def health_command(image: str) -> list[str]:
    words: list[str] = json.loads(STAGES[image].only("HEALTHCHECK").partition("CMD ")[2])
    return words
