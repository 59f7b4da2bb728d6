"""Being there: the worker's entry in the fleet, registered and kept fresh."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from tuner_service.worker.connection import Connection
from tuner_service.worker.devices import find_gpus, measure_load
from tuner_service.worker.errors import NotAllowed, Refused, Unreachable

log = logging.getLogger(__name__)

REFRESH_SECONDS = 20.0


class Presence:
    """Registers the worker and repeats that with its current load, until ``stop`` is set.

    ``entry`` is the registration without the load. A refusal of the first one ends the worker through ``fail``.
    """

    def __init__(
        self,
        name: str,
        entry: Mapping[str, Any],
        connection: Connection,
        stop: threading.Event,
        fail: Callable[[str], None],
    ) -> None:
        self.name = name
        self._entry = entry
        self._connection = connection
        self._stop = stop
        self._fail = fail
        self._taught: dict[str, list[Any]] = {"search_spaces": [], "datasets": []}
        self._remembered: Mapping[str, list[Any]] | None = None
        """What was taught and accepted: previews of data are large, and not sent a second time."""
        self._due = threading.Event()
        self._settled = threading.Event()
        """Set once the first registration has its answer, or there will be none."""
        self._registering = threading.Lock()
        self._registered: Mapping[str, Any] | None = None
        """What the server knows of this worker, but for previews."""
        self._left = False

    def start(self) -> None:
        threading.Thread(target=self._keep, name="presence", daemon=True).start()

    def wait(self) -> None:
        """Wait for the first registration: a worker that the server does not know gets no trial."""
        self._settled.wait()

    def teach(self, search_spaces: Sequence[Any], datasets: Sequence[Any]) -> None:
        """Register again, with these entries or names beside those of the beginning."""
        self._taught = {"search_spaces": list(search_spaces), "datasets": list(datasets)}
        self.refresh()

    def refresh(self) -> None:
        """Register again soon, without waiting for the turn."""
        self._due.set()

    def leave(self) -> threading.Thread:
        """Tell the server that this worker ends: in the thread that is returned, which may be left alone.

        Without it the worker is taken for silent after a minute, as by a server that does not know the word.
        """
        leaving = threading.Thread(target=self._leave, name="leaving", daemon=True)
        leaving.start()
        return leaving

    def _leave(self) -> None:
        # A registration that is under way would say that the worker is there, after its last word.
        with self._registering:
            self._left = True
            if self._registered is None:
                return
            with suppress(Refused, Unreachable):
                self._put({**self._registered, "stopped": True})

    def _register(self) -> None:
        self._due.clear()
        load = measure_load(find_gpus())
        with self._registering:
            if self._left:
                raise Unreachable("its last word is said")
            taught = self._taught
            bare = self._with(_without_previews(taught), load)
            self._put(bare if taught is self._remembered else self._with(taught, load))
            self._remembered, self._registered = taught, bare

    def _with(self, taught: Mapping[str, Sequence[Any]], load: Mapping[str, Any]) -> dict[str, Any]:
        entries = {kind: [*self._entry[kind], *taught[kind]] for kind in taught}
        return {**self._entry, **entries, "load": load}

    def _put(self, entry: Mapping[str, Any]) -> None:
        self._connection.request("PUT", f"/v1/workers/{self.name}", entry)

    def _keep(self) -> None:
        if not self._first():
            return
        while True:
            # A stop does not end this wait; nobody waits for this thread.
            self._due.wait(REFRESH_SECONDS)
            if self._stop.is_set():
                return
            try:
                self._register()
            except NotAllowed as refusal:
                self._fail(f"the server does not accept this worker any more: {refusal}")
                return
            except Refused as refusal:
                log.warning("the registration was refused: %s", refusal)
            except Unreachable:
                return

    def _first(self) -> bool:
        try:
            self._register()
        except Refused as refusal:
            self._fail(f"the server refused the worker: {refusal}")
            # Nobody may claim now: whoever waits finds the worker about to stop.
            self._stop.wait()
            return False
        except Unreachable:
            return False
        else:
            log.info("worker %s registered", self.name)
            return True
        finally:
            self._settled.set()


def _without_previews(taught: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {
        kind: [
            {key: value for key, value in entry.items() if key != "preview"}
            if isinstance(entry, Mapping)
            else entry
            for entry in entries
        ]
        for kind, entries in taught.items()
    }


def registration(
    *,
    host: str,
    devices: Sequence[Mapping[str, Any]],
    slots: int,
    backend: str,
    version: str,
    catalogue: Mapping[str, Sequence[Any]],
) -> dict[str, Any]:
    """What a worker says of itself; the catalogue's entries go whole, so that the server learns them."""
    return {
        "host": host,
        "devices": list(devices),
        "slots": slots,
        "backend": backend,
        "version": version,
        "search_spaces": list(catalogue["search_spaces"]),
        "datasets": list(catalogue["datasets"]),
    }
