"""The bodies of the REST contract, as requests are read and replies are described."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

from tuner_service.domain.study import Direction, Executor, StudyState
from tuner_service.domain.trial import Origin, TrialState, Verdict

STUDY_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"

StudyName = Annotated[str, Field(pattern=STUDY_NAME, examples=["digits-separable"])]
Name = Annotated[str, Field(pattern=NAME)]
# What JSON and both databases can hold: no NaN, no integer beyond 64 bits, no NUL in a text.
WholeNumber = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
RealNumber = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Number = WholeNumber | RealNumber
Value = StrictBool | WholeNumber | RealNumber | StrictStr
Ordinal = Annotated[int, Field(strict=True, ge=0, lt=2**31)]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class Body(BaseModel):
    """A request's body: unknown fields are refused, and so is text that is not Unicode (half a surrogate pair)."""

    # With a limit on its length every text is looked at whole.
    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=1_000_000)


class Reply(BaseModel):
    """A reply's body."""

    model_config = ConfigDict(frozen=True)


# ── Spaces ────────────────────────────────────────────────────────────────────────────────────────


class Condition(Body):
    parameter: str
    values: list[Value] = Field(min_length=1)


class Parameter(Body):
    name: Text = Field(min_length=1, max_length=200, examples=["learning_rate"])
    type: Literal["int", "float", "choice", "bool", "fixed"]
    min: Number | None = None
    max: Number | None = None
    step: Number | None = None
    log: bool = False
    choices: list[Value] | None = None
    value: Value | None = None
    default: Value | None = None
    when: list[Condition] = []


class Inline(Body):
    """A search space that the study brings along (external studies)."""

    parameters: list[Parameter] = Field(min_length=1, max_length=1000)


class Override(Body):
    """A parameter narrowed, widened or fixed; only the fields that are given change."""

    min: Number | None = None
    max: Number | None = None
    step: Number | None = None
    log: bool | None = None
    choices: list[Value] | None = None
    value: Value | None = None


class NumberRange(Body):
    min: Number
    max: Number
    step: Number | None = None
    log: bool = False


class NumberChoice(Body):
    choices: list[Number] = Field(min_length=1)


Count = Annotated[int, Field(ge=1, lt=2**31, strict=True)] | NumberRange | NumberChoice
NonNegative = Ordinal | NumberRange | NumberChoice
Real = Annotated[float, Field(allow_inf_nan=False, strict=True)] | NumberRange | NumberChoice


# ── Studies ───────────────────────────────────────────────────────────────────────────────────────


class Objective(Body):
    metric: Text = Field(min_length=1, max_length=200, examples=["val_accuracy"])
    direction: Direction


class Search(Body):
    """``resolution`` and ``population`` belong to ``grid`` and ``genetic``."""

    algorithm: Literal["auto", "bayesian", "genetic", "grid", "random"] = "auto"
    seed: int | None = Field(default=None, ge=0, lt=2**53, strict=True)
    population: int | None = Field(default=None, ge=4, le=1000)
    startup_trials: int | None = Field(default=None, ge=1, le=10_000)


class Pruning(Body):
    """``startup_trials`` trials complete before any is pruned; none is before ``warmup_epochs``."""

    algorithm: Literal["none", "median"] = "none"
    startup_trials: int = Field(default=5, ge=1)
    warmup_epochs: int = Field(default=0, ge=0)
    interval_epochs: int = Field(default=1, ge=1)
    min_trials: int = Field(default=1, ge=1)


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
    """Any number may instead be a range or a choice, and is then searched like another parameter."""

    epochs: Count = 30
    batch_size: Count = 64
    early_stopping: EarlyStopping | None = EarlyStopping()
    reduce_lr_on_plateau: ReduceLROnPlateau | None = ReduceLROnPlateau()


class Budget(Body):
    trials: int | None = Field(default=None, ge=1, le=1_000_000, strict=True)
    seconds: float | None = Field(default=None, gt=0, allow_inf_nan=False)


EXAMPLE_STUDY: dict[str, Any] = {
    "name": "digits-separable",
    "search_space": "separable_convnet",
    "dataset": "digits",
    "overrides": {"learning_rate": {"min": 1e-4, "max": 1e-2}, "batch_norm": {"value": True}},
    "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
    "search": {"algorithm": "bayesian", "seed": 7},
    "pruning": {"algorithm": "median", "warmup_epochs": 3},
    "training": {
        "epochs": 30,
        "batch_size": 64,
        "early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": True},
        "reduce_lr_on_plateau": {"monitor": "val_loss", "factor": 0.5, "patience": 2},
    },
    "budget": {"trials": 40, "seconds": None},
    "max_parallel": 8,
    "priority": 0,
}


