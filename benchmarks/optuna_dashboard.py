"""The peer of the dashboard: optuna-dashboard over the same trials, where a command of that name is found.

Its page asks for a study as a whole, once at first and then every ten seconds.
"""

import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

import optuna
from optuna.distributions import distribution_to_json
from optuna.storages._rdb import models
from sqlalchemy import create_engine, insert

from tests.browser.large import NAME
from tuner_service.domain.trial import Trial, TrialState
from tuner_service.search.distributions import Distributions
from tuner_service.service.setup import open_service
from tuner_service.settings import Settings
from tuner_service.storage import epochs

MOST_SECONDS = 60
STATES = {TrialState.COMPLETED: "COMPLETE", TrialState.PRUNED: "PRUNED", TrialState.FAILED: "FAIL"}


def main(home: Path) -> None:
    program = shutil.which("optuna-dashboard")
    if program is None:
        print("dashboard: no peer, for optuna-dashboard is not installed (pip install it anywhere)")
        return
    with tempfile.TemporaryDirectory() as folder:
        storage = f"sqlite:///{folder}/peer.sqlite3"
        copy(home, storage)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        command = [program, storage, "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}/api"
            wait_for(f"{url}/meta")
            for when in ("a fresh server", "then"):
                seconds, size = fetched(f"{url}/studies/1?after=0")
                print(
                    f"dashboard, optuna-dashboard's first reply, {when}: {seconds:.2f} s, {size / 1e6:.1f} MB"
                )
        except TimeoutError:
            print(f"dashboard: optuna-dashboard did not answer within {MOST_SECONDS} s")
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        try:
            fetched(url)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError


def fetched(url: str) -> tuple[float, int]:
    """How many seconds a reply takes, and its size in bytes."""
    started = time.perf_counter()
    with urllib.request.urlopen(url, timeout=MOST_SECONDS) as reply:
        size = len(reply.read())
    return time.perf_counter() - started, size


def copy(home: Path, storage: str) -> None:
    """The ended trials of our study as Optuna stores them; to add them one by one would take minutes."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    optuna.create_study(storage=storage, study_name=NAME, direction="maximize")
    with open_service(Settings(home=home, database_url=None)) as service:
        shown = service.results.read(service.database, NAME)
        with service.database.read() as connection:
            curves = epochs.curves(connection, [trial.id for trial in shown.ended])
    distributions = Distributions(shown.study.space).by_name
    written = {name: distribution_to_json(d) for name, d in distributions.items()}
    engine = create_engine(storage)
    with engine.begin() as connection:
        connection.execute(insert(models.TrialModel), [_trial(trial) for trial in shown.ended])
        connection.execute(
            insert(models.TrialParamModel),
            [
                {
                    "trial_id": trial.id,
                    "param_name": name,
                    "param_value": distributions[name].to_internal_repr(value),
                    "distribution_json": written[name],
                }
                for trial in shown.ended
                for name, value in trial.parameters.items()
            ],
        )
        connection.execute(
            insert(models.TrialValueModel),
            [
                {"trial_id": t.id, "objective": 0, "value": t.value, "value_type": "FINITE"}
                for t in shown.ended
                if t.state is TrialState.COMPLETED
            ],
        )
        connection.execute(
            insert(models.TrialIntermediateValueModel),
            [
                {
                    "trial_id": trial_id,
                    "step": step,
                    "intermediate_value": value,
                    "intermediate_value_type": "FINITE",
                }
                for trial_id, curve in curves.items()
                for step, value in enumerate(curve)
            ],
        )
    engine.dispose()


def _trial(trial: Trial) -> dict[str, object]:
    begun, ended = (datetime.fromtimestamp(at or 0) for at in (trial.started_at, trial.finished_at))
    return {
        "trial_id": trial.id,
        "number": trial.number,
        "study_id": 1,
        "state": STATES[trial.state],
        "datetime_start": begun,
        "datetime_complete": ended,
    }
