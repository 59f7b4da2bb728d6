"""The training proper: which callbacks go along, from which epoch on, and what is left in the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from search_spaces.datasets import Dataset
from search_spaces.own.fit import has_own_fit
from search_spaces.parameters import presets
from tuner_service.trainer import own_fit, snapshot
from tuner_service.trainer.ahead import ROWS, build_ahead
from tuner_service.trainer.callbacks import BestEpoch, EpochSeeds, Log, LossMoves, Metrics, Reporter
from tuner_service.trainer.checkpoint import Unusable
from tuner_service.trainer.checkpoint_writer import CheckpointWriter
from tuner_service.trainer.checkpointing import Checkpointing
from tuner_service.trainer.feeding import Feed, InOrder, is_large
from tuner_service.trainer.machine import own_write
from tuner_service.trainer.stopping import (
    OutOfTime,
    StopAfterEpoch,
    StopBetweenBatches,
    Stopped,
    Stopwatch,
    stopped_early,
)
from tuner_service.trainer.task import Hearer, Task

MODEL = "model.keras"
LOG = "training.csv"


@dataclass(frozen=True)
class Candidate:
    """``hp`` is what the model was built with; a ``fit`` of the user's own may ask for more."""

    hypermodel: Any
    hp: presets.Presets
    model: keras.Model


@dataclass(frozen=True)
class Start:
    """Where a training goes on: the file of a checkpoint, and what ``training.csv`` had then."""

    file: Path
    epoch: int
    log: str


@dataclass(frozen=True)
class Training:
    """Of a task, in this folder: from ``start`` on, or from the beginning."""

    task: Task
    folder: Path
    hearer: Hearer
    start: Start | None
    every_seconds: float
    watch: Stopwatch


@dataclass(frozen=True)
class Course:
    """What goes along with a training: ``callbacks`` are all of them, each in its place."""

    early: keras.callbacks.EarlyStopping | None
    best: BestEpoch
    reporter: Reporter
    log: Log
    keeping: Checkpointing | None
    callbacks: Sequence[keras.callbacks.Callback]


def fit(training: Training, candidate: Candidate, data: Dataset) -> str | None:
    """Train, and write ``model.keras`` with the best epoch's weights; why it ended before its last epoch, if it did.

    Raises Stopped, with the newest checkpoint written and told where there is one; Unusable, MachineFault, and what a
    model, being anybody's code, raises.
    """
    writer = CheckpointWriter(training.folder, training.hearer.checkpoint)
    course = _course(training, candidate, writer)
    best = course.best
    try:
        _run(training, candidate, data, course.callbacks)
        why = course.early and stopped_early(course.early, course.reporter.last_epoch)
    except OutOfTime as late:
        if best.best_epoch is None or course.reporter.last_epoch is None:
            raise
        why = late.after(course.reporter.last_epoch)
        print(f"{why}; epoch {best.best_epoch} was the best", flush=True)
    except Stopped:
        if course.keeping is not None and training.hearer.stop() != "drop":
            course.keeping.write_newest()
        raise
    finally:
        writer.close()
        course.log.on_train_end()  # when fit did not get to it; a second time does nothing
    if best.best_weights is not None:
        # After EarlyStopping, whose own best epoch may be another one.
        candidate.model.set_weights(best.best_weights)
    with own_write():
        candidate.model.save(training.folder / MODEL)
    return why


def _course(training: Training, candidate: Candidate, writer: CheckpointWriter) -> Course:
    """Raises Unusable."""
    task, hearer, watch, start = training.task, training.hearer, training.watch, training.start
    own = has_own_fit(candidate.hypermodel)
    if (why := _why_no_checkpoints(candidate)) is not None:
        if start is not None:
            raise Unusable(why)
        print(f"no checkpoints are made: {why}", flush=True)
    metrics = [objective["metric"] for objective in task.objectives]
    early, plateau = _keras_callbacks(task.training)
    monitors = [callback.monitor for callback in (*early, *plateau)]
    best = BestEpoch(task.objectives[0]["metric"], task.objectives[0]["direction"])
    moves = LossMoves()
    if start is not None:
        with own_write():
            (training.folder / LOG).write_bytes(start.log.encode())
    log = Log(str(training.folder / LOG), append=start is not None)
    ending = StopAfterEpoch(hearer.stop, watch, None if own else task.training["epochs"])
    last_epoch = None if start is None else start.epoch - 1
    reporter = Reporter(hearer.epoch, metrics, last_epoch)
    keeping = None
    if why is None:
        keeping = Checkpointing(
            identity=task.identity,
            epochs=task.training["epochs"],
            remembering=[*early, *plateau, best, moves],
            log=training.folder / LOG,
            writer=writer,
            every_seconds=training.every_seconds,
            start=None if start is None else start.file,
            watch=watch,
            stop=ending.asked,
        )
    # The order matters: each says what it goes before or after.
    callbacks = [
        StopBetweenBatches(hearer.stop, watch, hearer.batch),
        *([] if own else [EpochSeeds(task.seed)]),
        # What a fit of the user's own reports is its own affair, but for what the study is about.
        Metrics(metrics if own else [*metrics, *monitors]),
        *early,
        *plateau,
        best,
        log,
        reporter,
        moves,
        *([] if keeping is None else [keeping]),
        ending,
    ]
    return Course(early[0] if early else None, best, reporter, log, keeping, callbacks)


def _why_no_checkpoints(candidate: Candidate) -> str | None:
    if has_own_fit(candidate.hypermodel):
        return "a fit of the model's own cannot be resumed"
    if snapshot.has_other_optimizers(candidate.model):
        return "a model with several optimizers cannot be resumed"
    return None


def _run(
    training: Training,
    candidate: Candidate,
    data: Dataset,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """By the model's own ``fit``, or by the one that a user's hypermodel has."""
    task, model = training.task, candidate.model
    feed = Feed(model, data.signature)
    epochs, size = task.training["epochs"], task.training["batch_size"]
    if has_own_fit(candidate.hypermodel):
        own_fit.run(
            candidate.hypermodel,
            candidate.hp,
            model,
            *feed.arrays(data.train),
            epochs=epochs,
            batch_size=size,
            validation_data=feed.arrays(data.validation),
            callbacks=callbacks,
            objective=task.objectives[0]["metric"],
        )
        presets.check_all_asked(candidate.hp)
        return
    first = 0 if training.start is None else training.start.epoch
    held = data.validation
    large = is_large(data.train, held)
    steps = -(-len(data.train) // size)
    if steps % model.steps_per_execution:
        # Keras takes so many batches at once also past the end of an epoch, of batches that do not end.
        model.steps_per_execution = 1
    build_ahead(model, *feed.arrays(data.train.at(np.arange(min(ROWS, len(data.train))))))
    model.fit(
        # Not Keras's own shuffling, whose order depends on all that was shuffled before.
        feed.shuffled(data.train, size, task.seed, first),
        steps_per_epoch=steps,
        validation_data=InOrder(feed, held, size) if large else feed.arrays(held),
        validation_batch_size=None if large else size,
        initial_epoch=first,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )


def _keras_callbacks(training: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    early, plateau = training.get("early_stopping"), training.get("reduce_lr_on_plateau")
    return (
        [keras.callbacks.EarlyStopping(**early)] if early is not None else [],
        [keras.callbacks.ReduceLROnPlateau(**plateau)] if plateau is not None else [],
    )
