"""The worker's one process that talks to the server: it starts, watches and ends everything else.

It never imports a deep-learning framework; that is the business of the training processes.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, NoReturn

from search_spaces.catalogue import load_catalogue
from search_spaces.datasets.cache import Cache
from search_spaces.registry import ENTRY_POINTS
from tuner_service import __version__
from tuner_service.worker.connection import Connection
from tuner_service.worker.devices import default_slots, describe_devices, find_gpus
from tuner_service.worker.discovery import Discovery
from tuner_service.worker.environment import backend_of, child_environment, library_environment
from tuner_service.worker.grace import ENDED, GIVEN_BACK, HUNG_UP, UPLOADED, Grace
from tuner_service.worker.limits import usable_cores
from tuner_service.worker.options import BadOptions, WorkerOptions, check, default_name
from tuner_service.worker.presence import Presence, registration
from tuner_service.worker.process import Program
from tuner_service.worker.slot import Slot
from tuner_service.worker.workspace import workspace

__all__ = ["Supervisor", "WorkerOptions", "run_worker"]

log = logging.getLogger(__name__)

ANSWER_SECONDS = 0.5
"""A claim that was granted in the moment of the stop has so long to be answered, and is then given back."""
LAST_WORDS_SECONDS = 0.2
"""So long the log may take to say of a trial that it could not be given back."""
HEED_SECONDS = 0.5
"""A signal that does not wake the main thread is heeded so late."""
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Signalled:
    number: int


@dataclass(frozen=True)
class ParentGone:
    pass


@dataclass(frozen=True)
class Failure:
    reason: str


def run_worker(options: WorkerOptions) -> int:
    """Work until told to stop. The exit code: 0 after a stop, 1 (and a line in the log) if it could not work.

    Must run in the main thread, where signals arrive.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # It would log every request.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    return Supervisor(options, Program(), load_catalogue()).run()


