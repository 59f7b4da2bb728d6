"""The container files against the code. Nobody builds the images here, so nothing else would notice a renamed flag."""

import json
import re
import shlex
import signal
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from typer.main import get_command

from tuner_service.api import operations
from tuner_service.cli.app import app
from tuner_service.cli.options import DEFAULT_GRACE_SECONDS
from tuner_service.server.run import GRACE_SECONDS
from tuner_service.settings import Settings

ROOT = Path(__file__).parents[2]
FILES = {
    name: (ROOT / name).read_text()
    for name in (
        "Dockerfile",
        "docker-compose.yml",
        "docker-compose.cpu.yml",
        ".env.example",
        "docs/containers.md",
    )
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BUILD = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
IMAGES = ("server", "worker")
FRAMEWORKS = {"tensorflow", "keras", "keras-tuner", "tensorboard", "torch", "jax", "scikit-learn"}
INTERPOLATED = re.compile(r"\$\{(\w+)(:?[-?])?([^}]*)\}")


# The Dockerfile, read.


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


# The compose files, read.


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


# The package, read.


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


# The images.


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


# Health checks, run.


@contextmanager
def answering(status: int) -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def check_server(port: int) -> int:
    [python, flag, code] = health_command("server")
    assert (python, flag) == ("python", "-c")
    command = [sys.executable, flag, code.replace(str(DEFAULT_PORT), str(port))]
    return subprocess.run(command, capture_output=True, timeout=30).returncode


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (500, False)])
def test_the_servers_health_check_asks_an_open_route(status: int, healthy: bool) -> None:
    with answering(status) as (port, asked):
        assert (check_server(port) == 0) is healthy

    assert asked == ["/healthz"]
    [route] = [r for r in operations.router.routes if getattr(r, "path", None) == "/healthz"]
    assert "GET" in getattr(route, "methods", ())


def test_a_server_that_does_not_listen_is_not_healthy() -> None:
    with answering(200) as (port, _):
        pass

    assert check_server(port) != 0


def worker_is_healthy(monkeypatch: pytest.MonkeyPatch, *processes: psutil.Process) -> bool:
    """Run the check in a machine that has only these processes."""

    def process_iter(attributes: list[str]) -> Iterator[psutil.Process]:
        for process in processes:
            process.info = process.as_dict(attributes)  # as psutil does
            yield process

    monkeypatch.setattr(psutil, "process_iter", process_iter)
    [python, flag, code] = health_command("worker")
    assert (python, flag) == ("python", "-c")
    with pytest.raises(SystemExit) as exit_:
        exec(code, {})
    return not exit_.value.code


