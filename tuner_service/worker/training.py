"""One trial: build the candidate, fit it, keep its best epoch. Knows nothing of servers or processes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from search_spaces.datasets import FETCHED, Dataset
from search_spaces.errors import BadFile
from search_spaces.library import Library
from search_spaces.own.fit import has_own_fit
from search_spaces.parameters import presets
from search_spaces.signature import Signature
from tuner_service.worker import own_fit
from tuner_service.worker.callbacks import (
    EpochReport,
    LossMoves,
    Metrics,
    Reporter,
    StopOnRequest,
    Stopped,
)
from tuner_service.worker.feeding import Feed, InOrder, is_large
from tuner_service.worker.picture import draw_to
from tuner_service.worker.preflight import examined
from tuner_service.worker.reasons import reason

MODEL = "model.keras"
BEST = "best.weights.h5"
LOG = "training.csv"
PICTURE = "architecture.svg"


@dataclass(frozen=True)
class Task:
    """A claimed trial, as the server describes it.

    ``parameters``: those of the search space that are active. ``training``: ``epochs``, ``batch_size`` and, under
    ``early_stopping`` and ``reduce_lr_on_plateau``, Keras's own arguments or None; every number is settled.
    ``objectives``: ``{"metric", "direction"}`` each; the first says which epoch is the best. ``data``: the data set's
    entry in the catalogue. ``preflight``: ``parameters`` and ``training`` of the default candidate, where that is asked
    for.
    """

    study: str
    number: int
    attempt: int
    search_space: str
    dataset: str
    parameters: Mapping[str, int | float | str | bool]
    training: Mapping[str, Any]
    objectives: Sequence[Mapping[str, str]]
    seed: int
    data: Mapping[str, Any] | None = None
    preflight: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Task":
        """What else the message carries is left aside. Raises KeyError."""
        given: dict[str, Any] = {"data": None, "preflight": None, **data}
        return cls(**{field.name: given[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class Outcome:
    """How a trial ended. ``artifacts`` are names of files in its folder; ``error`` is set when it failed."""

    state: Literal["completed", "failed", "stopped"]
    error: str | None
    model_parameters: int | None
    artifacts: tuple[str, ...]


@dataclass(frozen=True)
class Hearer:
    """Who hears of a trial while it goes on.

    ``started`` hears the parameter count once the model is built, ``epoch`` every whole epoch, in order, ``preflight``
    what the default candidate is, or None and why it cannot be trained. ``stop_requested`` is asked before each batch.
    """

    epoch: Callable[[EpochReport], None]
    stop_requested: Callable[[], bool] = lambda: False
    started: Callable[[int], None] = lambda model_parameters: None
    preflight: Callable[[Mapping[str, Any] | None, str | None], None] = lambda found, error: None


def train(
    task: Task, folder: Path, hearer: Hearer, library: Library, data_file: Path | None = None
) -> Outcome:
    """Train the candidate on the data set's training part, judged by its validation part; the test part stays unseen.

    Whatever goes wrong in there ends as a failed Outcome and leaves the process fit for the next trial. Writes
    ``training.csv``, ``architecture.svg``, and ``model.keras`` with the best epoch's weights, to ``folder``.
    ``data_file`` is the file of uploaded data. The same task gives the same metrics on the same machine.
    """
    try:
        return _train(task, folder, hearer, library, data_file)
    finally:
        # Collects garbage too, which needs the frame that held the model to be gone.
        keras.utils.clear_session()


def _train(
    task: Task, folder: Path, hearer: Hearer, library: Library, data_file: Path | None
) -> Outcome:
    try:
        data = _data(task, library, data_file)
        hypermodel = library.hypermodel(task.search_space, data.signature)
    except Exception as error:  # data and families are anybody's files
        return Outcome("failed", reason(error, doing="preparing the data"), None, ())
    if task.preflight is not None:
        found, problem = examined(hypermodel, task.preflight, data)
        if found is not None or problem is not None:
            hearer.preflight(found, problem)
        keras.utils.clear_session()
    # After the preflight: the trial must not depend on whether there was one.
    keras.utils.set_random_seed(task.seed)
    try:
        hypermodel = library.hypermodel(task.search_space, data.signature)
        hp, model = presets.begin(hypermodel, task.parameters)
        if not has_own_fit(hypermodel):
            presets.check_all_asked(hp)
        _call_if_unbuilt(model, data)
    except Exception as error:  # a family is anybody's code
        return Outcome("failed", reason(error, doing="building the model"), None, ())
    count = int(model.count_params())
    hearer.started(count)
    folder.mkdir(parents=True, exist_ok=True)
    draw_to(folder / PICTURE, model)
    return _fit(task, hypermodel, hp, model, count, data, folder, hearer)


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


def _fit(
    task: Task,
    hypermodel: Any,
    hp: presets.Presets,
    model: keras.Model,
    count: int,
    data: Dataset,
    folder: Path,
    hearer: Hearer,
) -> Outcome:
    metrics = [objective["metric"] for objective in task.objectives]
    best = _best_epoch(folder / BEST, task.objectives[0])
    log = keras.callbacks.CSVLogger(str(folder / LOG))
    try:
        early, plateau = _keras_callbacks(task.training)
        monitors = [callback.monitor for callback in (*early, *plateau)]
        # What a fit of the user's own reports is its own affair, but for what the study is about.
        needed = metrics if has_own_fit(hypermodel) else [*metrics, *monitors]
        # The order matters: see Metrics and Reporter.
        callbacks = [
            StopOnRequest(hearer.stop_requested),
            Metrics(needed),
            *early,
            *plateau,
            best,
            log,
            Reporter(hearer.epoch, metrics),
            LossMoves(),
        ]
        _run(task, hypermodel, hp, model, data, callbacks)
        # After EarlyStopping, whose own best epoch may be another one.
        if (folder / BEST).exists():
            model.load_weights(folder / BEST)
        model.save(folder / MODEL)
    except Stopped:
        return Outcome("stopped", None, count, _written(folder))
    except Exception as error:  # a model is anybody's code
        return Outcome("failed", reason(error, doing="training"), count, _written(folder))
    finally:
        log.on_train_end()  # closes the file when fit did not get to it; a second time does nothing
    return Outcome("completed", None, count, _written(folder))


def _run(
    task: Task,
    hypermodel: Any,
    hp: presets.Presets,
    model: keras.Model,
    data: Dataset,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Fit: by the model's own ``fit``, or by the one that a user's hypermodel has."""
    feed = Feed(model, data.signature)
    epochs, size = task.training["epochs"], task.training["batch_size"]
    if has_own_fit(hypermodel):
        own_fit.run(
            hypermodel,
            hp,
            model,
            *feed.arrays(data.train),
            epochs=epochs,
            batch_size=size,
            validation_data=feed.arrays(data.validation),
            callbacks=callbacks,
            objective=task.objectives[0]["metric"],
        )
        presets.check_all_asked(hp)
    elif is_large(data.train, data.validation):
        model.fit(
            feed.shuffled(data.train, size, task.seed),
            steps_per_epoch=-(-len(data.train) // size),
            validation_data=InOrder(feed, data.validation, size),
            epochs=epochs,
            shuffle=False,  # the stream is
            verbose=0,
            callbacks=callbacks,
        )
    else:
        model.fit(
            *feed.arrays(data.train),
            validation_data=feed.arrays(data.validation),
            epochs=epochs,
            batch_size=size,
            verbose=0,
            callbacks=callbacks,
        )


def _best_epoch(file: Path, objective: Mapping[str, str]) -> keras.callbacks.ModelCheckpoint:
    """Weights alone while training: a whole model takes five times as long to write, and is written once at the end."""
    return keras.callbacks.ModelCheckpoint(
        str(file),
        monitor=objective["metric"],
        mode="max" if objective["direction"] == "maximize" else "min",
        save_best_only=True,
        save_weights_only=True,
    )


def _keras_callbacks(training: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    early, plateau = training.get("early_stopping"), training.get("reduce_lr_on_plateau")
    return (
        [keras.callbacks.EarlyStopping(**early)] if early is not None else [],
        [keras.callbacks.ReduceLROnPlateau(**plateau)] if plateau is not None else [],
    )


def _written(folder: Path) -> tuple[str, ...]:
    return tuple(
        name
        for name in (MODEL, LOG, PICTURE)
        if (folder / name).exists() and (folder / name).stat().st_size
    )
