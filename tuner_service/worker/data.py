"""A study's data on this machine: uploads are fetched once, whichever slot asks first."""

import logging
import threading
from pathlib import Path

from search_spaces.datasets.cache import Cache
from tuner_service.worker.errors import Refused, Unreachable
from tuner_service.worker.held_trial import HeldTrial

log = logging.getLogger(__name__)


def fetched(trial: HeldTrial, cache: Cache, given_up: threading.Event) -> Path | None:
    """The uploaded file that the trial's study was opened on; None if its data was not uploaded.

    Raises Refused where the server has another file by now, OSError where this machine has no room for it, and
    Unreachable when given up, be it in the middle of the file or while another worker fetches it.
    """
    data = trial.claim.data
    if data is None or data.upload is None or data.sha256 is None:
        return None
    sha256, size = data.sha256, data.upload.size

    def fetch(file: Path) -> None:
        log.info("trial %s: fetching dataset %s, %d bytes", trial, data.name, size)
        got = trial.until(given_up).fetch_data(file)
        if got != sha256:
            raise Refused(
                409,
                "dataset_changed",
                f'dataset "{data.name}" is not the one that study "{trial.claim.study}" was opened on: '
                f"its sha-256 is {got}, that was {sha256}",
            )

    def check() -> None:
        if given_up.is_set():
            raise Unreachable("given up while another worker fetched it")

    return cache.get(sha256, fetch, while_waiting=check)
