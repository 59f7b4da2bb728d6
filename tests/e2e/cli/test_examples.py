"""The examples, run as the README runs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli.program import Server, environment, read, tuner

EXAMPLES = Path(__file__).parents[3] / "examples"


def run(server: Server, example: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / example)],
        capture_output=True,
        text=True,
        env={**environment(server.home), **settings},
        timeout=120,
        check=False,
    )


def token(server: Server, role: str) -> str:
    return tuner(server, "token", "create", "--role", role, "--name", f"{role}-me").stdout.strip()


@pytest.mark.parametrize("role", ["submitter", "worker"])
def test_asking_and_telling_without_the_rights_says_which_token_it_takes(
    server: Server, role: str
) -> None:
    done = run(server, "ask_and_tell.py", TUNER_URL=server.url, TUNER_TOKEN=token(server, role))

    assert done.returncode == 1
    assert done.stderr.startswith(f"a {role} may not do this; allowed: ")
    assert "an admin's token" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_homes_token_asks_and_tells_also_after_a_submitter_who_could_not(
    server: Server,
) -> None:
    done = run(server, "ask_and_tell.py", TUNER_URL=server.url)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("trial=")
    assert read(server, "study", "show", "valley")["state"] == "completed"
