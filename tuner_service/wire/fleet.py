"""Workers: how they register, and what is told of them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tuner_service.wire.base import Body, Name, Reply
from tuner_service.wire.spaces import DatasetEntry, SearchSpaceEntry


class Device(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    name: str


class WorkerRegistration(Body):
    """An entry that is a bare name refers to what the catalogue already knows.

    ``stopped``: these are the last words of a worker that ends in good order.
    """

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
    stopped: bool = Field(default=False, strict=True)


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
    stopped: bool
    training: list[HeldTrial]
    registered_at: datetime
    last_seen: datetime
