"""A slot: one process at a time, one trial at a time, in a thread of its own."""

import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from search_spaces.datasets.cache import Cache
from tuner_service.worker.connection import Connection
from tuner_service.worker.data import fetched
from tuner_service.worker.errors import NotAllowed, Refused, Unreachable
from tuner_service.worker.follow import Follower, Outcome
from tuner_service.worker.held_trial import HeldTrial, claim_trial
from tuner_service.worker.lease import Lease
from tuner_service.worker.messages import Finished, Ready, train
from tuner_service.worker.presence import Presence
from tuner_service.worker.process import Died, Process, Program, StopRequested
from tuner_service.worker.settle import settle

log = logging.getLogger(__name__)

CLAIM_WAIT_SECONDS = 20.0
REFUSED_PAUSE_SECONDS = 2.0
RELEASE_SECONDS = 3.0
FAILED_STARTS = 3
"""So many processes in a row that end before they are ready end the worker: nothing can be trained here."""

OUT_OF_MEMORY = ("MemoryError", "ResourceExhausted", "RESOURCE_EXHAUSTED", "out of memory", "OOM")


class Slot(threading.Thread):
    """Claims and trains trial after trial until ``stop`` is set; ``fail`` is called with the reason if it cannot go on.

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
        stop: threading.Event,
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(name=f"slot {number}", daemon=True)
        self._program = program
        self._environment = environment
        self._connection = connection
        self._presence = presence
        self._folder = folder
        self._cache = cache
        self._stop_requested = stop
        self._fail = fail
        self._process: Process | None = None
        self._ready = False
        self._ready_bytes = 0
        self.holding = False
        """Whether a trial is held, so that there is something to give back."""

    def run(self) -> None:
        try:
            self._work()
        except NotAllowed as refusal:
            self._fail(f"the server does not accept this worker any more: {refusal}")
        except Exception as error:
            log.exception("slot ended by a mistake of its own")
            self._fail(f"{self.name}: {type(error).__name__}: {error}")

    def wake(self) -> None:
        """Let the slot notice that ``stop`` is set, whatever it is waiting for from its process."""
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

    def close(self) -> None:
        """Let the process end, and wait for it."""
        if (process := self._process) is not None:
            process.close()

    def _work(self) -> None:
        self._presence.wait()
        while not self._stop_requested.is_set():
            # No trial is claimed before there is a process that can train it at once.
            if (process := self._ready_process()) is None:
                return
            if (trial := self._claim()) is None:
                continue
            self.holding = True
            try:
                self._train(process, trial)
            finally:
                self.holding = False

    def _ready_process(self) -> Process | None:
        """The slot's process once it is ready to train; None if the worker is to stop."""
        for failures in range(FAILED_STARTS):
            if self._stop_requested.wait(2.0**failures if failures else 0.0):
                return None
            if self._process is None or not self._process.alive:
                self._start_process()
            assert self._process is not None
            if self._ready or self._becomes_ready(self._process):
                return self._process
            if self._stop_requested.is_set():
                return None
        self._fail(f"{FAILED_STARTS} training processes in a row ended before they were ready")
        self._stop_requested.wait()
        return None

    def _start_process(self) -> None:
        self._ready = False
        self._process = Process(self._program, self._environment)
        log.info("%s: training process %d started", self.name, self._process.pid)

    def _becomes_ready(self, process: Process) -> bool:
        deadline = time.monotonic() + self._program.start_seconds
        while not self._stop_requested.is_set():
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
        except Unreachable:
            return None
        except NotAllowed:
            raise
        except Refused as refusal:
            log.warning("no trial could be claimed: %s", refusal)
            if refusal.code == "unknown_worker":
                # The server lost its memory, for example with a new database.
                self._presence.refresh()
            self._stop_requested.wait(REFUSED_PAUSE_SECONDS)
            return None

    def _train(self, process: Process, trial: HeldTrial) -> None:
        claim = trial.claim
        log.info("trial %s claimed, attempt %d: %s", trial, claim.attempt, claim.parameters)
        if not process.alive or self._stop_requested.is_set():
            # The process died idle, or the claim was answered while the worker was told to stop: not the trial's fault.
            _give_back(trial)
            return
        folder = self._folder / f"{claim.study}-{claim.number}-{claim.attempt}"
        folder.mkdir(parents=True)
        try:
            process.output.clear()
            with Lease(trial, tell=process.tell) as lease:
                if not self._hand_over(process, trial, folder):
                    return
                stop_seconds = self._program.stop_seconds
                follower = Follower(trial, process, lease, self._stop_requested, stop_seconds)
                outcome = follower.follow()
                printed = process.output.lines()
                self._replace_if_unfit(process, outcome)
                if self._stop_requested.is_set():
                    trial = trial.within(RELEASE_SECONDS)
                settle(trial, outcome, folder, printed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _hand_over(self, process: Process, trial: HeldTrial, folder: Path) -> bool:
        """Fetch the trial's data and give both to the process; False if there is nothing to train on."""
        try:
            data = fetched(trial, self._cache)
        except Unreachable:
            _give_back(trial)
            return False
        except Refused as refusal:
            _fail(trial, f"the dataset could not be fetched: {refusal}")
            return False
        except OSError as error:
            # This machine's fault and not the trial's: a full disk, a cache that was taken away.
            _give_back(trial)
            self._fail(f"the cache of data cannot be used: {error}")
            return False
        process.say(train(trial.task, folder, data))
        return True

    def _replace_if_unfit(self, process: Process, outcome: Outcome) -> None:
        """Start the next process before the last trial is settled, so that it imports its framework meanwhile."""
        if self._stop_requested.is_set():
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
        self._start_process()


def _fail(trial: HeldTrial, error: str) -> None:
    try:
        trial.finish("failed", error, None)
    except (Unreachable, Refused) as refusal:
        log.warning("trial %s: %s", trial, refusal)
    else:
        log.warning("trial %s failed: %s", trial, error)


def _give_back(trial: HeldTrial) -> None:
    try:
        trial.within(RELEASE_SECONDS).release()
    except (Unreachable, Refused) as error:
        log.warning("trial %s could not be given back: %s", trial, error)
    else:
        log.info("trial %s given back", trial)
