"""Errors as the user of the command line sees them."""

from collections.abc import Sequence


class UserError(Exception):
    """Something the user can put right; the message says how."""


def explain(error: Exception) -> str | None:
    """What to tell the user; None for what is no mistake of theirs but ours."""
    # The modules of these errors are costly, and only a failing command pays for them.
    from tuner_service.client.errors import ApiError, ClientError
    from tuner_service.errors import TunerError, Unavailable
    from tuner_service.settings import BadSettings

    if isinstance(error, ApiError) and error.errors:
        lines = [f"  {_place(problem.loc)}{problem.msg}" for problem in error.errors]
        return "\n".join((f"error: the server refused the request ({error.code}):", *lines))
    if isinstance(error, ApiError):
        hint = "; give another with --token or TUNER_TOKEN" if error.status == 401 else ""
        return f"error: {error.detail}{hint}"
    if isinstance(error, Unavailable):
        return f"error: {error}{_said_below(error)}"
    if isinstance(error, ClientError | TunerError | BadSettings | UserError):
        return f"error: {error}"
    return None


def _said_below(error: Exception) -> str:
    """What the database's driver or the disk said: here it is the operator who reads it."""
    cause = getattr(error.__cause__, "orig", error.__cause__)
    lines = str(cause or "").strip().splitlines()
    return f": {lines[0]}" if lines else ""


def _place(loc: Sequence[str | int]) -> str:
    """Where in a study's file: ``overrides.learning_rate.min: ``. Nothing where it is about all of it."""
    inside = loc[1:] if loc[:1] == ("body",) else loc
    return f"{'.'.join(map(str, inside))}: " if inside else ""
