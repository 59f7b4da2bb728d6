"""KerasTuner's documented workflow in a process of its own, on the family and the data that the service has.

Reads what to search from standard input. Prints a line once everything is imported and one small model was trained, and
then one for each epoch: the trials begun so far, and the validation accuracy. It searches until it is killed.
"""

import json
import sys
import tempfile
from typing import Any

import keras
import keras_tuner

from search_spaces import datasets, registry
from search_spaces.parameters import presets

OBJECTIVE = "val_accuracy"
TRIALS = 1000  # more than there is time for


class Tell(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """One line an epoch. KerasTuner copies callbacks for each trial, so what is counted is the class's."""

    trials = 0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        Tell.trials += 1

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        print(Tell.trials, logs[OBJECTIVE], flush=True)


def tuner(name: str, hypermodel: Any, epochs: int, seed: int, folder: str) -> Any:
    common = {
        "objective": OBJECTIVE,
        "seed": seed,
        "directory": folder,
        "project_name": name,
        "overwrite": True,
    }
    match name:
        case "Hyperband":
            return keras_tuner.Hyperband(hypermodel, max_epochs=epochs, **common)
        case _:
            return keras_tuner.RandomSearch(hypermodel, max_trials=TRIALS, **common)


def main() -> None:
    data = datasets.load("digits")
    x, y = data.train.inputs["image"], data.train.outputs["label"]
    held = data.validation.inputs["image"], data.validation.outputs["label"]
    # As the service's slots have trained one before: TensorFlow's own first time is on nobody's clock.
    presets.build(registry.build("dense", data.signature), {}).fit(x, y, verbose=0)
    keras.utils.clear_session()
    print("ready", flush=True)
    work = json.loads(sys.stdin.readline())
    training = work["training"]
    keras.utils.set_random_seed(work["seed"])
    with tempfile.TemporaryDirectory() as folder:
        hypermodel = registry.build("separable_convnet", data.signature)
        tuner(work["tuner"], hypermodel, training["epochs"], work["seed"], folder).search(
            x,
            y,
            validation_data=held,
            epochs=training["epochs"],
            batch_size=training["batch_size"],
            callbacks=[
                keras.callbacks.EarlyStopping(**training["early_stopping"]),
                keras.callbacks.ReduceLROnPlateau(**training["reduce_lr_on_plateau"]),
                Tell(),
            ],
            verbose=0,
        )


if __name__ == "__main__":
    main()
