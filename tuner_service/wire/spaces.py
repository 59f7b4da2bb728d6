"""Search spaces and data sets: parameters, overrides, the entries of the catalogue."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tuner_service.wire.base import Body, Name, Number, Ordinal, RealNumber, Text, Value
from tuner_service.wire.previews import Preview


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


class _Told(BaseModel):
    """What is known of an input or output, each where it is told."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: Text = ""
    kind: Text = ""
    dtype: Text = ""
    shape: list[Ordinal] = []
    classes: Ordinal | None = None
    class_names: list[Text] | None = None
    vocabulary: Ordinal | None = None
    mean: RealNumber | None = None
    deviation: RealNumber | None = None
    kinds: list[Text] = []
    like: Text | None = None


class FieldSpec(BaseModel):
    """An input or output: of a data set one field, of a family what it accepts there."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @model_validator(mode="after")
    def _makes_sense(self) -> "FieldSpec":
        try:
            _Told.model_validate(self.model_extra)
        except ValidationError as error:
            # All pages that show an entry go by this: what is not there, is not told; what is, is what it should be.
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f'"{where}": {first["msg"]}') from error
        return self


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
    """``not here``: no worker has its file; ``error`` says which to put where. ``sha256`` of an upload: its file's.

    Lists leave ``preview`` out.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "shop",
                    "summary": 'A table of 600 rows: "sold" (2 classes) from 2 numbers.',
                    "inputs": [
                        {"name": "features", "kind": "vector", "shape": [2], "dtype": "float32"}
                    ],
                    "outputs": [
                        {
                            "name": "sold",
                            "kind": "class",
                            "shape": [],
                            "dtype": "int32",
                            "classes": 2,
                            "class_names": ["no", "yes"],
                        }
                    ],
                    "sizes": {"train": 360, "validation": 120, "test": 120},
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "source": "uploaded csv, 8,120 bytes",
                    "status": "ready",
                    "error": None,
                    "notes": [],
                    "upload": {"format": "csv", "told": {"target": ["sold"]}, "size": 8120},
                    "preview": {
                        "samples": [
                            {
                                "inputs": {"price": {"text": "9.5"}, "weight": {"text": "120"}},
                                "outputs": {"sold": "yes"},
                            }
                        ],
                        "histograms": [
                            {"name": "price", "least": 0.5, "most": 99.5, "counts": [200, 160]}
                        ],
                        "classes": {
                            "sold": [{"name": "no", "count": 300}, {"name": "yes", "count": 60}]
                        },
                    },
                }
            ]
        }
    )

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
    preview: Preview | None = None
