"""The containers together: variables, secrets, networks, devices, patience."""

import re

import pytest

from tests.unit.containers.compose import CPU, GPU, INTERPOLATED, seconds
from tests.unit.containers.dockerfile import STAGES
from tests.unit.containers.files import FILES
from tests.unit.containers.package import SETTINGS, variables_of
from tuner_service.cli.options import DEFAULT_GRACE_SECONDS
from tuner_service.server.run import GRACE_SECONDS
from tuner_service.settings import Settings


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
