"""Calls on studies."""

import uuid
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from tuner_service.client.events import Event, follow
from tuner_service.client.spec import load_study
from tuner_service.client.transport import Transport, path
from tuner_service.domain.study import StudyState
from tuner_service.wire import Best, Importance, ReplayReply, StudyReply, TrialReply


class StudyCalls:
    """Launch studies, steer them, watch them."""

    transport: Transport

    def create_study(
        self, spec: Mapping[str, Any] | PathLike[str], *, idempotency_key: str | None = None
    ) -> StudyReply:
        """Open a study from its description, or from a YAML or JSON file that holds it.

        The same key with the same description gives the same study again. Raises ApiError, with an
        entry in ``errors`` for all that is wrong in the first stage of the checks that finds anything.
        """
        body = dict(spec) if isinstance(spec, Mapping) else load_study(Path(spec))
        key = idempotency_key or uuid.uuid4().hex
        response = self.transport.post_keyed(
            path("studies"), body, headers={"Idempotency-Key": key}
        )
        return StudyReply.model_validate(response.json())

    def study(self, name: str) -> StudyReply:
        return StudyReply.model_validate(self.transport.get(path("studies", name)))

    def studies(self, *, state: StudyState | str | None = None) -> Iterator[StudyReply]:
        """Newest first."""
        for item in self.transport.pages(path("studies"), state=state):
            yield StudyReply.model_validate(item)

    def pause(self, study: str) -> StudyReply:
        """Hand out nothing more; running trials give their slots back."""
        return self._steer(study, "pause")

    def resume(self, study: str) -> StudyReply:
        return self._steer(study, "resume")

    def cancel(self, study: str) -> StudyReply:
        """End the study and its open trials at once."""
        return self._steer(study, "cancel")

    def extend(self, study: str, *, trials: int) -> StudyReply:
        """Add to the budget; a completed study runs again."""
        return self._steer(study, "extend", {"trials": trials})

    def replay(self, study: str) -> Iterator[ReplayReply]:
        """Every trial's suggestion, made once more by the server."""
        for item in self.transport.pages(path("studies", study, "replay")):
            yield ReplayReply.model_validate(item)

    def _steer(self, study: str, action: str, body: Any = None) -> StudyReply:
        options = {} if body is None else {"json": body}
        response = self.transport.request("POST", path("studies", study, action), **options)
        return StudyReply.model_validate(response.json())

    def delete(self, study: str) -> None:
        """Delete a study with its trials and artifacts; refused while trials run."""
        self.transport.request("DELETE", path("studies", study))

    def best(self, study: str) -> Best | None:
        """The best completed trial so far."""
        return self.study(study).best

    def importance(self, study: str) -> Importance:
        """How much each parameter matters for the first objective; the shares add up to 1."""
        return Importance.model_validate(self.transport.get(path("studies", study, "importance")))

    def queue_candidate(
        self, study: str, parameters: Mapping[str, Any], *, extend: bool = False
    ) -> TrialReply:
        """Try this very candidate next; parameters that are missing are searched.

        With ``extend`` a budget that is spent grows by one for it, and a completed study runs again.
        """
        response = self.transport.request(
            "POST",
            path("studies", study, "trials"),
            json={"parameters": dict(parameters), "extend": extend},
        )
        return TrialReply.model_validate(response.json())

    def watch(self, study: str, *, after: int | None = None) -> Iterator[Event]:
        """What happens in a study, from its beginning (or after an event's id) until it is over.

        A broken connection is taken up again where it broke; nothing is told twice.
        """
        return follow(self.transport, study, after)