class StudyRequest(Body):
    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [EXAMPLE_STUDY]}
    )

    name: StudyName | None = None
    executor: Executor = Executor.KERAS
    search_space: str | Inline
    dataset: str | None = None
    overrides: dict[str, Override] = {}
    objectives: list[Objective] | None = Field(default=None, min_length=1, max_length=8)
    search: Search = Search()
    pruning: Pruning = Pruning()
    training: Training | None = None
    budget: Budget = Budget()
    max_parallel: int | None = Field(default=None, ge=1, le=1_000_000, strict=True)
    priority: int = Field(default=0, ge=-1000, le=1000, strict=True)


class Extension(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"trials": 20}]})

    trials: int = Field(ge=1, le=1_000_000, strict=True)


class Candidate(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"parameters": {"learning_rate": 0.001}}]}
    )

    parameters: dict[str, Value]


class SpaceReply(Reply):
    parameters: list[dict[str, Any]]
    digest: str


class Progress(Reply):
    budget: int
    queued: int
    running: int
    completed: int
    pruned: int
    failed: int
    cancelled: int


class Best(Reply):
    trial: int
    values: dict[str, float]
    parameters: dict[str, Value]


class LayerShape(Body):
    name: Text
    type: Text
    output_shape: list[int | None] | list[list[int | None]] | None
    parameters: int


class Preflight(Body):
    """The default candidate, built once: trainable and other ``parameters``, an estimate of its training's memory."""

    parameters: int = Field(ge=0, lt=2**62)
    memory_bytes: int = Field(ge=0, lt=2**62)
    metrics: list[Text] = Field(max_length=1000)
    layers: list[LayerShape] = Field(max_length=10_000)


class StudyReply(Reply):
    """``spec`` is the request with every default filled in."""

    name: str
    state: StudyState
    created_at: datetime
    spec: dict[str, Any]
    space: SpaceReply
    progress: Progress
    best: Best | None
    reason: str | None = None
    preflight: Preflight | None = None
    pareto_front: list[Best] | None = None


class HistoryLine(Reply):
    at: datetime
    what: str
    worker: str | None
    attempt: int
    detail: str | None


class TrialReply(Reply):
    study: str
    number: int
    state: TrialState
    origin: Origin
    attempt: int
    worker: str | None
    parameters: dict[str, Value]
    values: dict[str, float] | None
    best_epoch: int | None
    epochs: int
    model_parameters: int | None
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    error: str | None
    history: list[HistoryLine] | None = None


class EpochReply(Reply):
    epoch: int
    metrics: dict[str, float | None]
    seconds: float | None


class ArtifactReply(Reply):
    name: str
    size: int
    sha256: str
    created_at: datetime


class Importance(Reply):
    metric: str
    importance: dict[str, float]


# ── Workers ───────────────────────────────────────────────────────────────────────────────────────


class FieldSpec(BaseModel):
    """An input or output: of a data set one field, of a family what it accepts there."""

    model_config = ConfigDict(extra="allow", frozen=True)


Status = Literal["ready", "broken", "not here"]


class SearchSpaceEntry(Body):
    """``broken``: its code does not import or build, for the reason in ``error``."""

    name: Name
    title: str = ""
    summary: str = ""
    inputs: list[FieldSpec] = []
    outputs: list[FieldSpec] = []
    parameters: list[Parameter] = []
    source: str = ""
    status: Status = "ready"
    error: Text | None = None


class Upload(Body):
    """How an uploaded file is to be read: its format, and what its user said of it. ``size`` in bytes."""

    format: Literal["npz", "csv", "parquet", "zip"]
    told: dict[str, Any] = {}
    size: int = 0


class DatasetEntry(Body):
    """``not here``: no worker has its file; ``error`` says which to put where. ``sha256`` of an upload: its file's."""

    name: Name
    summary: str = ""
    inputs: list[FieldSpec] = []
    outputs: list[FieldSpec] = []
    sizes: dict[str, int] = {}
    sha256: str | None = None
    source: str = ""
    status: Status = "ready"
    error: Text | None = None
    notes: list[Text] = []
    upload: Upload | None = None


