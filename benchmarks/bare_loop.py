"""What one would write without a service: build, fit, clear, for each candidate given on standard input.

Prints a line once Keras is imported, and in the end how many epochs were trained.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras

from search_spaces import datasets, registry
from search_spaces.parameters import presets


def train(
    number: int, parameters: dict[str, Any], training: dict[str, Any], seed: int, folder: Path
) -> int:
    keras.utils.set_random_seed(seed + number)
    data = datasets.load("digits")
    model = presets.build(registry.build("separable_convnet", data.signature), parameters)
    history = model.fit(
        data.train.inputs["image"],
        data.train.outputs["label"],
        validation_data=(data.validation.inputs["image"], data.validation.outputs["label"]),
        epochs=training["epochs"],
        batch_size=training["batch_size"],
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping(**training["early_stopping"]),
            keras.callbacks.ReduceLROnPlateau(**training["reduce_lr_on_plateau"]),
            keras.callbacks.ModelCheckpoint(
                str(folder / "best.weights.h5"),
                monitor="val_accuracy",
                mode="max",
                save_best_only=True,
                save_weights_only=True,
            ),
            keras.callbacks.CSVLogger(str(folder / "training.csv")),
        ],
    )
    model.load_weights(folder / "best.weights.h5")
    model.save(folder / "model.keras")
    keras.utils.clear_session()
    return len(history.epoch)


def main() -> None:
    print("ready", flush=True)
    work = json.load(sys.stdin)
    epochs = 0
    for number, parameters in work["candidates"]:
        with tempfile.TemporaryDirectory() as folder:
            epochs += train(number, parameters, work["training"], work["seed"], Path(folder))
    print(epochs, flush=True)


if __name__ == "__main__":
    main()
