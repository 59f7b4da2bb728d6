"""What a request says of pruning, checked and complete."""

from collections.abc import Iterator, Mapping
from typing import Any

from tuner_service import wire
from tuner_service.errors import Invalid, Problem, known
from tuner_service.service.views import Json

_JUDGED = ("warmup_epochs", "interval_epochs")
_COMPARED = ("startup_trials", *_JUDGED, "min_trials")
_BY_RUNGS = ("min_epochs", "max_epochs", "reduction_factor")
_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "median": _COMPARED,
    "percentile": ("percentile", *_COMPARED),
    "successive_halving": _BY_RUNGS,
    "hyperband": _BY_RUNGS,
    "threshold": ("lower", "upper", *_JUDGED),
    "patient": ("patience", "min_delta", "wraps"),
}


def completed(request: wire.Pruning, training: Mapping[str, Any]) -> Json:
    """The rule with all of its options and none of another one's, under these training settings. Raises Invalid."""
    algorithm = request.algorithm
    allowed = _OPTIONS[algorithm]
    if algorithm == "patient":
        allowed += _OPTIONS[request.wraps]
    given = request.model_dump(mode="json")
    pruning: Json = {"algorithm": algorithm} | {option: given[option] for option in allowed}
    if algorithm in ("successive_halving", "hyperband") and pruning["max_epochs"] is None:
        pruning["max_epochs"] = _most_epochs(training)
    misplaced = sorted(request.model_fields_set - {"algorithm", *allowed})
    problems = [Problem(("pruning", o), _misplaced(o, algorithm, allowed)) for o in misplaced]
    problems += [Problem(("pruning", o), msg) for o, msg in _defects(pruning)]
    if problems:
        raise Invalid(problems)
    return pruning


def _misplaced(option: str, algorithm: str, allowed: tuple[str, ...]) -> str:
    has = f"those are: {known(allowed)}" if allowed else "it has none"
    return f'"{option}" is no option of "{algorithm}"; {has}'


def _defects(pruning: Json) -> Iterator[tuple[str, str]]:
    if "lower" in pruning:
        lower, upper = pruning["lower"], pruning["upper"]
        if lower is None and upper is None:
            yield "lower", 'a threshold needs "lower", "upper" or both'
        elif lower is not None and upper is not None and lower > upper:
            yield "lower", f"must not be above upper; got {lower:g} and {upper:g}"
    if "max_epochs" in pruning:
        least, most = pruning["min_epochs"], pruning["max_epochs"]
        if most is None and pruning["algorithm"] == "hyperband":
            yield "max_epochs", "hyperband needs to know how many epochs a trial trains at most"
        elif most is not None and most < least:
            yield "max_epochs", f"must be at least min_epochs ({least}), got {most}"


def _most_epochs(training: Mapping[str, Any]) -> int | None:
    """How long a trial may train; None if only an external study's own program knows."""
    epochs = training.get("epochs")
    if isinstance(epochs, Mapping):
        return int(max(epochs["choices"]) if "choices" in epochs else epochs["max"])
    return epochs
