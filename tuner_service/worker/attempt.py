"""One attempt at a trial: what it begins with is fetched, a process trains it, and the server is told how it ended."""

import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

from search_spaces.datasets.cache import Cache
from tuner_service.worker.beginning import Beginning, fall_back, fetch_beginning
from tuner_service.worker.checkpoints import CheckpointUploads
from tuner_service.worker.data import fetched
from tuner_service.worker.errors import Refused, Unreachable
from tuner_service.worker.follow import Ending, Follower, Outcome, ending_of
from tuner_service.worker.grace import Grace
from tuner_service.worker.held_trial import HeldTrial
from tuner_service.worker.lease import Lease
from tuner_service.worker.messages import CheckpointWritten, Finished, train
from tuner_service.worker.process import Answer, Died, Process, StopRequested
from tuner_service.worker.settle import Left, settle

log = logging.getLogger(__name__)

NOTHING = Finished("stopped", error=None, artifacts=(), model_parameters=None)
UNTRAINED = Outcome(ending=None, last=NOTHING, model_parameters=None)


class Attempt:
    """``fail`` is called with the reason if it is this machine that cannot go on; the trial is given back then."""

    def __init__(
        self,
        trial: HeldTrial,
        process: Process,
        *,
        folder: Path,
        cache: Cache,
        grace: Grace,
        stop_seconds: float,
        fail: Callable[[str], None],
    ) -> None:
        self._trial = trial
        self._process = process
        self._folder = folder
        self._cache = cache
        self._grace = grace
        self._stop_seconds = stop_seconds
        self._fail = fail
        self._given_up = threading.Event()
        self._said: Answer | None = None
        self._checkpoints = CheckpointUploads(trial, process.output.lines, self._hear)

    def give_up(self) -> None:
        """Let the attempt notice that the worker is to end, whatever it is waiting for."""
        self._given_up.set()
        self._process.tell(StopRequested())

    def run(self, trained: Callable[[Outcome], None]) -> None:
        """``trained`` is called when the process is done with the trial, before the server is told how it ended."""
        if not self._process.alive or self._grace.begun.is_set():
            # It died idle, or the claim was answered while the worker was told to stop: not the trial's fault.
            self._give_back()
            return
        try:
            self._folder.mkdir(parents=True)
            self._process.output.clear()
            with Lease(self._trial, tell=self._hear) as lease:
                outcome = self._train(lease)
                if isinstance(outcome.last, Finished) and outcome.last.state == "machine":
                    self._fail(f"this machine cannot go on: {outcome.last.error}")
                left = Left(self._folder, self._checkpoints, self._process.output.lines())
                trained(outcome)
                settle(self._trial, outcome, left, self._grace)
        except OSError as error:
            # A full disk, a cache that was taken away: this machine's fault and not the trial's.
            self._fail(f"this machine cannot go on: {error}")
            self._give_back()
        finally:
            self._checkpoints.drop()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _train(self, lease: Lease) -> Outcome:
        try:
            data = fetched(self._trial, self._cache, self._given_up)
        except Unreachable:
            return self._nothing_done()
        except Refused as refusal:
            if refusal.status >= 500:
                return replace(UNTRAINED, ending=Ending.REFUSED, refusal=refusal)
            why = f"the dataset could not be fetched: {refusal}"
            return replace(UNTRAINED, last=replace(NOTHING, state="failed", error=why))
        try:
            return self._train_on(data, lease)
        except Unreachable as error:
            if self._given_up.is_set():
                return self._nothing_done()
            log.warning("trial %s: %s", self._trial, error)
            return replace(UNTRAINED, ending=Ending.UNFETCHED)
        except Refused as refusal:
            return replace(UNTRAINED, ending=ending_of(refusal), refusal=refusal)

    def _train_on(self, data: Path | None, lease: Lease) -> Outcome:
        """Train from the newest checkpoint that the process can use. Raises as ``fetch_beginning``."""
        trial = self._trial
        beginning = fetch_beginning(trial, trial.claim.resume, self._folder, self._given_up)
        while True:
            outcome = self._follow(data, beginning, lease)
            if (
                outcome.ending is not None
                or beginning.resume is None
                or not _unusable(outcome.last)
            ):
                return outcome
            why = outcome.last.error or "the training process cannot use it"
            resume = fall_back(trial.until(self._given_up), beginning.resume, why)
            beginning = fetch_beginning(trial, resume, self._folder, self._given_up)

    def _follow(self, data: Path | None, beginning: Beginning, lease: Lease) -> Outcome:
        line = train(
            self._trial.task,
            self._folder,
            data,
            checkpoint=beginning.file,
            resume_epoch=beginning.epoch,
            checkpoint_seconds=self._trial.claim.checkpoint_seconds,
        )
        self._process.say(line)
        follower = Follower(
            self._trial,
            self._process,
            lease,
            self._grace,
            stop_seconds=self._stop_seconds,
            keep=self._keep,
        )
        return follower.follow()

    def _keep(self, checkpoint: CheckpointWritten) -> None:
        self._checkpoints.add(self._folder / checkpoint.file, checkpoint.epoch)

    def _hear(self, answer: Answer) -> None:
        self._said = answer
        self._given_up.set()
        self._process.tell(answer)

    def _nothing_done(self) -> Outcome:
        """Fetching was given up: because of what the server said, or because the worker is to end."""
        if self._said is None:
            return replace(UNTRAINED, ending=Ending.SHUTDOWN)
        said = self._said.said
        refusal = said if isinstance(said, Refused) else None
        return replace(UNTRAINED, ending=ending_of(said), refusal=refusal)

    def _give_back(self) -> None:
        try:
            self._trial.until(self._grace.releases_over).release()
        except (Unreachable, Refused) as error:
            log.warning("trial %s could not be given back: %s", self._trial, error)
        else:
            log.info("trial %s given back", self._trial)


def _unusable(last: Finished | Died) -> TypeGuard[Finished]:
    return isinstance(last, Finished) and last.state == "unusable"