class Device(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    name: str


class WorkerRegistration(Body):
    """An entry that is a bare name refers to what the catalogue already knows."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "host": "gpu-node-1",
                    "devices": [{"name": "NVIDIA H200", "memory_bytes": 151000000000}],
                    "slots": 1,
                    "backend": "tensorflow",
                    "search_spaces": ["dense", "separable_convnet"],
                    "datasets": ["digits"],
                }
            ]
        },
    )

    host: str = ""
    devices: list[Device | str] = []
    slots: int = Field(default=1, ge=1, le=1024)
    backend: str = ""
    version: str = ""
    search_spaces: list[SearchSpaceEntry | Name] = []
    datasets: list[DatasetEntry | Name] = []
    load: dict[str, Any] = {}


class HeldTrial(Reply):
    study: str
    number: int
    attempt: int


class WorkerReply(Reply):
    name: str
    host: str
    devices: list[Device | str]
    slots: int
    backend: str
    version: str
    search_spaces: list[str]
    datasets: list[str]
    load: dict[str, Any]
    training: list[HeldTrial]
    registered_at: datetime
    last_seen: datetime


class ClaimRequest(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"worker": "gpu-node-1", "key": "5f0c…", "study": None, "wait_seconds": 20}
            ]
        },
    )

    worker: Name
    key: Text = Field(min_length=1, max_length=200)
    study: str | None = None
    wait_seconds: float = Field(default=0, ge=0, le=60, allow_inf_nan=False)


class Resume(Reply):
    epoch: int
    checkpoint: str


class PreflightOrder(Reply):
    """Build the default candidate before the trial, and tell what it is: these are its parameters and settings."""

    parameters: dict[str, Value]
    training: dict[str, Any]


class ClaimReply(Reply):
    study: str
    number: int
    attempt: int
    parameters: dict[str, Value]
    training: dict[str, Any]
    lease_seconds: float
    resume: Resume | None
    executor: Executor
    search_space: str | None
    dataset: str | None
    objectives: list[Objective]
    seed: int
    data: DatasetEntry | None = None
    preflight: PreflightOrder | None = None


class EpochReport(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "attempt": 1,
                    "epoch": 0,
                    "metrics": {"loss": 1.9, "val_loss": 1.7, "val_accuracy": 0.41},
                }
            ]
        },
    )

    attempt: Ordinal = Field(ge=1)
    epoch: Ordinal
    metrics: dict[str, float | None] = Field(min_length=1, max_length=1000)
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    model_parameters: int | None = Field(default=None, ge=0, lt=2**62)


class PreflightReport(Body):
    """What came of the default candidate: ``preflight``, or the ``error`` why it cannot be trained on this data."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "attempt": 1,
                    "preflight": {
                        "parameters": 3466,
                        "memory_bytes": 94000,
                        "metrics": ["accuracy", "loss", "val_accuracy", "val_loss"],
                        "layers": [
                            {
                                "name": "dense",
                                "type": "Dense",
                                "output_shape": [32],
                                "parameters": 2080,
                            }
                        ],
                    },
                }
            ]
        },
    )

    attempt: Ordinal = Field(ge=1)
    preflight: Preflight | None = None
    error: str | None = Field(default=None, max_length=20_000)


class Heartbeat(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"attempt": 1}]})

    attempt: Ordinal = Field(ge=1)


class Finish(Body):
    """``values``: by metric, or a list in the order of the objectives."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"attempt": 1, "state": "completed", "values": {"val_accuracy": 0.97}}]
        },
    )

    attempt: Ordinal = Field(ge=1)
    state: Literal["completed", "failed"]
    error: str | None = Field(default=None, max_length=20_000)
    values: dict[str, float | None] | list[float | None] | float | None = None
    model_parameters: int | None = Field(default=None, ge=0, lt=2**62)


class VerdictReply(Reply):
    verdict: Verdict


# ── Errors and lists ──────────────────────────────────────────────────────────────────────────────


class ProblemItem(Reply):
    loc: list[str | int]
    msg: str


class ProblemReply(Reply):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemItem] | None = None


def rfc3339(seconds: float | None) -> str | None:
    """A moment in seconds since the epoch as RFC 3339 text in UTC."""
    if seconds is None:
        return None
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def given(model: BaseModel) -> Mapping[str, Any]:
    """The fields that the user gave, as plain data."""
    return model.model_dump(mode="json", exclude_unset=True)
