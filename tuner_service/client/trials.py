"""Calls on trials and what they leave."""

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from tuner_service.client.downloads import download
from tuner_service.client.transport import Transport, path
from tuner_service.domain.trial import TrialState
from tuner_service.wire import ArtifactReply, EpochReply, TrialReply


class TrialCalls:
    """Read trials, their epochs, logs and files."""

    transport: Transport

    def trials(
        self, study: str, *, state: TrialState | str | None = None, order_by: str | None = None
    ) -> Iterator[TrialReply]:
        """By number, or in the order that is asked for."""
        for item in self.transport.pages(
            path("studies", study, "trials"), state=state, order_by=order_by
        ):
            yield TrialReply.model_validate(item)

    def trial(self, study: str, number: int) -> TrialReply:
        """One trial with its ``history``."""
        return TrialReply.model_validate(self.transport.get(_trial(study, number)))

    def cancel_trial(self, study: str, number: int) -> TrialReply:
        response = self.transport.request("POST", _trial(study, number, "cancel"))
        return TrialReply.model_validate(response.json())

    def epochs(self, study: str, number: int) -> Iterator[EpochReply]:
        for item in self.transport.pages(_trial(study, number, "epochs")):
            yield EpochReply.model_validate(item)

    def log(self, study: str, number: int) -> str:
        """The last lines that the trial printed."""
        return self.transport.text(_trial(study, number, "log"))

    def artifacts(self, study: str, number: int) -> Iterator[ArtifactReply]:
        for item in self.transport.pages(_trial(study, number, "artifacts")):
            yield ArtifactReply.model_validate(item)

    def download(
        self, study: str, number: int, artifact: ArtifactReply, to: PathLike[str] | str
    ) -> Path:
        """Fetch a file into a folder or to a path: whole and verified by its sha256, or not at all.

        Raises BadDownload. Returns where it lies.
        """
        url = _trial(study, number, "artifacts", artifact.name)
        return download(self.transport, url, name=artifact.name, sha256=artifact.sha256, to=to)


def _trial(study: str, number: int, *rest: str) -> str:
    return path("studies", study, "trials", number, *rest)
