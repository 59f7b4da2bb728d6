"""The client: one server, every call of the contract."""

from pathlib import Path
from types import TracebackType
from typing import Self

from tuner_service.client.catalogue import CatalogueCalls
from tuner_service.client.location import locate
from tuner_service.client.studies import StudyCalls
from tuner_service.client.transport import Transport
from tuner_service.client.trials import TrialCalls
from tuner_service.client.work import WorkCalls


class Client(StudyCalls, TrialCalls, WorkCalls, CatalogueCalls):
    """A connection to the service.

    URL and token come from the arguments, then from ``TUNER_URL`` and ``TUNER_TOKEN``, then from
    the home of a server on this machine (``home``, ``TUNER_HOME`` or the platform's default).
    Raises NotConfigured if there are none; every call raises ApiError or ServerUnreachable.

    Reading calls, ``create_study`` and ``claim`` are repeated a few times when the connection
    fails; the others are sent once. ``timeout`` is in seconds and for each call. ``transport``
    sends what has no method here.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        home: Path | str | None = None,
        *,
        timeout: float = 30.0,
    ) -> None:
        self.transport = Transport(locate(url, token, home), timeout)

    @property
    def url(self) -> str:
        return self.transport.url

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self.transport.close()
