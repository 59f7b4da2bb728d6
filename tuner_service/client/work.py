"""Ask and tell: calls for those who train the trials themselves."""

import base64
import hashlib
import math
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from os import PathLike
from pathlib import Path
from typing import Any

from tuner_service.client.downloads import download
from tuner_service.client.errors import ApiError, BadDownload
from tuner_service.client.transport import Transport, path
from tuner_service.domain.trial import Verdict
from tuner_service.wire import (
    ArtifactReply,
    ClaimReply,
    FallBackReply,
    TrialReply,
    VerdictReply,
)

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
        """Record an epoch and renew the lease; what to do next. Repeating it changes nothing.

        An epoch with an objective that is NaN or infinite is never the best.
        """
        body: dict[str, Any] = {
            "attempt": held.attempt,
            "epoch": epoch,
            "metrics": {name: _number(value) for name, value in metrics.items()},
        }
        if seconds is not None:
            body["seconds"] = seconds
        return self._verdict(held, "epochs", body)

    def heartbeat(self, held: ClaimReply) -> Verdict:
        """Renew the lease between epochs."""
        return self._verdict(held, "heartbeat", {"attempt": held.attempt})

    def finish(self, held: ClaimReply, values: Values | None = None) -> TrialReply:
        """End a trial with its values; without any, its best reported epoch counts.

        With a value that is NaN or infinite it ends as failed.
        """
        body: dict[str, Any] = {"attempt": held.attempt, "state": "completed"}
        if isinstance(values, Mapping):
            body["values"] = {metric: _number(value) for metric, value in values.items()}
        elif isinstance(values, Sequence):
            body["values"] = [_number(value) for value in values]
        elif values is not None:
            # A list, since null in place of a number would be no values at all.
            body["values"] = [_number(values)]
        return self._ended(held, "finish", body)

    def fail(self, held: ClaimReply, error: str) -> TrialReply:
        """End a trial as failed, with the reason on it."""
        body = {"attempt": held.attempt, "state": "failed", "error": error}
        return self._ended(held, "finish", body)

    def release(self, held: ClaimReply, *, error: str | None = None) -> TrialReply:
        """Give a trial back unharmed; no attempt is charged.

        With an ``error`` it died under our hands, from outside: that counts, and ``max_attempts`` deaths end the trial.
        """
        body = {"attempt": held.attempt} | ({} if error is None else {"error": error})
        return self._ended(held, "release", body)

    def fetch_checkpoint(
        self, held: ClaimReply, to: PathLike[str] | str
    ) -> tuple[int, Path | None]:
        """Fetch the checkpoint that a trial goes on from: the next epoch, and where the file lies; (0, None) without.

        A checkpoint that is damaged or gone is told to the server, and the one before it is taken.
        """
        resume = held.resume
        while resume is not None:
            url = _trial(held, "artifacts", resume.checkpoint)
            try:
                file = download(
                    self.transport, url, name=resume.checkpoint, sha256=resume.sha256, to=to
                )
            except BadDownload as error:
                why = str(error)
            except ApiError as error:
                if error.status != HTTPStatus.NOT_FOUND:
                    raise
                why = str(error)
            else:
                return resume.epoch, file
            body = {"attempt": held.attempt, "checkpoint": resume.checkpoint, "error": why}
            reply = self.transport.request("POST", _trial(held, "fall-back"), json=body)
            resume = FallBackReply.model_validate(reply.json()).resume
        return 0, None

    def upload(
        self,
        held: ClaimReply,
        file: PathLike[str] | str,
        name: str | None = None,
        *,
        checkpoint: int | None = None,
    ) -> ArtifactReply:
        """Keep a file with the trial, under its own name or the one given.

        ``checkpoint``: the trial can go on from it, and so many epochs are in it.
        """
        source = Path(file)
        params = {"attempt": held.attempt}
        if checkpoint is not None:
            params["checkpoint"] = checkpoint
        with source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
            stream.seek(0)
            response = self.transport.request(
                "PUT",
                _trial(held, "artifacts", name or source.name),
                params=params,
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


def _number(value: float | None) -> float | None:
    """None, which is sent as null, for NaN and the infinities: JSON has no word for them."""
    return value if value is not None and math.isfinite(value) else None


def _trial(held: ClaimReply, *rest: str) -> str:
    return path("studies", held.study, "trials", held.number, *rest)
