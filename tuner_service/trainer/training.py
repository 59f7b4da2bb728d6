"""One trial: build the candidate, fit it, keep its best epoch. Knows nothing of servers or processes."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from search_spaces.datasets import FETCHED, Dataset
from search_spaces.errors import BadFile
from search_spaces.library import Library
from search_spaces.own.fit import has_own_fit
from search_spaces.parameters import presets
from search_spaces.signature import Signature
from tuner_service.trainer.chance import set_seed
from tuner_service.trainer.checkpoint import Unusable, read
from tuner_service.trainer.feeding import Feed, is_large
from tuner_service.trainer.fitting import LOG, MODEL, Candidate, Start, Training, fit
from tuner_service.trainer.machine import MachineFault, is_machines_fault, own_write
from tuner_service.trainer.picture import draw_to
from tuner_service.trainer.preflight import examined
from tuner_service.trainer.reasons import machine_reason, reason
from tuner_service.trainer.stopping import Stopped, Stopwatch
from tuner_service.trainer.task import Checkpoints, Hearer, Outcome, Task

PICTURE = "architecture.svg"
INPUTS = "inputs.json"


def train(
    task: Task,
    folder: Path,
    hearer: Hearer,
    library: Library,
    data_file: Path | None = None,
    checkpoints: Checkpoints | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Train the candidate on the data set's training part, judged by its validation part; the test part stays unseen.

    Whatever goes wrong in there ends as an Outcome and leaves the process fit for the next trial. Writes
    ``training.csv``, ``architecture.svg``, and ``model.keras`` with the best epoch's weights, to ``folder``; beside it
    ``inputs.json``, where rows of the user's were prepared for it.
    ``data_file`` is the file of uploaded data. ``checkpoints``: where to go on, and how often to write where one could;
    without, at the beginning, and only when it is stopped. The same task gives the same metrics on the same machine,
    in one piece or in several.
    """
    plan = checkpoints or Checkpoints()
    try:
        return _train(task, folder, hearer, library, data_file, plan, clock)
    except Exception as error:
        if not is_machines_fault(error, folder):  # such as a log that cannot be written
            raise
        return Outcome("machine", machine_reason(error, doing="training"), None, ())
    finally:
        # Collects garbage too, which needs the frame that held the model to be gone.
        keras.utils.clear_session()


def _train(
    task: Task,
    folder: Path,
    hearer: Hearer,
    library: Library,
    data_file: Path | None,
    plan: Checkpoints,
    clock: Callable[[], float],
) -> Outcome:
    try:
        start, seconds_before = _start(task, plan)
    except Unusable as error:
        return Outcome("unusable", str(error), None, ())
    except (MachineFault, MemoryError) as error:
        return _failed(error, "reading the checkpoint", folder)
    try:
        data = _data(task, library, data_file)
        hypermodel = library.hypermodel(task.search_space, data.signature)
    except Exception as error:  # data and families are anybody's files
        return _failed(error, "preparing the data", folder)
    if task.preflight is not None:
        found, problem = examined(hypermodel, task.preflight, data)
        if found is not None or problem is not None:
            hearer.preflight(found, problem)
        keras.utils.clear_session()
    # After the preflight: the trial must not depend on whether there was one.
    set_seed(task.seed)
    try:
        hypermodel = library.hypermodel(task.search_space, data.signature)
        hp, model = presets.begin(hypermodel, task.parameters)
        if not has_own_fit(hypermodel):
            presets.check_all_asked(hp)
        _call_if_unbuilt(model, data)
    except Exception as error:  # a family is anybody's code
        return _failed(error, "building the model", folder)
    count = int(model.count_params())
    hearer.started(count, not has_own_fit(hypermodel))
    folder.mkdir(parents=True, exist_ok=True)
    draw_to(folder / PICTURE, model)
    try:
        watch = Stopwatch(clock, seconds_before, task.training.get("max_seconds"))
        training = Training(task, folder, hearer, start, plan.every_seconds, watch)
        detail = fit(training, Candidate(hypermodel, hp, model), data)
        _keep_preparation(data, folder)
    except Stopped:
        return Outcome("stopped", None, count, _written(folder))
    except Unusable as error:
        return Outcome("unusable", str(error), count, ())
    except Exception as error:  # a model is anybody's code
        return _failed(error, "training", folder, count, _written(folder))
    return Outcome("completed", None, count, _written(folder), detail)


def _start(task: Task, plan: Checkpoints) -> tuple[Start | None, float]:
    """Where to go on, and how many seconds were trained until there. Raises Unusable.

    The arrays are read again when there is a model for them: they are not to take up memory from now to the end.
    """
    if plan.resume_from is None:
        return None, 0.0
    checkpoint = read(plan.resume_from)
    if checkpoint.epoch != plan.epoch:
        raise Unusable(
            f"the checkpoint has {checkpoint.epoch} epochs in it where {plan.epoch} are asked for"
        )
    if checkpoint.task != json.loads(json.dumps(task.identity)):
        raise Unusable("the checkpoint is of another trial")
    return Start(plan.resume_from, checkpoint.epoch, checkpoint.log), checkpoint.seconds


def _failed(
    error: Exception,
    doing: str,
    folder: Path,
    count: int | None = None,
    artifacts: tuple[str, ...] = (),
) -> Outcome:
    if is_machines_fault(error, folder):
        return Outcome("machine", machine_reason(error, doing), count, artifacts)
    return Outcome("failed", reason(error, doing), count, artifacts)


def _data(task: Task, library: Library, data_file: Path | None) -> Dataset:
    """Raises SearchSpaceError."""
    if task.data is not None and data_file is not None:
        return library.uploaded(task.data, data_file)
    dataset = library.dataset(task.dataset)
    if task.data is not None and _differs(dataset, task.data):
        raise BadFile(
            f'dataset "{task.dataset}" on this worker is not the one that the study was opened on'
        )
    return dataset


def _differs(dataset: Dataset, entry: Mapping[str, Any]) -> bool:
    """Whether data that lies here is other data than the entry's; of much data only the shapes are compared."""
    if dataset.signature != Signature.from_json(entry):
        return True
    if dataset.name in FETCHED or is_large(dataset.train, dataset.validation):
        return False
    return entry.get("sha256") not in (None, dataset.sha256)


def _call_if_unbuilt(model: keras.Model, data: Dataset) -> None:
    """A model without declared inputs has no weights to count, or to load, before it sees an example."""
    if not model.built:
        x, _ = Feed(model, data.signature).arrays(data.train.at(np.arange(1)))
        model(x)


def _keep_preparation(data: Dataset, folder: Path) -> None:
    if data.preparation is not None:
        with own_write():
            (folder / INPUTS).write_text(json.dumps(data.preparation), encoding="utf-8")


def _written(folder: Path) -> tuple[str, ...]:
    return tuple(
        name
        for name in (MODEL, INPUTS, LOG, PICTURE)
        if (folder / name).exists() and (folder / name).stat().st_size
    )
