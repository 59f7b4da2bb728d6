"""What a user gets wrong is said in words, and nothing else."""

import json

from tests.e2e.cli.program import Server, tuner


def test_everything_that_is_wrong_with_a_study_is_listed(server: Server) -> None:
    wrong = json.dumps({"search_space": "dense", "budget": {"trials": 0}, "colour": "red"})

    said = tuner(server, "study", "create", "-", given=wrong, code=1).stderr

    assert "\n  budget.trials: " in said
    assert "\n  colour: " in said


def test_an_unknown_search_space_is_told_with_the_known_ones(server: Server) -> None:
    wrong = json.dumps({"search_space": "convnt", "dataset": "digits"})

    said = tuner(server, "study", "create", "-", given=wrong, code=1).stderr

    assert 'unknown search space "convnt"; known: ' in said


def test_a_wrong_command_exits_with_2(server: Server) -> None:
    tuner(server, "study", "extend", "bowl", code=2)


def test_a_server_that_is_not_there_is_named(server: Server) -> None:
    said = tuner(
        server, "study", "list", "--url", "http://127.0.0.1:1", "--token", "sesame", code=1
    ).stderr

    assert said.startswith("error: no answer from the server at http://127.0.0.1:1:")
    assert "sesame" not in said


def test_a_wrong_token_is_told_and_not_shown(server: Server) -> None:
    said = tuner(server, "study", "list", "--token", "sesame", code=1).stderr

    assert said.startswith("error: ")
    assert "--token" in said
    assert "sesame" not in said
