"""Mistakes of the user become one message; our own do not."""

from tuner_service.cli.failure import UserError, explain
from tuner_service.client import ApiError, FieldProblem, ServerUnreachable
from tuner_service.errors import UnknownStudy
from tuner_service.settings import BadSettings


def test_a_refused_study_lists_every_field() -> None:
    error = ApiError(
        422,
        "invalid_request",
        "two things are wrong",
        [
            FieldProblem(("body", "overrides", "lr", "min"), "is above max"),
            FieldProblem((), "needs a dataset"),
            FieldProblem(("body",), "is no object"),
        ],
    )

    assert explain(error) == (
        "error: the server refused the request (invalid_request):\n"
        "  overrides.lr.min: is above max\n"
        "  needs a dataset\n"
        "  is no object"
    )


def test_a_single_refusal_is_one_line() -> None:
    error = ApiError(404, "unknown_study", 'unknown study "x"')

    assert explain(error) == 'error: unknown study "x"'


def test_every_expected_error_has_a_message() -> None:
    unreachable = ServerUnreachable("http://127.0.0.1:1", "Connection refused")

    assert explain(unreachable) == (
        "error: no answer from the server at http://127.0.0.1:1: Connection refused"
    )
    assert explain(UnknownStudy("x")) == 'error: unknown study "x"'
    assert explain(BadSettings("TUNER_HOME: wrong")) == "error: TUNER_HOME: wrong"
    assert explain(UserError("no")) == "error: no"


def test_a_defect_of_ours_keeps_its_traceback() -> None:
    assert explain(KeyError("x")) is None
