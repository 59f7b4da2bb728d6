"""The default candidate, built once before a study's first trial."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from search_spaces.datasets import Dataset
from search_spaces.own.fit import has_own_fit
from search_spaces.parameters import presets
from search_spaces.preflight import describe, examine, is_out_of_memory
from tuner_service.trainer.feeding import Feed
from tuner_service.trainer.reasons import reason

EXAMPLES = 2
"""So many are shown to the model: enough for what needs more than one, such as batch normalization."""


def examined(
    hypermodel: Any, order: Mapping[str, Any], data: Dataset
) -> tuple[Mapping[str, Any] | None, str | None]:
    """What the candidate with these ``parameters`` and ``training`` settings is; or None, and why it cannot be trained.

    The metrics are empty where a ``fit`` of the user's own decides about them.
    None and no reason if this machine has not the memory for it: others may.
    """
    keras.utils.set_random_seed(0)
    doing = "building the model"
    try:
        _, model = presets.begin(hypermodel, order["parameters"])
        doing = f'showing the model examples of dataset "{data.name}"'
        few = data.train.at(np.arange(min(EXAMPLES, len(data.train))))
        x, y = Feed(model, data.signature).arrays(few)
        batch_size = order["training"]["batch_size"]
        if not has_own_fit(hypermodel):
            return examine(model, x, y, batch_size), None
        # How it is compiled, and what it reports, is for its own fit to say.
        model(x)
        return describe(model, batch_size), None
    except Exception as error:  # a family is anybody's code
        return None, None if is_out_of_memory(error) else reason(error, doing=doing)
