"""What can go wrong, told to the user.

TunerError
├── NotFound        there is no such thing
├── Conflict        the thing is not in a state that allows it
├── Invalid         the request itself is wrong; ``problems`` says where
├── Unauthenticated who are you?
├── Forbidden       you may not
├── StorageFull     there is no room for the file
└── Unavailable     not now; try again later

Every error carries a stable ``code`` and a message that names the thing, what was got and what is allowed. What the
transport makes of them is the business of ``api``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class TunerError(Exception):
    """Base of everything this service raises on purpose."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class NotFound(TunerError):
    code = "not_found"


class Conflict(TunerError):
    code = "conflict"


class Unauthenticated(TunerError):
    code = "unauthenticated"


class Forbidden(TunerError):
    code = "forbidden"


class CrossSite(Forbidden):
    """A page of another site made a browser send this, with the session of whoever sits there."""

    code = "cross_site"

    def __init__(self) -> None:
        super().__init__(
            "this request comes from a page of another site; a browser's session is for its own pages"
        )


class StorageFull(TunerError):
    code = "storage_full"


class Unavailable(TunerError):
    code = "unavailable"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a request: where (``loc``, from the body's top) and what."""

    loc: tuple[str | int, ...]
    msg: str


class Invalid(TunerError):
    code = "invalid_request"

    def __init__(self, problems: Sequence[Problem], *, code: str | None = None) -> None:
        super().__init__("; ".join(problem.msg for problem in problems), code=code)
        self.problems = tuple(problems)


def known(names: Iterable[str]) -> str:
    """The list of what is allowed, as it stands at the end of a message."""
    return ", ".join(sorted(names)) or "none yet"


class UnknownStudy(NotFound):
    code = "unknown_study"

    def __init__(self, name: str) -> None:
        super().__init__(f'unknown study "{name}"')


class UnknownTrial(NotFound):
    code = "unknown_trial"

    def __init__(self, study: str, number: int) -> None:
        super().__init__(f'study "{study}" has no trial {number}')


class UnknownArtifact(NotFound):
    code = "unknown_artifact"

    def __init__(self, study: str, number: int, name: str, names: Iterable[str]) -> None:
        super().__init__(
            f'trial {number} of study "{study}" has no artifact "{name}"; it has: {known(names)}'
        )


class ArtifactMissing(NotFound):
    code = "artifact_missing"

    def __init__(self, study: str, number: int, name: str) -> None:
        super().__init__(
            f'the file of artifact "{name}" of trial {number} of study "{study}" is gone'
        )


class ArtifactDamaged(NotFound):
    code = "artifact_damaged"

    def __init__(self, size: int, expected: int) -> None:
        super().__init__(f"the stored file is damaged: it has {size} bytes of {expected}")


class UnknownWorker(NotFound):
    code = "unknown_worker"

    def __init__(self, name: str) -> None:
        super().__init__(
            f'unknown worker "{name}"; register it with PUT /v1/workers/{name}, '
            "or name the external study that it claims from"
        )


class UnknownSearchSpace(NotFound):
    code = "unknown_search_space"

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(f'unknown search space "{name}"; known: {known(names)}')


class UnknownDataset(NotFound):
    code = "unknown_dataset"

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(f'unknown dataset "{name}"; known: {known(names)}')


class DatasetInUse(Conflict):
    code = "dataset_in_use"

    def __init__(self, name: str, studies: Iterable[str]) -> None:
        super().__init__(
            f'dataset "{name}" is used by studies that are not over: {known(studies)}; '
            "cancel them or wait for them, or choose another name"
        )


class DatasetBuiltIn(Conflict):
    code = "dataset_built_in"

    def __init__(self, name: str) -> None:
        super().__init__(
            f'"{name}" is a data set that comes with the service or lies on a worker; it can be '
            "neither replaced nor deleted: choose another name"
        )


class UnknownToken(NotFound):
    code = "unknown_token"

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(f'no token is named "{name}"; known: {known(names)}')


class StudyExists(Conflict):
    code = "study_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f'a study named "{name}" exists already; choose another name or delete it')


class TokenExists(Conflict):
    code = "token_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f'a token named "{name}" exists already; revoke it or choose another name')


class IllegalTransition(Conflict):
    code = "illegal_transition"

    def __init__(self, thing: str, state: str, action: str, allowed: Iterable[str]) -> None:
        super().__init__(f"{thing} is {state}; it can be {action} only when {known(allowed)}")


class TrialsRunning(Conflict):
    code = "trials_running"

    def __init__(self, study: str, running: int) -> None:
        super().__init__(
            f'study "{study}" has {running} running trial{"s" if running != 1 else ""}; '
            "cancel the study or wait for them, then delete it"
        )


class BudgetSpent(Conflict):
    code = "budget_spent"

    def __init__(self, study: str, budget: int) -> None:
        super().__init__(
            f'all {budget} trials of study "{study}" are spent; extend it first, '
            'or by this one ("extend": true)'
        )


class StaleAttempt(Conflict):
    code = "stale_attempt"

    def __init__(self, study: str, number: int, got: int, current: int, state: str) -> None:
        super().__init__(
            f'attempt {got} no longer holds trial {number} of study "{study}": '
            f"the trial is {state}, its attempt is {current}"
        )


class EngineMissing(Conflict):
    code = "engine_missing"

    def __init__(self) -> None:
        super().__init__(
            'the engine "gp" needs PyTorch where the server runs: pip install "tuner-service[gp]"; '
            '"kriging" is a Gaussian process that does not'
        )


class EpochOutOfOrder(Conflict):
    code = "epoch_out_of_order"

    def __init__(self, study: str, number: int, got: int, expected: int) -> None:
        super().__init__(
            f'trial {number} of study "{study}" expects epoch {expected} next, got epoch {got}'
        )


class EpochDiffers(Conflict):
    code = "epoch_differs"

    def __init__(self, study: str, number: int, epoch: int) -> None:
        super().__init__(
            f'epoch {epoch} of trial {number} of study "{study}" was reported with other metrics'
        )


class FinishDiffers(Conflict):
    code = "finish_differs"

    def __init__(self, study: str, number: int, state: str) -> None:
        super().__init__(
            f'trial {number} of study "{study}" has already ended as {state}, with another result'
        )


class KeyReused(Invalid):
    code = "key_reused"

    def __init__(self, key: str, where: tuple[str | int, ...]) -> None:
        super().__init__([Problem(where, f'key "{key}" was used before with another body')])


class NoResult(Invalid):
    code = "no_result"

    def __init__(self, number: int, metric: str) -> None:
        super().__init__(
            [
                Problem(
                    ("values",),
                    f'trial {number} has no result: give "values" or report an epoch '
                    f'with the metric "{metric}" first',
                )
            ]
        )


class NotYourTrial(Forbidden):
    code = "not_your_trial"

    def __init__(self, study: str, number: int) -> None:
        super().__init__(f'trial {number} of study "{study}" is held by a worker of another token')
