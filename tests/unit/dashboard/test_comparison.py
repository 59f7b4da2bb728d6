"""Which of several trials is the best, and in what they differ."""

from typing import Any

from tests.unit.dashboard.studies import study
from tuner_service.dashboard.comparison import Compared, Row, table
from tuner_service.domain.study import Study


def compared(*pairs: tuple[Study, dict[str, Any]]) -> list[Compared]:
    usual = {"number": 0, "state": "completed", "values": None, "parameters": {}, "best_epoch": 1}
    facts = {"epochs": 3, "seconds": 2.0, "model_parameters": None, "worker": "w"}
    return [Compared(of, usual | facts | trial, index) for index, (of, trial) in enumerate(pairs)]


def texts(row: Row) -> list[str]:
    return [cell.text for cell in row.cells]


def row(rows: Any, name: str) -> Row:
    found: Row = next(each for each in rows if each.name == name)
    return found


def minimizing(metric: str) -> dict[str, Any]:
    return {"objectives": [{"metric": metric, "direction": "minimize"}]}


def test_the_best_value_of_each_objective_is_marked() -> None:
    other = study(name="o", **minimizing("val_loss"))
    rows = table(
        compared(
            (study(), {"values": {"val_accuracy": 0.5}}),
            (study(), {"values": {"val_accuracy": 0.7}}),
            (other, {"values": {"val_loss": 0.2}}),
            (other, {"values": None}),
        )
    ).results
    assert texts(row(rows, "val_accuracy")) == ["0.5", "0.7", "—", "—"]
    assert [cell.best for cell in row(rows, "val_accuracy").cells] == [False, True, False, False]
    assert [cell.best for cell in row(rows, "val_loss").cells] == [False, False, True, False]


def test_none_is_the_best_where_studies_want_the_opposite() -> None:
    other = study(**minimizing("val_accuracy"))
    rows = table(
        compared(
            (study(), {"values": {"val_accuracy": 0.5}}),
            (other, {"values": {"val_accuracy": 0.7}}),
        )
    ).results
    assert not any(cell.best for cell in row(rows, "val_accuracy").cells)


def test_none_is_the_best_where_the_values_are_of_different_data() -> None:
    rows = table(
        compared(
            (study(dataset="digits"), {"values": {"val_accuracy": 0.5}}),
            (study(name="o", dataset="iris"), {"values": {"val_accuracy": 0.7}}),
        )
    ).results
    found = row(rows, "val_accuracy")
    assert not any(cell.best for cell in found.cells)
    assert "different data" in found.unranked


def test_how_a_trial_is_trained_counts_whether_it_was_searched_or_not() -> None:
    searched = study(training={"epochs": 30, "batch_size": {"choices": [16, 64]}})
    rows = table(
        compared(
            (study(), {"parameters": {"depth": 2}}),
            (searched, {"parameters": {"depth": 2, "training.batch_size": 64}}),
        )
    ).parameters
    assert texts(row(rows, "training.batch_size")) == ["32", "64"]
    assert texts(row(rows, "training.early_stopping.patience")) == ["5", "—"]
    assert [each.name for each in rows if not each.differs] == ["depth", "training.epochs"]


def test_trials_beyond_the_colours_are_dashed() -> None:
    trials = compared(*[(study(), {"number": number}) for number in range(9)])
    assert [(each.colour, each.dashed) for each in trials[6:]] == [(7, False), (1, True), (2, True)]
    assert str(trials[8]) == "s/8"
