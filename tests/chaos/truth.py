"""What the scripted training reports, computed from the trial alone: so a doubled, lost or wrongly resumed epoch shows.

A training's state is a chain of digests, as weights are: an epoch's metrics follow from the state before it, and a
training that goes on from the wrong state reports wrong numbers from there on.
"""

import hashlib
import json
from typing import Any

FILLER_BYTES = 150_000
"""How large a checkpoint is made, so that an upload can be cut in its middle."""


def beginning(seed: int, number: int) -> str:
    """The state of a training that has not begun."""
    return _digest(f"trial {number} with seed {seed}")


def after(state: str, epoch: int) -> str:
    """The state when this epoch is done, from the state before it."""
    return _digest(f"{state} epoch {epoch}")


def state_after(seed: int, number: int, epochs: int) -> str:
    """The state of a training that was never disturbed, after so many epochs."""
    state = beginning(seed, number)
    for epoch in range(epochs):
        state = after(state, epoch)
    return state


def metrics(state: str) -> dict[str, float]:
    """What an epoch reports that ended in this state."""
    parts = [int(state[start : start + 8], 16) / 2**32 for start in (0, 8, 16, 24)]
    return dict(zip(("loss", "val_loss", "accuracy", "val_accuracy"), parts, strict=True))


def checkpoint(seed: int, number: int, epochs: int, state: str) -> bytes:
    """The file that holds a training's state; whole only if its last line is the digest of all before it."""
    head = json.dumps({"seed": seed, "number": number, "epochs": epochs, "state": state}).encode()
    filler = hashlib.shake_256(head).digest(FILLER_BYTES)
    body = head + b"\n" + filler
    return body + hashlib.sha256(body).digest()


class Unusable(ValueError):
    """A checkpoint that is not whole, or not of this trial."""


def read_checkpoint(content: bytes, seed: int, number: int, epochs: int) -> str:
    """The state in a checkpoint. Raises Unusable."""
    body, digest = content[:-32], content[-32:]
    if hashlib.sha256(body).digest() != digest:
        raise Unusable("the checkpoint is damaged")
    held: dict[str, Any] = json.loads(body.partition(b"\n")[0])
    expected = {"seed": seed, "number": number, "epochs": epochs}
    got = {name: held[name] for name in expected}
    if got != expected:
        raise Unusable(f"the checkpoint is of {got}, wanted {expected}")
    return str(held["state"])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
