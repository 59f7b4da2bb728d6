"""What a worker is started with, and what its supervisor does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

from tuner_service.worker.options import BadOptions, WorkerOptions, check, default_name

ROOT = Path(__file__).parents[3]


def options(url: str = "http://server:8700", token: str = "t", name: str = "") -> WorkerOptions:
    return WorkerOptions(url, token, name)


def test_the_supervisor_imports_no_framework_and_no_database() -> None:
    code = (
        "import sys, tuner_service.worker.supervisor\n"
        "unwanted = {'keras', 'tensorflow', 'jax', 'torch', 'optuna', 'sqlalchemy', 'fastapi'}\n"
        "print(sorted(unwanted & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_made_up_name_is_one_that_the_server_takes() -> None:
    check(options(name=default_name()))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": "server:8700"}, "TUNER_URL"),
        ({"url": "ftp://user:secret@server"}, "TUNER_URL"),
        ({"token": ""}, "TUNER_TOKEN"),
        ({"token": "secret\n"}, "TUNER_TOKEN"),
        ({"name": "a/b"}, '"a/b"'),
    ],
)
def test_wrong_options_are_named_without_secrets(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(BadOptions) as caught:
        check(options(**wrong))
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_token_is_not_in_the_representation() -> None:
    assert "hidden" not in repr(WorkerOptions("http://server", "hidden"))