def test_the_workers_health_check_tells_a_running_from_a_stopped_or_dead_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / entrypoint("worker")[0]
    script.write_text("import time; print('up', flush=True); time.sleep(60)")
    command = [sys.executable, str(script), *entrypoint("worker")[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        supervisor = psutil.Process(process.pid)
        try:
            assert worker_is_healthy(monkeypatch, psutil.Process(), supervisor)
            assert not worker_is_healthy(monkeypatch, psutil.Process())

            process.send_signal(signal.SIGSTOP)
            _wait_for_status(supervisor, psutil.STATUS_STOPPED)
            assert not worker_is_healthy(monkeypatch, supervisor)
        finally:
            process.kill()
        _wait_for_status(supervisor, psutil.STATUS_ZOMBIE)
        assert not worker_is_healthy(monkeypatch, supervisor)


def _wait_for_status(process: psutil.Process, status: str) -> None:
    for _ in range(500):
        if process.status() == status:
            return
        threading.Event().wait(0.01)
    pytest.fail(f"the process is {process.status()}, not {status}")


# Compose.


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_variable_is_one_that_the_code_reads(name: str) -> None:
    named = set(re.findall(r"TUNER_[A-Z_]+[A-Z]", FILES[name]))

    assert sorted(named - SETTINGS - variables_of("worker")) == []


def test_each_container_gets_variables_of_its_own_command() -> None:
    def given(service: str) -> set[str]:
        return {v for v in GPU["services"][service]["environment"] if v.startswith("TUNER_")}

    assert given("server") == {"TUNER_DATABASE_URL"} & SETTINGS
    assert given("worker") == {"TUNER_URL", "TUNER_TOKEN", "TUNER_GRACE_SECONDS"}
    assert given("worker") <= variables_of("worker")


def test_the_servers_database_is_the_one_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    postgres = GPU["services"]["postgres"]["environment"]
    url = GPU["services"]["server"]["environment"]["TUNER_DATABASE_URL"]
    monkeypatch.setenv("TUNER_DATABASE_URL", INTERPOLATED.sub("secret", url))

    user, database = postgres["POSTGRES_USER"], postgres["POSTGRES_DB"]
    assert (
        Settings.read().database == f"postgresql+psycopg://{user}:secret@postgres:5432/{database}"
    )
    assert "ports" not in GPU["services"]["postgres"]


def test_secrets_come_from_the_environment_and_have_no_default() -> None:
    found = [m.groups() for name in FILES for m in INTERPOLATED.finditer(FILES[name])]
    required = {name for name, operator, _ in found if operator == ":?"}
    secret = re.compile(r"PASSWORD|TOKEN|SECRET|KEY")

    assert required == {"POSTGRES_PASSWORD", "WORKER_TOKEN"}
    assert [name for name, operator, _ in found if secret.search(name) and operator != ":?"] == []
    for project in (GPU, CPU):
        for service in project["services"].values():
            for name, value in service["environment"].items():
                if secret.search(name):
                    assert INTERPOLATED.fullmatch(value), f"{name} is written out"
    for stage in STAGES.values():
        settings = [*stage.arguments("ENV"), *stage.arguments("ARG")]
        assert [setting for setting in settings if secret.search(setting)] == []


def test_passwords_stand_in_no_url() -> None:
    for name, text in FILES.items():
        for password in re.findall(r"://[^\s:/@]+:([^@\s/]+(?: [^@]*)?)@", text):
            assert INTERPOLATED.fullmatch(password), f"{name}: {password}"


def test_the_example_names_every_variable_and_no_secret() -> None:
    lines = re.findall(r"^(#?)([A-Z_]+)=(.*)$", FILES[".env.example"], re.MULTILINE)
    used = {
        m[1]
        for name in ("docker-compose.yml", "docker-compose.cpu.yml")
        for m in INTERPOLATED.finditer(FILES[name])
    }
    defaults = {
        m[1]: m[3] for m in INTERPOLATED.finditer(FILES["docker-compose.yml"]) if m[2] == ":-"
    }

    assert {name for _, name, _ in lines} == used
    assert {name: value for commented, name, value in lines if commented} == defaults
    assert [value for commented, _, value in lines if not commented and value] == []


def test_workers_can_be_scaled() -> None:
    for project in (GPU, CPU):
        worker = project["services"]["worker"]
        assert worker.keys() & {"container_name", "hostname", "ports"} == set()


def test_gpus_are_reserved_unless_there_are_none() -> None:
    reserved = GPU["services"]["worker"]["deploy"]["resources"]["reservations"]["devices"]

    assert reserved == [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]
    # nvidia-smi, by which a worker finds them, comes with this capability.
    [capabilities] = STAGES["worker"].arguments("ENV")
    assert "utility" in capabilities
    assert "deploy" not in CPU["services"]["worker"]


def test_workers_are_kept_off_the_database() -> None:
    networks = {name: set(service["networks"]) for name, service in GPU["services"].items()}

    assert networks["worker"] & networks["postgres"] == set()
    assert networks["server"] == networks["worker"] | networks["postgres"] == set(GPU["networks"])


def test_each_waits_for_what_it_needs_to_be_healthy() -> None:
    def awaited(service: str) -> dict[str, str]:
        needs = GPU["services"][service]["depends_on"]
        return {name: need["condition"] for name, need in needs.items()}

    assert awaited("server") == {"postgres": "service_healthy"}
    assert awaited("worker") == {"server": "service_healthy"}
    assert GPU["services"]["postgres"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    assert {service["restart"] for service in GPU["services"].values()} == {"unless-stopped"}


def test_containers_are_killed_later_than_the_code_needs_to_stop() -> None:
    def patience(service: str) -> float:
        return seconds(GPU["services"][service]["stop_grace_period"])

    assert patience("server") > GRACE_SECONDS
    given = float(GPU["services"]["worker"]["environment"]["TUNER_GRACE_SECONDS"])
    assert patience("worker") > given > DEFAULT_GRACE_SECONDS
    [by_hand] = re.findall(r"--stop-timeout (\d+)", FILES["docs/containers.md"])
    assert float(by_hand) == patience("worker")


# The documentation.


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
