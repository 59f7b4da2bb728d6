"""What docs/own-data.md says of predicting, done: a trial on a table leaves all that new rows need."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest

from search_spaces.datasets import Dataset
from search_spaces.datasets.cache import Cache
from search_spaces.datasets.files import splits
from search_spaces.datasets.files.description import SEED
from search_spaces.datasets.files.prediction import Inputs
from search_spaces.library import Library
from tests.unit.trainer.test_training import task
from tuner_service.trainer.fitting import MODEL
from tuner_service.trainer.task import Hearer, Outcome
from tuner_service.trainer.training import INPUTS, train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

DOCS = Path(__file__).parents[3] / "docs" / "own-data.md"
ROWS = 60
HELD_OUT = splits.divided(None, ROWS, SEED).test
AREAS: list[str | None] = [["north", "south", "west"][row % 3] for row in range(ROWS)]
AREAS[HELD_OUT[0]] = "never seen before"
AREAS[HELD_OUT[1]] = None
HOUSES = pl.DataFrame(
    {
        "rooms": [None if row % 7 == 0 else 1 + row % 5 for row in range(ROWS)],
        "area": AREAS,
        "built": [f"{1950 + row}-05-01" for row in range(ROWS)],
        "price": [row * 1000.0 + 500 for row in range(ROWS)],
    }
)


@dataclass(frozen=True)
class Winner:
    """``folder`` has ``houses.csv``, the rows of its test part without prices as ``new.csv``, and ``winner/``."""

    folder: Path
    outcome: Outcome
    data: Dataset

    @property
    def files(self) -> Path:
        return self.folder / "winner"


@pytest.fixture(scope="module")
def winner(tmp_path_factory: pytest.TempPathFactory) -> Winner:
    folder = tmp_path_factory.mktemp("houses")
    HOUSES.write_csv(folder / "houses.csv")
    HOUSES[HELD_OUT.tolist()].drop("price").write_csv(folder / "new.csv")
    library = Library((), (folder,), Cache(folder / "cache", 2**40))
    the = task(
        dataset="houses", objectives=[{"metric": "val_mae", "direction": "minimize"}], seed=1
    )
    outcome = train(the, folder / "winner", Hearer(lambda report: None), library)
    return Winner(folder, outcome, library.dataset("houses"))


def test_new_rows_get_the_predictions_of_the_rows_that_the_service_prepared(winner: Winner) -> None:
    assert {MODEL, INPUTS} <= set(winner.outcome.artifacts)
    model = keras.saving.load_model(winner.files / MODEL)
    inputs = Inputs.load(winner.files / INPUTS)
    prepared = winner.data.test.inputs["features"]
    made = inputs.features(winner.folder / "new.csv")
    assert np.array_equal(made, prepared)
    predictions = model.predict(made, verbose=0)
    assert np.array_equal(predictions, model.predict(prepared, verbose=0))
    assert inputs.names(predictions) == {"price": predictions[:, 0].tolist()}


def test_the_documented_lines_predict_and_evaluate(
    winner: Winner, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(winner.folder)
    section = DOCS.read_text().split("## Predict with the winner\n")[1].split("\n## ")[0]
    predicting, evaluating = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(predicting, scope)
    assert len(scope["names"]["price"]) == len(HELD_OUT)
    exec(evaluating, scope)
    said = json.loads(capsys.readouterr().out.splitlines()[-1].replace("'", '"'))
    off = np.array(scope["names"]["price"]) - HOUSES["price"].to_numpy()[HELD_OUT]
    assert said["mae"] == pytest.approx(np.abs(off).mean(), rel=1e-5)
