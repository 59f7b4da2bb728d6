"""The grace time of a worker, as the command line is given it."""

import pytest
from typer.testing import CliRunner

from tuner_service.cli import options
from tuner_service.cli.app import app
from tuner_service.worker.options import DEFAULT_GRACE_SECONDS, BadOptions, WorkerOptions, check


def test_the_default_is_that_of_the_worker() -> None:
    assert options.DEFAULT_GRACE_SECONDS == DEFAULT_GRACE_SECONDS


@pytest.mark.parametrize("command", ["worker", "up"])
@pytest.mark.parametrize("grace", ["0", "soon"])
def test_a_grace_time_that_is_none_is_named(command: str, grace: str) -> None:
    result = CliRunner().invoke(app, [command], env={"TUNER_GRACE_SECONDS": grace})
    assert result.exit_code == 2
    assert "--grace-seconds" in result.output


@pytest.mark.parametrize("grace", [0.5, float("inf"), float("nan")])
def test_a_worker_refuses_a_grace_time_that_it_cannot_keep(grace: float) -> None:
    with pytest.raises(BadOptions, match="--grace-seconds"):
        check(WorkerOptions("http://server:8700", "t", grace_seconds=grace))
