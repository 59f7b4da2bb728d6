"""How candidates are trained, searched and pruned."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool

from tuner_service.domain.training import MAX_ATTEMPTS
from tuner_service.wire.base import Body, Number, Ordinal, RealNumber


class NumberRange(Body):
    min: Number
    max: Number
    step: Number | None = None
    log: bool = False


class NumberChoice(Body):
    choices: list[Number] = Field(min_length=1)


Count = Annotated[int, Field(ge=1, lt=2**31, strict=True)] | NumberRange | NumberChoice
NonNegative = Ordinal | NumberRange | NumberChoice
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False, strict=True)]
Real = Annotated[float, Field(allow_inf_nan=False, strict=True)] | NumberRange | NumberChoice


Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Search(Body):
    """How candidates are chosen. Each option belongs to some of the algorithms; the others refuse it.

    ``picked`` is what a study says that is searched by ``auto``. A request may have it too, so that a study's ``spec``
    can be sent again; it is picked anew.
    """

    algorithm: Literal["auto", "bayesian", "cmaes", "genetic", "grid", "quasi_random", "random"] = (
        "auto"
    )
    seed: int | None = Field(default=None, ge=0, lt=2**53, strict=True)
    engine: Literal["tpe", "kriging", "gp"] | None = Field(
        default=None,
        description="bayesian: Parzen estimators (tpe, the default) or a Gaussian process: kriging, "
        "for one objective, or Optuna's (gp), which needs PyTorch where the server runs",
    )
    startup_trials: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="auto, bayesian, genetic: so many trials before it learns (10; genetic: 8)",
    )
    population: int | None = Field(
        default=None,
        ge=4,
        le=1000,
        description="genetic: so many of the best are parents (10); "
        "cmaes: candidates in a generation (4 + 3 ln(parameters))",
    )
    crossover_rate: Rate | None = Field(
        default=None, description="genetic: the share of children that have two parents (0.9)"
    )
    mutation_rate: Rate | None = Field(
        default=None,
        description="genetic: the chance of each parameter to change (1 / how many are searched)",
    )
    tournament: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="genetic: so many are drawn for the best of them to be a parent (2)",
    )
    picked: dict[str, Any] | None = Field(
        default=None, description="auto: the algorithm that was picked, its options, and why"
    )


class Pruning(Body):
    """By which rule an epoch is judged. Each option belongs to some of the rules; the others refuse it.

    ``patient`` has the options of the rule that it wraps, too.
    """

    algorithm: Literal[
        "none", "median", "percentile", "successive_halving", "hyperband", "patient", "threshold"
    ] = "none"
    startup_trials: int = Field(
        default=5, ge=1, description="median, percentile: so many trials complete before any ends"
    )
    warmup_epochs: int = Field(
        default=0, ge=0, description="median, percentile, threshold: none ends before this epoch"
    )
    interval_epochs: int = Field(
        default=1, ge=1, description="median, percentile, threshold: every so many epochs"
    )
    min_trials: int = Field(
        default=1, ge=1, description="median, percentile: so many trials must have come as far"
    )
    percentile: float = Field(
        default=25.0,
        gt=0,
        lt=100,
        allow_inf_nan=False,
        description="percentile: a trial goes on that is among the best so many percent",
    )
    min_epochs: Annotated[int, Field(ge=1, lt=2**31, strict=True)] = Field(
        default=1, description="successive_halving, hyperband: epochs until the first rung"
    )
    max_epochs: Annotated[int, Field(ge=1, lt=2**31, strict=True)] | None = Field(
        default=None,
        description="successive_halving, hyperband: what a trial trains at most (training.epochs)",
    )
    reduction_factor: int = Field(
        default=3,
        ge=2,
        le=100,
        strict=True,
        description="successive_halving, hyperband: at a rung the best one in so many goes on, "
        "to so many times the epochs",
    )
    patience: Ordinal = Field(
        default=3,
        description="patient: so many epochs that are worse than the best before them are forgiven",
    )
    min_delta: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="patient: so much worse than before is still no loss",
    )
    wraps: Literal["none", "median", "percentile", "threshold"] = Field(
        default="median",
        description="patient: the rule that is asked then; none: the trial ends without one",
    )
    lower: RealNumber | None = Field(
        default=None, description="threshold: a trial ends whose value is below"
    )
    upper: RealNumber | None = Field(
        default=None, description="threshold: a trial ends whose value is above"
    )


class EarlyStopping(Body):
    """Arguments of ``keras.callbacks.EarlyStopping``."""

    monitor: str = "val_loss"
    min_delta: Real = 0.0
    patience: NonNegative = 5
    mode: Literal["auto", "min", "max"] = "auto"
    baseline: Real | None = None
    restore_best_weights: bool = True
    start_from_epoch: NonNegative = 0
    verbose: Literal[0, 1] = 0


class ReduceLROnPlateau(Body):
    """Arguments of ``keras.callbacks.ReduceLROnPlateau``."""

    monitor: str = "val_loss"
    factor: Real = 0.5
    patience: NonNegative = 2
    mode: Literal["auto", "min", "max"] = "auto"
    min_delta: Real = 1e-4
    cooldown: NonNegative = 0
    min_lr: Real = 0.0
    verbose: Literal[0, 1] = 0


class Training(Body):
    """Any number of the first four may instead be a range or a choice, and is then searched like another parameter.

    ``max_seconds``: a trial trains no longer, and counts by its best epoch until then. ``max_silence_seconds``: a
    training without a batch for so long hangs, and is ended like one that died. ``max_attempts``: a trial that died so
    often has failed. ``retry_failed``: whether a failure inside training (an exception, NaN) is tried again too.
    """

    epochs: Count = 30
    batch_size: Count = 64
    early_stopping: EarlyStopping | None = EarlyStopping()
    reduce_lr_on_plateau: ReduceLROnPlateau | None = ReduceLROnPlateau()
    max_seconds: Seconds | None = None
    max_silence_seconds: Seconds | None = 600.0
    max_attempts: int = Field(default=MAX_ATTEMPTS, ge=1, le=1_000_000, strict=True)
    retry_failed: StrictBool = False
