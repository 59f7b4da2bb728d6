"""What a training process says is taken only as part of the protocol."""

import json
from pathlib import Path
from typing import Any

import pytest

from tuner_service.worker.messages import (
    BadMessage,
    CheckpointWritten,
    Started,
    drop,
    parse,
    stop,
    train,
)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "checkpoint", "epoch": 2, "file": "../../etc/passwd"},
        {"type": "checkpoint", "epoch": 2, "file": "checkpoint-3"},
        {"type": "checkpoint", "epoch": 0, "file": "checkpoint-0"},
        {"type": "checkpoint", "epoch": 2},
        {"type": "finished", "state": "tired"},
        {"type": "song"},
        [],
    ],
)
def test_what_is_no_part_of_the_protocol_is_refused(message: Any) -> None:
    with pytest.raises(BadMessage, match="the training process said"):
        parse(json.dumps(message).encode())


def test_a_checkpoint_has_the_name_of_its_epochs() -> None:
    line = b'{"type": "checkpoint", "epoch": 2, "file": "checkpoint-2"}'
    assert parse(line) == CheckpointWritten(2, "checkpoint-2")


def test_a_process_tells_its_batches_unless_it_says_otherwise() -> None:
    assert parse(b'{"type": "started", "model_parameters": 7}') == Started(7, tells_batches=True)


def test_what_is_said_to_the_process_is_one_line_each() -> None:
    line = train(
        {"study": "s"},
        Path("/f"),
        None,
        checkpoint=Path("/f/begin-with-2"),
        resume_epoch=2,
        checkpoint_seconds=60.0,
    )
    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "type": "train",
        "task": {"study": "s"},
        "folder": "/f",
        "data": None,
        "checkpoint": "/f/begin-with-2",
        "resume_epoch": 2,
        "checkpoint_seconds": 60.0,
    }
    assert json.loads(stop("epoch")) == {"type": "stop", "at": "epoch", "checkpoint": True}
    assert json.loads(drop()) == {"type": "stop", "at": "batch", "checkpoint": False}
