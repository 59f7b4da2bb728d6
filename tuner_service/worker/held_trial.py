"""A trial that this worker holds, and everything it can say of it."""

import base64
import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from tuner_service.domain.trial import Verdict, finite
from tuner_service.wire import ClaimReply, FallBackReply, Resume, VerdictReply
from tuner_service.worker.connection import MOST_CUTS, Connection
from tuner_service.worker.errors import Refused

ReplyT = TypeVar("ReplyT", bound=BaseModel)

MOST_ERROR_CHARACTERS = 20_000
CLAIM_ANSWER_SECONDS = 5.0
"""How much later than it was asked to the server may answer a claim."""
LOG = "log.txt"
TASK_FIELDS = {
    "study",
    "number",
    "attempt",
    "search_space",
    "dataset",
    "parameters",
    "training",
    "objectives",
    "seed",
    "data",
    "preflight",
}


@dataclass(frozen=True)
class HeldTrial:
    """One attempt at a trial. Every call raises LeaseLost once another attempt, or the trial's end, came in between."""

    claim: ClaimReply
    connection: Connection

    def __str__(self) -> str:
        return f"{self.claim.study}/{self.claim.number}"

    @property
    def task(self) -> dict[str, Any]:
        """What the training process needs to know."""
        return self.claim.model_dump(mode="json", include=TASK_FIELDS)

    def until(self, over: threading.Event) -> Self:
        """The same trial, with requests that are given up at this event; see ``Connection.until``."""
        return replace(self, connection=self.connection.until(over))

    def report_epoch(
        self,
        epoch: int,
        metrics: Mapping[str, float | None],
        seconds: float | None,
        model_parameters: int | None,
    ) -> Verdict:
        """Report an epoch, which renews the lease; NaN and the infinities, unknown to JSON, become null."""
        body = {
            "attempt": self.claim.attempt,
            "epoch": epoch,
            "metrics": finite(metrics),
            "seconds": seconds,
            "model_parameters": model_parameters,
        }
        return _read(VerdictReply, self._post("epochs", body)).verdict

    def report_preflight(self, preflight: Mapping[str, Any] | None, error: str | None) -> Verdict:
        """Tell what the study's default candidate is, or why it cannot be trained."""
        body = {
            **self._attempt,
            "preflight": preflight,
            "error": None if error is None else _shortened(error),
        }
        return _read(VerdictReply, self._post("preflight", body)).verdict

    def fetch_data(self, file: Path) -> str:
        """Write the study's uploaded data to a file; its sha-256, hexadecimal."""
        return self.connection.get_file(f"/v1/datasets/{self.claim.dataset}/content", file)

    def heartbeat(self) -> Verdict:
        """Renew the lease."""
        return _read(VerdictReply, self._post("heartbeat", self._attempt)).verdict

    def finish(
        self,
        state: Literal["completed", "failed"],
        error: str | None,
        model_parameters: int | None,
        detail: str | None = None,
    ) -> None:
        """End the trial; of an error that is too long, the beginning and the end are kept."""
        body = {
            **self._attempt,
            "state": state,
            "error": None if error is None else _shortened(error),
            "model_parameters": model_parameters,
        }
        # Left out where there is none: a server of before knows no such field.
        said = {} if detail is None else {"detail": _shortened(detail)}
        self._post("finish", body | said)

    def release(self, error: str | None = None) -> None:
        """Give the trial back unharmed, no attempt charged; with the last words of an attempt that died, charged."""
        said = {} if error is None else {"error": _shortened(error)}
        self._post("release", {**self._attempt, **said})

    def fall_back(self, checkpoint: str, error: str) -> Resume | None:
        """Tell that a checkpoint cannot be used: where to begin instead, None for the trial's beginning."""
        body = {**self._attempt, "checkpoint": checkpoint, "error": _shortened(error)}
        return _read(FallBackReply, self._post("fall-back", body)).resume

    def fetch_checkpoint(self, checkpoint: str, file: Path) -> str:
        """Write a checkpoint to a file; its sha-256, hexadecimal."""
        path = f"{self._path}/artifacts/{checkpoint}"
        return self.connection.get_file(path, file, most_cuts=MOST_CUTS)

    def upload(self, file: Path) -> None:
        """Send a file as an artifact of the same name."""
        self._put(file.name, file, {})

    def upload_log(self, lines: Sequence[str]) -> None:
        """Send what the training process printed; it needs no room on this machine's disk."""
        self._put(LOG, "".join(f"{line}\n" for line in lines).encode(), {})

    def upload_checkpoint(self, file: Path, epoch: int) -> None:
        """Send a checkpoint with so many epochs in it, all of which were reported."""
        self._put(file.name, file, {"checkpoint": str(epoch)})

    def _put(self, name: str, content: Path | bytes, params: Mapping[str, str]) -> None:
        # With its digest (RFC 9530).
        digest = base64.b64encode(_sha256(content)).decode("ascii")
        self.connection.put(
            f"{self._path}/artifacts/{name}",
            content,
            params={"attempt": str(self.claim.attempt), **params},
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Digest": f"sha-256=:{digest}:",
            },
        )

    @property
    def _attempt(self) -> dict[str, int]:
        return {"attempt": self.claim.attempt}

    @property
    def _path(self) -> str:
        return f"/v1/studies/{self.claim.study}/trials/{self.claim.number}"

    def _post(self, action: str, body: Mapping[str, Any]) -> httpx.Response:
        return self.connection.request("POST", f"{self._path}/{action}", body)


def claim_trial(
    connection: Connection, worker: str, key: str, wait_seconds: float
) -> HeldTrial | None:
    """Take the next trial for this worker, waiting at the server for one; None if there was no work.

    The same key gets the same trial. Raises Refused, Unreachable.
    """
    body = {"worker": worker, "key": key, "study": None, "wait_seconds": wait_seconds}
    response = connection.request(
        "POST", "/v1/claims", body, read_seconds=wait_seconds + CLAIM_ANSWER_SECONDS
    )
    if response.status_code == 204:
        return None
    claim = _read(ClaimReply, response)
    # Over a connection that is open at this end only, a question must be asked anew before the lease runs out.
    answer_seconds = max(1.0, claim.lease_seconds / 3)
    return HeldTrial(claim, connection.answered_within(answer_seconds))


def _read(kind: type[ReplyT], response: httpx.Response) -> ReplyT:
    try:
        return kind.model_validate_json(response.content)
    except ValidationError as error:
        detail = f"{response.request.url.path} did not answer as a tuner server does"
        raise Refused(response.status_code, "bad_reply", detail) from error


def _sha256(content: Path | bytes) -> bytes:
    if isinstance(content, bytes):
        return hashlib.sha256(content).digest()
    with content.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").digest()


def _shortened(error: str) -> str:
    # What a process printed may hold anything; no database takes a NUL, no JSON half a character.
    error = error.replace("\0", "").encode(errors="replace").decode()
    if len(error) <= MOST_ERROR_CHARACTERS:
        return error
    part = MOST_ERROR_CHARACTERS // 2 - 10
    return f"{error[:part]}\n[…]\n{error[-part:]}"
