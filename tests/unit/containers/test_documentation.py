"""What docs/containers.md says, held against the files and the code."""

import re
import shlex

from tests.unit.containers.compose import GPU
from tests.unit.containers.dockerfile import IMAGES
from tests.unit.containers.files import FILES
from tests.unit.containers.package import parse_command


def test_the_documented_commands_exist() -> None:
    inside = re.findall(r"^.*exec (?:-T )?server (tuner .*)$", FILES["docs/containers.md"], re.M)
    quoted = re.findall(r"`(tuner [^`]+)`", FILES["docs/containers.md"])

    assert len(inside) >= 3
    for command in [*inside, *quoted]:
        parse_command(shlex.split(command))


def test_the_documented_compose_calls_name_files_and_services_that_exist() -> None:
    docs = FILES["docs/containers.md"]
    services = re.findall(r"docker compose exec (?:-T )?(\w+)|--scale (\w+)=", docs)
    files = re.findall(r"-f (\S+)", docs)

    assert {a or b for a, b in services} <= set(GPU["services"])
    assert {*files, *re.findall(r"COMPOSE_FILE=([^`]*)", docs)[0].split(":")} <= set(FILES)
    assert set(re.findall(r"--target (\w+)", docs)) <= set(IMAGES)


def test_the_documentation_says_that_the_images_were_not_built() -> None:
    assert "have not been built where this project is developed" in FILES["docs/containers.md"]
