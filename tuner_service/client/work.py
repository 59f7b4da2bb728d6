"""Ask and tell: calls for those who train the trials themselves."""

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from tuner_service.client.transport import Transport, path
from tuner_service.domain.trial import Verdict
from tuner_service.wire import ArtifactReply, ClaimReply, TrialReply, VerdictReply

Values = Mapping[str, float] | Sequence[float] | float


class WorkCalls:
    """Claim trials, report their epochs, finish them.

    Every report carries the attempt of its claim. Once the lease has run out and another has the
    trial, it is refused: an ApiError with the code ``stale_attempt``.
    """

    transport: Transport

    def claim(
        self,
        study: str | None = None,
        *,
        worker: str,
        wait_seconds: float = 0,
        key: str | None = None,
    ) -> ClaimReply | None:
        """A trial to work on, waiting for one if asked to; None if there is no work now.

        The same key gets the same trial again, so a claim whose reply was lost can be repeated.
        """
        body = {
            "worker": worker,
            "key": key or uuid.uuid4().hex,
            "study": study,
            "wait_seconds": wait_seconds,
        }
        response = self.transport.post_keyed(
            path("claims"), body, timeout=self.transport.timeout + wait_seconds
        )
        return None if response.status_code == 204 else ClaimReply.model_validate(response.json())

    def report(
        self,
        held: ClaimReply,
        *,
        epoch: int,
        metrics: Mapping[str, float],
        seconds: float | None = None,
    ) -> Verdict:
        """Record an epoch and renew the lease; what to do next. Repeating it changes nothing."""
        body: dict[str, Any] = {"attempt": held.attempt, "epoch": epoch, "metrics": dict(metrics)}
        if seconds is not None:
            body["seconds"] = seconds
        return self._verdict(held, "epochs", body)

    def heartbeat(self, held: ClaimReply) -> Verdict:
        """Renew the lease between epochs."""
        return self._verdict(held, "heartbeat", {"attempt": held.attempt})

    def finish(self, held: ClaimReply, values: Values | None = None) -> TrialReply:
        """End a trial with its values; without any, its best reported epoch counts."""
        body: dict[str, Any] = {"attempt": held.attempt, "state": "completed"}
        if values is not None:
            body["values"] = (
                dict(values)
                if isinstance(values, Mapping)
                else list(values)
                if isinstance(values, Sequence)
                else values
            )
        return self._ended(held, "finish", body)

    def fail(self, held: ClaimReply, error: str) -> TrialReply:
        """End a trial as failed, with the reason on it."""
        body = {"attempt": held.attempt, "state": "failed", "error": error}
        return self._ended(held, "finish", body)

    def release(self, held: ClaimReply) -> TrialReply:
        """Give a trial back unharmed; no attempt is charged."""
        return self._ended(held, "release", {"attempt": held.attempt})

    def upload(
        self, held: ClaimReply, file: PathLike[str] | str, name: str | None = None
    ) -> ArtifactReply:
        """Keep a file with the trial, under its own name or the one given."""
        source = Path(file)
        with source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
            stream.seek(0)
            response = self.transport.request(
                "PUT",
                _trial(held, "artifacts", name or source.name),
                params={"attempt": held.attempt},
                content=stream,
                headers={
                    "Content-Type": "application/octet-stream",
                    # RFC 9530: a structured field whose value is bytes.
                    "Content-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
                },
            )
        return ArtifactReply.model_validate(response.json())

    def _verdict(self, held: ClaimReply, call: str, body: Any) -> Verdict:
        response = self.transport.request("POST", _trial(held, call), json=body)
        return VerdictReply.model_validate(response.json()).verdict

    def _ended(self, held: ClaimReply, call: str, body: Any) -> TrialReply:
        response = self.transport.request("POST", _trial(held, call), json=body)
        return TrialReply.model_validate(response.json())


def _trial(held: ClaimReply, *rest: str) -> str:
    return path("studies", held.study, "trials", held.number, *rest)