class Supervisor:
    """One worker. All that its main thread is told comes through one queue, which is safe to use in signal handlers."""

    def __init__(
        self, options: WorkerOptions, program: Program, catalogue: Mapping[str, Sequence[Any]]
    ) -> None:
        self._options = options
        self._program = program
        self._catalogue = catalogue
        self._told: SimpleQueue[Signalled | ParentGone | Failure] = SimpleQueue()
        self._grace = Grace(options.grace_seconds)
        self._slots: list[Slot] = []
        self._discovery: Discovery | None = None
        self._presence: Presence | None = None

    def run(self) -> int:
        try:
            check(self._options)
            with workspace(self._options.folder) as folder, self._signals():
                return self._work(folder)
        except (BadOptions, OSError) as error:
            log.error("%s", error)
            return 1

    def _work(self, folder: Path) -> int:
        if self._options.stop_with_parent:
            threading.Thread(target=self._watch_parent, name="parent", daemon=True).start()
        with Connection(self._options.url, self._options.token, self._grace.begun) as connection:
            self._start(folder, connection)
            told = self._first_told()
            match told:
                case Signalled(number):
                    log.info("%s: stopping", signal.Signals(number).name)
                case ParentGone():
                    log.info("the parent process is gone: stopping")
                case Failure(reason):
                    log.error("%s", reason)
            self._shut_down()
        return 1 if isinstance(told, Failure) else 0

    def _first_told(self) -> Signalled | ParentGone | Failure:
        while True:
            # Not for ever: a signal that comes just before this thread sleeps, or to another one, does not wake it.
            with suppress(Empty):
                return self._told.get(timeout=HEED_SECONDS)

    def _start(self, folder: Path, connection: Connection) -> None:
        options = self._options
        gpus = find_gpus()
        count = options.slots or default_slots(gpus)
        environment = {**os.environ, **library_environment(options)}
        entry = registration(
            host=socket.gethostname(),
            devices=describe_devices(gpus),
            slots=count,
            backend=backend_of(os.environ),
            version=__version__,
            catalogue=self._catalogue,
        )
        presence = self._presence = Presence(
            options.name or default_name(), entry, connection, self._grace.begun, self._fail
        )
        cores = usable_cores()
        log.info("worker %s: %s, slots: %d", presence.name, _where(len(gpus), cores), count)
        self._slots = [
            Slot(
                number,
                program=self._program,
                environment=child_environment(environment, number, count, gpus, cores),
                connection=connection,
                presence=presence,
                folder=folder / f"slot-{number}",
                cache=Cache(options.cache / "data", options.cache_bytes),
                grace=self._grace,
                fail=self._fail,
            )
            for number in range(count)
        ]
        presence.start()
        self._discovery = Discovery(
            self._program,
            # Without a GPU: it builds models to see what they ask for, and trains none.
            child_environment(environment, 0, count, [], cores),
            presence,
            self._catalogue["datasets"],
            self._grace.begun,
            asks_process=bool(
                options.search_spaces or options.datasets or entry_points(group=ENTRY_POINTS)
            ),
        )
        self._discovery.start()
        for slot in self._slots:
            slot.start()

    def _shut_down(self) -> None:
        grace = self._grace
        # First nothing new: from here on no slot claims, and nobody waits for a server that does not answer.
        grace.begin()
        if self._discovery is not None:
            self._discovery.kill()
        # Then the processes stop training and write what no checkpoint has yet. Each slot sends that, and gives its
        # trial back only after its process has stopped, or was killed because it did not: given back earlier, the trial
        # would start elsewhere while it still trains here.
        for slot in self._slots:
            slot.wake()
        self._wait_while(self._holding, grace.left(UPLOADED))
        # What is not up by now is made again elsewhere. That costs less than a trial that was not given back: it would
        # wait for its lease to run out, and would count as one that died.
        grace.uploads_over.set()
        self._wait_while(self._holding, grace.left(GIVEN_BACK))
        # The other slots wait for a claim's answer. One that is granted just now is given back like the rest; when we
        # are gone the server sees the connection end and grants no more.
        self._wait_while(self._claiming, min(ANSWER_SECONDS, grace.left(GIVEN_BACK)))
        self._wait_while(self._holding, grace.left(GIVEN_BACK))
        grace.releases_over.set()
        self._wait_while(self._holding, min(LAST_WORDS_SECONDS, grace.left(HUNG_UP)))
        leaving = self._presence.leave() if self._presence is not None else None
        # Only now the processes end, all at once: one that ends with a trial in it would look as if it had died.
        for slot in self._slots:
            slot.hang_up()
        self._wait_while(self._has_process, grace.left(HUNG_UP))
        for slot in self._slots:
            slot.kill()
        for slot in self._slots:
            # Even a killed process stays while its driver or its disk does not answer; we do not wait for that.
            slot.close(max(0.0, grace.left(ENDED)))
        if leaving is not None:
            leaving.join(max(0.0, min(ANSWER_SECONDS, grace.left(ENDED))))
        log.info("stopped")

    def _holding(self) -> bool:
        return any(slot.is_alive() and slot.holding for slot in self._slots)

    def _claiming(self) -> bool:
        return any(slot.is_alive() for slot in self._slots)

    def _has_process(self) -> bool:
        return any(slot.has_process for slot in self._slots)

    def _wait_while(self, busy: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and busy():
            self._heed_second_signal(0.05)

    def _heed_second_signal(self, seconds: float) -> None:
        try:
            told = self._told.get(timeout=seconds)
        except Empty:
            return
        if isinstance(told, Signalled):
            self._die(told.number)

    def _die(self, number: int) -> NoReturn:
        """At once: whoever asks twice does not want to wait. The leases run out, so nothing is lost even so."""
        log.warning("%s again: ending at once", signal.Signals(number).name)
        if self._discovery is not None:
            self._discovery.kill()
        for slot in self._slots:
            slot.kill()
        os._exit(128 + number)

    def _fail(self, reason: str) -> None:
        self._told.put(Failure(reason))

    def _watch_parent(self) -> None:
        # Not through sys.stdin: a thread blocked in its buffer aborts the interpreter's own end.
        while os.read(0, 4096):
            pass
        self._told.put(ParentGone())

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def tell(number: int, _: FrameType | None) -> None:
            self._told.put(Signalled(number))

        before = {number: signal.signal(number, tell) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _where(gpus: int, cores: int) -> str:
    return f"{gpus} GPUs" if gpus else f"{cores} cores"
