"""One trial: build the candidate, fit it, keep its best epoch. Knows nothing of servers or processes."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import keras

from search_spaces import datasets, registry
from search_spaces.datasets import Dataset, Part
from search_spaces.parameters import presets
from tuner_service.worker.callbacks import (
    EpochReport,
    Metrics,
    Reporter,
    StopOnRequest,
    Stopped,
    TrialFailed,
)

MODEL = "model.keras"
BEST = "best.weights.h5"
LOG = "training.csv"
REASON_LINES = 20


@dataclass(frozen=True)
class Task:
    """A claimed trial, as the server describes it.

    ``parameters``: those of the search space that are active. ``training``: ``epochs``, ``batch_size`` and, under
    ``early_stopping`` and ``reduce_lr_on_plateau``, Keras's own arguments or None; every number is settled.
    ``objectives``: ``{"metric", "direction"}`` each; the first says which epoch is the best.
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

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Task":
        """What else the message carries is left aside. Raises KeyError."""
        return cls(**{field.name: data[field.name] for field in fields(cls)})


@dataclass(frozen=True)
class Outcome:
    """How a trial ended. ``artifacts`` are names of files in its folder; ``error`` is set when it failed."""

    state: Literal["completed", "failed", "stopped"]
    error: str | None
    model_parameters: int | None
    artifacts: tuple[str, ...]


def train(
    task: Task,
    folder: Path,
    report: Callable[[EpochReport], None],
    stop_requested: Callable[[], bool],
    started: Callable[[int], None] = lambda model_parameters: None,
) -> Outcome:
    """Train the candidate on the data set's training part, judged by its validation part; the test part stays unseen.

    ``started`` hears the parameter count once the model is built, ``report`` every whole epoch, in order.
    ``stop_requested`` is asked before each batch. Whatever goes wrong in there ends as a failed Outcome and leaves the
    process fit for the next trial. Writes ``training.csv``, and ``model.keras`` with the best epoch's weights, to
    ``folder``. The same task gives the same metrics on the same machine.
    """
    try:
        return _train(task, folder, report, stop_requested, started)
    finally:
        # Collects garbage too, which needs the frame that held the model to be gone.
        keras.utils.clear_session()


def _train(
    task: Task,
    folder: Path,
    report: Callable[[EpochReport], None],
    stop_requested: Callable[[], bool],
    started: Callable[[int], None],
) -> Outcome:
    keras.utils.set_random_seed(task.seed)
    try:
        data = _dataset(task.dataset)
        hypermodel = registry.build(task.search_space, data.signature)
        model = presets.build(hypermodel, task.parameters)
    except Exception as error:  # a family is anybody's code
        return Outcome("failed", reason(error, doing="building the model"), None, ())
    count = int(model.count_params())
    started(count)
    folder.mkdir(parents=True, exist_ok=True)
    return _fit(task, model, count, data, folder, report, stop_requested)


def _fit(
    task: Task,
    model: keras.Model,
    count: int,
    data: Dataset,
    folder: Path,
    report: Callable[[EpochReport], None],
    stop_requested: Callable[[], bool],
) -> Outcome:
    metrics = [objective["metric"] for objective in task.objectives]
    best = _best_epoch(folder / BEST, task.objectives[0])
    log = keras.callbacks.CSVLogger(str(folder / LOG))
    try:
        early, plateau = _keras_callbacks(task.training)
        monitors = [callback.monitor for callback in (*early, *plateau)]
        model.fit(
            *_arrays(data.train),
            validation_data=_arrays(data.validation),
            epochs=task.training["epochs"],
            batch_size=task.training["batch_size"],
            verbose=0,
            # The order matters: see Metrics and Reporter.
            callbacks=[
                StopOnRequest(stop_requested),
                Metrics([*metrics, *monitors]),
                *early,
                *plateau,
                best,
                log,
                Reporter(report, metrics),
            ],
        )
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


@lru_cache(maxsize=2)
def _dataset(name: str) -> Dataset:
    # A slot mostly stays with one study; two, so that two studies taking turns don't load at every turn.
    return datasets.load(name)


def _arrays(part: Part) -> tuple[Any, Any]:
    """Inputs and outputs as ``fit`` takes them: a lone array as it is, several by name."""
    x, y = dict(part.inputs), dict(part.outputs)
    return (
        next(iter(x.values())) if len(x) == 1 else x,
        next(iter(y.values())) if len(y) == 1 else y,
    )


def _written(folder: Path) -> tuple[str, ...]:
    return tuple(
        name for name in (MODEL, LOG) if (folder / name).exists() and (folder / name).stat().st_size
    )


def reason(error: BaseException, doing: str) -> str:
    """Why a trial failed, for its user: what happened in the first line, then the end of the traceback."""
    if isinstance(error, TrialFailed):
        return str(error)
    name, lines = type(error).__name__, str(error).strip().splitlines() or [""]
    if isinstance(error, MemoryError) or "ResourceExhausted" in name or "OutOfMemory" in name:
        return f"out of memory: {lines[0]}"
    exhausted = [line for line in lines if "RESOURCE_EXHAUSTED" in line]
    if exhausted:
        return f"out of memory: {exhausted[0].strip()}"
    trace = "".join(traceback.format_exception(error)).splitlines()
    head = f"{doing} failed: {name}: {lines[0]}"
    return "\n".join([head, *trace[-(REASON_LINES - 1) :]])
