"""What all bodies share: names and numbers as the contract has them, errors, times."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr

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
