"""A slot: one process at a time, one trial at a time, in a thread of its own."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from search_spaces.datasets.cache import Cache
from tuner_service.worker.attempt import Attempt
from tuner_service.worker.connection import Connection
from tuner_service.worker.errors import LeaseLost, NotAllowed, Refused, Unreachable
from tuner_service.worker.follow import Outcome
from tuner_service.worker.grace import Grace
from tuner_service.worker.held_trial import HeldTrial, claim_trial
from tuner_service.worker.messages import Finished, Ready
from tuner_service.worker.presence import Presence
from tuner_service.worker.process import Died, Process, Program, StopRequested

log = logging.getLogger(__name__)

CLAIM_WAIT_SECONDS = 20.0
REFUSED_PAUSE_SECONDS = 2.0
FAILED_STARTS = 3
"""So many processes in a row that end before they are ready end the worker: nothing can be trained here."""

OUT_OF_MEMORY = ("MemoryError", "ResourceExhausted", "RESOURCE_EXHAUSTED", "out of memory", "OOM")


class Slot(threading.Thread):
    """Claims and trains trial after trial until the ``grace`` begins; ``fail`` gets the reason if it cannot go on.

    The process is kept from trial to trial, because importing a framework takes seconds, and replaced when it died, ran
    out of memory, grew too large or had to be killed.
    """

    def __init__(
        self,
        number: int,
        *,
        program: Program,
        environment: Mapping[str, str],
        connection: Connection,
        presence: Presence,
        folder: Path,
        cache: Cache,
        grace: Grace,
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(name=f"slot {number}", daemon=True)
        self._program = program
        self._environment = environment
        self._connection = connection
        self._presence = presence
        self._folder = folder
        self._cache = cache
        self._grace = grace
        self._fail = fail
        self._process: Process | None = None
        self._ready = False
        self._ready_bytes = 0
        self._attempt: Attempt | None = None

    @property
    def holding(self) -> bool:
        """Whether a trial is held, so that there is something to give back."""
        return self._attempt is not None

    @property
    def has_process(self) -> bool:
        """Whether its process is still there."""
        return (process := self._process) is not None and process.alive

    def run(self) -> None:
        try:
            self._work()
        except NotAllowed as refusal:
            self._fail(f"the server does not accept this worker any more: {refusal}")
        except Exception as error:
            log.exception("slot ended by a mistake of its own")
            self._fail(f"{self.name}: {type(error).__name__}: {error}")

    def wake(self) -> None:
        """Let the slot notice that the worker is to end, whatever it is waiting for."""
        if (attempt := self._attempt) is not None:
            attempt.give_up()
        if (process := self._process) is not None:
            process.tell(StopRequested())

    def kill(self) -> None:
        """End the process at once."""
        if (process := self._process) is not None:
            process.kill()

    def hang_up(self) -> None:
        """Let the process end."""
        if (process := self._process) is not None:
            process.hang_up()

    def close(self, seconds: float) -> None:
        """Let the process end, and wait so long for it."""
        if (process := self._process) is not None:
            process.close(seconds)

    def _work(self) -> None:
        self._presence.wait()
        while not self._grace.begun.is_set():
            # No trial is claimed before there is a process that can train it at once.
            if (process := self._ready_process()) is None:
                return
            if (trial := self._claim()) is None:
                continue
            self._train(process, trial)

    def _ready_process(self) -> Process | None:
        """The slot's process once it is ready to train; None if the worker is to stop."""
        for failures in range(FAILED_STARTS):
            if self._grace.begun.wait(2.0**failures if failures else 0.0):
                return None
            try:
                if self._process is None or not self._process.alive:
                    self._start_process()
            except OSError as error:
                log.error("no training process can be started: %s", error)
                continue
            assert self._process is not None
            if self._ready or self._becomes_ready(self._process):
                return self._process
            if self._grace.begun.is_set():
                return None
        self._fail(f"{FAILED_STARTS} training processes in a row ended before they were ready")
        self._grace.begun.wait()
        return None

    def _start_process(self) -> None:
        self._ready = False
        self._process = Process(self._program, self._environment)
        log.info("%s: training process %d started", self.name, self._process.pid)

    def _becomes_ready(self, process: Process) -> bool:
        deadline = time.monotonic() + self._program.start_seconds
        while not self._grace.begun.is_set():
            match process.next_event(timeout=max(0.0, deadline - time.monotonic())):
                case Ready():
                    self._ready = True
                    self._ready_bytes = process.memory_bytes
                    return True
                case Died() as died:
                    log.error("%s\n%s", died, "\n".join(process.output.lines()))
                    return False
                case None:
                    process.kill(
                        because="the training process was not ready in time and was killed"
                    )
                    deadline += self._program.start_seconds
                case _:
                    pass  # of a trial that this process has behind it
        return False

    def _claim(self) -> HeldTrial | None:
        """The next trial; None if there is none, or if it is time to stop. Raises NotAllowed."""
        # A new key for every claim; its repeats, when an answer is lost, get the same trial.
        key = uuid.uuid4().hex
        try:
            return claim_trial(self._connection, self._presence.name, key, CLAIM_WAIT_SECONDS)
        except (Unreachable, LeaseLost):
            # Lost: it was granted, and ended before the answer came through. A new key gets a new trial.
            return None
        except NotAllowed:
            raise
        except Refused as refusal:
            log.warning("no trial could be claimed: %s", refusal)
            if refusal.code == "unknown_worker":
                # The server lost its memory, for example with a new database.
                self._presence.refresh()
            self._grace.begun.wait(REFUSED_PAUSE_SECONDS)
            return None

    def _train(self, process: Process, trial: HeldTrial) -> None:
        claim = trial.claim
        log.info(
            "trial %s claimed, attempt %d: %s, training %s",
            *(trial, claim.attempt, claim.parameters, claim.training),
        )
        attempt = Attempt(
            trial,
            process,
            folder=self._folder / f"{claim.study}-{claim.number}-{claim.attempt}",
            cache=self._cache,
            grace=self._grace,
            stop_seconds=self._program.stop_seconds,
            fail=self._fail,
        )
        # Before it looks whether it is to stop: from here on ``wake`` reaches it.
        self._attempt = attempt
        try:
            attempt.run(trained=lambda outcome: self._replace_if_unfit(process, outcome))
        finally:
            self._attempt = None

    def _replace_if_unfit(self, process: Process, outcome: Outcome) -> None:
        """Start the next process before the last trial is settled, so that it imports its framework meanwhile."""
        if self._grace.begun.is_set():
            return
        if isinstance(outcome.last, Finished):
            error = outcome.last.error or ""
            if any(sign in error for sign in OUT_OF_MEMORY):
                log.warning("%s: training process %d ran out of memory", self.name, process.pid)
            elif process.memory_bytes - self._ready_bytes > self._program.growth_bytes:
                log.info("%s: training process %d has grown too large", self.name, process.pid)
            else:
                return
            process.close()
        # What is wrong, if it cannot be started, is seen when the next trial is to be claimed.
        with suppress(OSError):
            self._start_process()
