"""The picture of a trial's architecture."""

from pathlib import Path

import keras

from search_spaces.picture import draw


def draw_to(file: Path, model: keras.Model) -> None:
    """Write the SVG; a model that cannot be drawn is trained all the same, and the log says why there is no picture."""
    try:
        file.write_text(draw(model), encoding="utf-8")
    except Exception as error:  # a model is anybody's code
        print(f"the architecture could not be drawn: {type(error).__name__}: {error}", flush=True)
