"""Finding out what this machine can serve beside what is built in: the user's own models and data."""

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from search_spaces.datasets import registry as datasets
from tuner_service import wire
from tuner_service.domain.space import Space
from tuner_service.errors import Invalid
from tuner_service.worker.messages import Described, Describing, Discovered, Ready, discover
from tuner_service.worker.presence import Presence
from tuner_service.worker.process import Died, Process, Program

log = logging.getLogger(__name__)

ENTRIES: Mapping[str, type[wire.SearchSpaceEntry | wire.DatasetEntry]] = {
    "search_spaces": wire.SearchSpaceEntry,
    "datasets": wire.DatasetEntry,
}
PREVIEW_BYTES = 2 * 1024**2
"""Of all previews together; a server takes a registration of twice that."""

SILENCE_SECONDS = 600.0
"""How long one model's parameters, or one data set, may take to find out about."""


class Discovery(threading.Thread):
    """Teaches the server through ``presence``. What crashes or hangs the process that looks into it is broken."""

    def __init__(
        self,
        program: Program,
        environment: Mapping[str, str],
        presence: Presence,
        built_in: Sequence[Mapping[str, Any]],
        stop: threading.Event,
        *,
        asks_process: bool,
    ) -> None:
        super().__init__(name="discovery", daemon=True)
        self._program = program
        self._environment = environment
        self._presence = presence
        self._built_in = built_in
        self._stop_requested = stop
        self._asks_process = asks_process
        self._process: Process | None = None
        self._room_for_previews = PREVIEW_BYTES
        self._found: dict[str, dict[str, Mapping[str, Any]]] = {"search_spaces": {}, "datasets": {}}

    def run(self) -> None:
        self._presence.wait()
        present = [
            str(entry["name"])
            for entry in self._built_in
            if entry.get("status") == "not here" and datasets.missing(entry["name"]) is None
        ]
        self._teach(present)
        while self._asks_process and not self._stop_requested.is_set():
            if self._ask():
                self._teach(present)
                return

    def kill(self) -> None:
        """End the process at once."""
        if (process := self._process) is not None:
            process.kill()

    def _teach(self, present: Sequence[str]) -> None:
        self._presence.teach(
            list(self._found["search_spaces"].values()),
            [*self._found["datasets"].values(), *present],
        )

    def _ask(self) -> bool:
        """Have one process describe what is not described yet; whether it got to the end."""
        self._process = process = Process(self._program, self._environment)
        under_way: Describing | None = None
        try:
            while not self._stop_requested.is_set():
                match process.next_event(timeout=SILENCE_SECONDS):
                    case Ready():
                        done = [f"{k}/{name}" for k, found in self._found.items() for name in found]
                        process.say(discover(done))
                    case Describing() as under_way:
                        log.info("looking into %s %s", under_way.kind, under_way.name)
                    case Described(kind, entry):
                        self._keep(kind, entry)
                        under_way = None
                    case Discovered():
                        return True
                    case Died() as died:
                        return self._died(under_way, died)
                    case None:
                        process.kill(because=f"it took more than {SILENCE_SECONDS:g} s")
                    case _:
                        pass
            return True
        finally:
            process.close()

    def _died(self, under_way: Describing | None, died: Died) -> bool:
        if under_way is None:
            # Not the fault of anything of the user's; trying again would find the same.
            log.error("the process that looks into models and data ended: %s", died)
            return True
        self._keep(under_way.kind, _broken(under_way.name, str(died)))
        return False

    def _keep(self, kind: str, entry: Mapping[str, Any]) -> None:
        # The server would refuse the whole registration for one that it cannot take.
        try:
            ENTRIES[kind].model_validate(entry)
            Space.from_json(entry.get("parameters", [])).validate()
        except Invalid as error:
            entry = _broken(entry["name"], error.message)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            entry = _broken(entry["name"], f"the server cannot take it: {where}: {first['msg']}")
        if entry.get("status") == "broken":
            log.warning("%s %s is broken: %s", kind, entry["name"], entry["error"])
        self._found[kind][entry["name"]] = self._affordable(entry)

    def _affordable(self, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        """Without its preview, if those of a great many data sets would make the registration too large to be taken."""
        if entry.get("preview") is None:
            return entry
        size = len(json.dumps(entry["preview"]))
        if size > self._room_for_previews:
            return {**entry, "preview": None}
        self._room_for_previews -= size
        return entry


def _broken(name: str, error: str) -> dict[str, Any]:
    return {"name": name, "status": "broken", "error": error}
