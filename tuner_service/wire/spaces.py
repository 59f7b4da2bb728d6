"""Search spaces and data sets: parameters, overrides, the entries of the catalogue."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tuner_service.wire.base import Body, Name, Number, Text, Value


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
