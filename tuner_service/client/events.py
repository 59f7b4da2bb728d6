"""A study's events over Server-Sent Events, taken up again where a connection broke."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from httpx_sse import EventSource, ServerSentEvent

from tuner_service.client.errors import ApiError, ServerUnreachable
from tuner_service.client.transport import Transport, path
from tuner_service.domain.events import EventKind
from tuner_service.domain.study import OVER
from tuner_service.wire import EpochReply, StudyReply, TrialReply

SILENCE_SECONDS = 60.0
"""The server sends a comment more often than this; a connection silent for longer is dead."""
RECONNECTS = 12
LONGEST_PAUSE_SECONDS = 5.0


class ReportedEpoch(EpochReply):
    """An epoch, and whose it is."""

    study: str
    number: int
    attempt: int


@dataclass(frozen=True)
class StudyEvent:
    """The study changed: its state or its budget."""

    kind: ClassVar[EventKind] = EventKind.STUDY
    id: int
    data: StudyReply
    text: str = field(repr=False)
    """The data as the server sent it, in JSON."""


@dataclass(frozen=True)
class TrialEvent:
    """A trial changed: it was claimed, given back, or it ended."""

    kind: ClassVar[EventKind] = EventKind.TRIAL
    id: int
    data: TrialReply
    text: str = field(repr=False)


@dataclass(frozen=True)
class EpochEvent:
    """A trial reported an epoch."""

    kind: ClassVar[EventKind] = EventKind.EPOCH
    id: int
    data: ReportedEpoch
    text: str = field(repr=False)


Event = StudyEvent | TrialEvent | EpochEvent


def parse_event(kind: str, event_id: int, text: str) -> Event | None:
    """The event; None for a kind that this version does not know."""
    match kind:
        case EventKind.STUDY:
            return StudyEvent(event_id, StudyReply.model_validate_json(text), text)
        case EventKind.TRIAL:
            return TrialEvent(event_id, TrialReply.model_validate_json(text), text)
        case EventKind.EPOCH:
            return EpochEvent(event_id, ReportedEpoch.model_validate_json(text), text)
    return None


def follow(transport: Transport, study: str, after: int | None) -> Iterator[Event]:
    """Every event after the given one until the study is over; all from its beginning for None."""
    last, failures = after, 0
    while True:
        heard = False
        try:
            for message in _connection(transport, study, last):
                heard, failures = True, 0
                last = int(message.id)
                event = parse_event(message.event, last, message.data)
                if event is None:
                    continue
                yield event
                if isinstance(event, StudyEvent) and _is_the_end(transport, event):
                    return
        except ServerUnreachable:
            failures += 1
            if failures > RECONNECTS:
                raise
        except ApiError as error:
            failures += 1
            if (
                error.status < 500 or failures > RECONNECTS
            ):  # 5xx: a proxy while the server restarts
                raise
        else:
            # Closed in good order: the server stops, or it has nothing more to tell.
            if not heard and _study(transport, study).state in OVER:
                return
        time.sleep(min(0.1 * 2**failures, LONGEST_PAUSE_SECONDS))


def _connection(transport: Transport, study: str, last: int | None) -> Iterator[ServerSentEvent]:
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    url = path("studies", study, "events")
    with transport.stream(url, headers=headers, timeout=SILENCE_SECONDS) as response:
        for message in EventSource(response).iter_sse():
            if message.data and message.id:  # the blank line after a comment carries neither
                yield message


def _is_the_end(transport: Transport, event: StudyEvent) -> bool:
    """Whether a study is over by this event, and was not taken up again later (extended) since."""
    if event.data.state not in OVER:
        return False
    now = _study(transport, event.data.name)
    return (now.state, now.progress) == (event.data.state, event.data.progress)


def _study(transport: Transport, study: str) -> StudyReply:
    return StudyReply.model_validate(transport.get(path("studies", study)))
