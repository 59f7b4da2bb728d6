"""A study's file is read as it was meant, and what is wrong is told with file and line."""

from pathlib import Path

import pytest

from tuner_service.client import BadStudyFile
from tuner_service.client.spec import load_study, parse_study

YAML = """\
name: digits
search_space: dense
dataset: digits
overrides:
  learning_rate: {min: 1e-4, max: 1.0e-2}
  activation: {choices: [on, off, relu]}
training: &training
  epochs: 0x10
  early_stopping: null
budget: {trials: 20}
"""


def read(text: str) -> dict[str, object]:
    return parse_study(text, source="study.yaml", is_json=False)


def test_yaml_numbers_and_words_mean_what_they_look_like() -> None:
    study = read(YAML)

    assert study["overrides"] == {
        "learning_rate": {"min": 0.0001, "max": 0.01},
        "activation": {"choices": ["on", "off", "relu"]},
    }
    assert study["training"] == {"epochs": 16, "early_stopping": None}
    assert study["budget"] == {"trials": 20}


def test_a_date_stays_text() -> None:
    assert read("name: 2025-01-02") == {"name": "2025-01-02"}


def test_merge_keys_work() -> None:
    study = read("base: &base {a: 1, b: 2}\nother:\n  <<: *base\n  b: 3\n")

    assert study["other"] == {"a": 1, "b": 3}


def test_a_json_file_is_read_as_json(tmp_path: Path) -> None:
    file = tmp_path / "study.json"
    file.write_text('{"search_space": "dense", "budget": {"trials": 3}}')

    assert load_study(file) == {"search_space": "dense", "budget": {"trials": 3}}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", "name: x\nbudget: {trials: 3\n", "a.yaml:3:1: expected ',' or '}'"),
        ("a.yaml", "name: x\nname: y\n", 'a.yaml:2:1: "name" stands here twice'),
        ("a.yaml", "name: x\n1: y\n", 'a.yaml:2:1: the name "1" must be text; quote it'),
        ("a.yaml", "a: .nan\n", "a.yaml:1:4: .nan is not a number that JSON knows"),
        ("a.yaml", "a: !!python/object:os.system x\n", "a.yaml:1:4: could not determine"),
        ("a.yaml", "- a\n- b\n", "a.yaml: a study is a mapping of names to values, got a list"),
        ("a.yaml", "", "a.yaml: a study is a mapping of names to values, got nothing"),
        ("a.json", '{"name": "x",\n "budget" 3}', "a.json:2:11: Expecting ':' delimiter"),
        ("a.json", '{"a": NaN}', "a.json: NaN is not a number that JSON knows"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(text)

    with pytest.raises(BadStudyFile) as caught:
        load_study(Path(name))

    assert str(caught.value).startswith(expected)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadStudyFile, match=r"nowhere\.yaml: No such file"):
        load_study(tmp_path / "nowhere.yaml")
