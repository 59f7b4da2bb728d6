"""The images: what goes into each, who runs in it, which command."""

import re
import shlex
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.unit.containers.compose import CPU, GPU
from tests.unit.containers.dockerfile import IMAGES, STAGES, entrypoint, health_command, lineage
from tests.unit.containers.files import FILES, ROOT
from tests.unit.containers.package import (
    BUILD,
    DEFAULT_PORT,
    PROJECT,
    extra_of,
    installed_by,
    parse_command,
)

FRAMEWORKS = {"tensorflow", "keras", "keras-tuner", "tensorboard", "torch", "jax", "scikit-learn"}


def pip_targets(image: str, **arguments: str) -> list[str]:
    """What the image's dependency layer installs, such as ``.[gpu]``."""
    runs = [run for run in STAGES[image].arguments("RUN") if "pip install -c" in run]
    targets = []
    for run in runs:
        words = shlex.split(run)
        assert words[:4] == ["pip", "install", "-c", "constraints.txt"]
        targets += words[4:]
    for name, value in arguments.items():
        targets = [target.replace(f"${{{name}}}", value) for target in targets]
    return targets


def test_there_is_a_target_for_each_image() -> None:
    assert set(IMAGES) <= set(STAGES)
    assert {GPU["services"][image]["build"]["target"] for image in IMAGES} == set(IMAGES)


def test_the_python_of_the_images_is_one_that_the_package_supports() -> None:
    [version] = {
        found[1]
        for image in IMAGES
        if (found := re.fullmatch(r"python:(\d+\.\d+)-slim", lineage(image)[-1].base))
    }

    assert version in SpecifierSet(PROJECT["requires-python"])


def test_what_is_copied_is_in_the_repository_and_not_ignored() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line]
    rules = [line for line in ignored if not line.startswith("#")]
    let_in = {line.removeprefix("!") for line in rules if line.startswith("!")}
    copied = {
        source
        for stage in STAGES.values()
        for copy in stage.arguments("COPY")
        for source in copy.split()[:-1]
    }

    assert rules[0] == "*"
    assert [source for source in sorted(copied) if not (ROOT / source).exists()] == []
    assert copied == let_in


def test_the_wheel_is_built_from_all_that_belongs_to_it() -> None:
    copied = {source for copy in STAGES["wheel"].arguments("COPY") for source in copy.split()[:-1]}
    wheel = BUILD["targets"]["wheel"]

    assert copied == {
        "pyproject.toml",
        PROJECT["readme"],
        *PROJECT["license-files"],
        *wheel["packages"],
        *wheel["force-include"],
    }


def test_dependencies_are_installed_before_the_code_comes_in() -> None:
    for image in IMAGES:
        before_code = [copy for s in lineage(image) for copy in s.arguments("COPY")]
        [first, second, *_] = STAGES[image].arguments("RUN")

        assert before_code == ["pyproject.toml constraints.txt ./"]
        assert first.startswith("pip install -c constraints.txt")
        assert "from=wheel" in second
        assert "--no-deps" in second


def test_the_server_gets_no_framework() -> None:
    [target] = pip_targets("server")

    assert extra_of(target) is None
    assert "fastapi" in installed_by(None)
    assert installed_by(None) & FRAMEWORKS == set()


@pytest.mark.parametrize(("project", "cuda"), [(GPU, True), (CPU, False)], ids=["gpu", "cpu"])
def test_the_worker_gets_tensorflow_for_its_device(project: dict[str, Any], cuda: bool) -> None:
    [target] = pip_targets("worker", **project["services"]["worker"]["build"]["args"])
    extra = extra_of(target)
    assert extra is not None

    assert STAGES["worker"].only("ARG") == "EXTRA=gpu"
    texts = PROJECT["optional-dependencies"][extra]
    [tensorflow] = [r for r in map(Requirement, texts) if r.name == "tensorflow"]
    assert ("and-cuda" in tensorflow.extras) is cuda
    assert {"keras", "keras-tuner", "scikit-learn"} <= installed_by(extra)


def test_every_direct_dependency_has_a_tested_version() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {re.sub(r"[-_.]+", "-", pin.name).lower() for pin in pins}

    # pip refuses constraints with extras or addresses.
    assert [pin for pin in pins if pin.extras or pin.url] == []
    assert [pin for pin in pins if not re.fullmatch(r"==[\w.+!]+", str(pin.specifier))] == []
    assert sorted((installed_by("worker") | installed_by("gpu")) - pinned) == []


@pytest.mark.parametrize("image", IMAGES)
def test_images_do_not_run_as_root(image: str) -> None:
    [user, group] = STAGES[image].only("USER").split(":")
    [creation] = [run for run in STAGES["base"].arguments("RUN") if run.startswith("useradd")]

    assert int(user) > 0
    assert int(group) > 0
    assert f"--uid {user} " in creation
    words = [word for word, _ in STAGES[image].instructions]
    assert "RUN" not in words[words.index("USER") :], "it would not be allowed to install"


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_a_command_that_exists(image: str) -> None:
    parse_command(entrypoint(image))
    parse_command([*entrypoint(image), *GPU["services"][image].get("command", [])])


@pytest.mark.parametrize("words", ["tuner serv", "tuner serve --hosts ::", "tuner token create"])
def test_a_wrong_command_would_be_noticed(words: str) -> None:
    with pytest.raises(Exception, match=r"no command|No such option|Missing param"):
        parse_command(words.split())


def test_signals_reach_the_process_in_the_container() -> None:
    for image in IMAGES:
        # The exec form: a shell in between would not pass SIGTERM on.
        assert entrypoint(image)[0] == "tuner"
        assert [s.arguments("STOPSIGNAL") for s in lineage(image) if s.arguments("STOPSIGNAL")] == [
            ["SIGTERM"]
        ]
        assert GPU["services"][image]["init"] is True


def test_the_server_listens_where_other_containers_reach_it() -> None:
    words = entrypoint("server")

    assert words[words.index("--host") + 1] == "0.0.0.0"
    assert "--port" not in words  # so it is the default, which the next test is about


def test_ports_are_the_one_that_the_server_listens_on() -> None:
    [published] = GPU["services"]["server"]["ports"]

    assert STAGES["server"].only("EXPOSE") == str(DEFAULT_PORT)
    assert published.rpartition(":")[2] == str(DEFAULT_PORT)
    assert f"'127.0.0.1', {DEFAULT_PORT}," in health_command("server")[2]
    for service in (GPU["services"]["worker"], CPU["services"]["worker"]):
        assert service["environment"]["TUNER_URL"] == f"http://server:{DEFAULT_PORT}"
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", "".join(FILES.values()))) == {str(DEFAULT_PORT)}


def test_the_home_is_a_volume_that_the_user_owns() -> None:
    home = STAGES["server"].only("VOLUME")
    [made] = [run for run in STAGES["server"].arguments("RUN") if run.startswith("install ")]

    assert f"TUNER_HOME={home}" in STAGES["server"].arguments("ENV")
    assert made.split()[-1] == home
    assert "--owner=tuner" in made
    assert GPU["services"]["server"]["volumes"] == [f"home:{home}"]
    assert {"home", "database"} == set(GPU["volumes"])
