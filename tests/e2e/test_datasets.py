"""Data of one's own by the command line and from Python, on a real server."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.house import ROOT, TUNER, House
from tuner_service.client import ApiError, BadDatasetFile, Client

CSV = "size,colour,price\n" + "".join(
    f"{k},{'red' if k % 3 else 'blue'},{k * 1000}\n" for k in range(60)
)


def tuner(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TUNER, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TUNER_HOME": str(house.home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_data_is_added_shown_listed_and_removed(house: House, tmp_path: Path) -> None:
    house.serve()
    file = tmp_path / "houses.csv"
    file.write_text(CSV)
    added = tuner(house, "datasets", "add", "houses", str(file), "--target", "price")
    assert added.returncode == 0, added.stderr
    lines = added.stdout.splitlines()
    assert lines[0].startswith('dataset "houses": A table of 60 rows')
    assert "output  price: number" in added.stdout
    assert "train=36  validation=12  test=12" in added.stdout
    listed = tuner(house, "datasets").stdout
    assert "houses" in listed
    assert "not here; why:" in listed
    assert "houses" in tuner(house, "datasets", "--json").stdout
    assert "uploaded csv" in tuner(house, "datasets", "houses").stdout
    assert "mnist.npz" in tuner(house, "datasets", "mnist").stdout
    shown = tuner(house, "datasets", "--home", str(house.home), "--json", "houses").stdout
    assert json.loads(shown)["name"] == "houses"
    assert tuner(house, "datasets", "remove", "houses").returncode == 0
    gone = tuner(house, "datasets", "houses")
    assert gone.returncode == 1
    assert gone.stderr.startswith('error: unknown dataset "houses"; known: ')


def test_what_was_noted_of_a_data_set_is_shown_line_by_line_and_its_preview_is_not(
    house: House, tmp_path: Path
) -> None:
    house.serve()
    file = tmp_path / "gaps.csv"
    rows = "".join(f"{n},{n % 7},{n % 3}\n" for n in range(40))
    file.write_text(f"a,b,y\n,1,0\n1,,1\n{rows}")
    assert tuner(house, "datasets", "add", "gaps", str(file), "--target", "y").returncode == 0

    shown = tuner(house, "datasets", "gaps").stdout

    assert "preview" not in shown
    first, second = (line for line in shown.splitlines() if "values missing" in line)
    assert 'column "a"' in first
    assert 'column "b"' in second
    assert "preview" in json.loads(tuner(house, "datasets", "gaps", "--json").stdout)


WRONG: list[tuple[str, str | None, tuple[str, ...], str]] = [
    ("a.csv", "a,b\n1,2\n3\n", (), "line 3"),
    ("a.xlsx", "x", (), "the name does not say which format it is; known: npz, csv,"),
    ("a.csv", CSV, ("--target", "prize"), 'there is no column "prize"'),
    ("a.csv", CSV, ("--kind", "size"), '"size" is not NAME=KIND'),
    ("a.csv", CSV, ("--image-size", "big"), "is not HEIGHTxWIDTH"),
    ("missing.csv", None, (), "No such file"),
]


def test_what_is_wrong_is_told_in_one_message(house: House, tmp_path: Path) -> None:
    house.serve()
    for name, content, options, said in WRONG:
        if content is not None:
            (tmp_path / name).write_text(content)
        refused = tuner(house, "datasets", "add", "mine", str(tmp_path / name), *options)
        assert refused.returncode == 1, said
        assert refused.stderr.startswith("error: ")
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr


def test_the_client_uploads_and_deletes(house: House, tmp_path: Path) -> None:
    house.serve()
    file = tmp_path / "stories.npz"
    random = np.random.RandomState(0)
    np.savez(
        file,
        text=random.randint(1, 50, (90, 12)),
        question=random.randint(1, 20, (90, 4)),
        answer=np.arange(90) % 5,
    )
    with Client(home=house.home) as client:
        entry = client.upload_dataset("stories", file, target="answer")
        assert [field.model_dump()["kind"] for field in entry.inputs] == ["tokens", "tokens"]
        assert client.dataset("stories") == entry
        study = client.create_study({"search_space": "question_answering", "dataset": "stories"})
        assert study.spec["objectives"][0]["metric"] == "val_accuracy"
        with pytest.raises(ApiError, match="is used by studies that are not over") as caught:
            client.delete_dataset("stories")
        assert caught.value.code == "dataset_in_use"
        client.cancel(study.name)
        client.delete_dataset("stories")
        with pytest.raises(ApiError, match="unknown dataset"):
            client.dataset("stories")
        with pytest.raises(BadDatasetFile, match=r"nowhere\.csv: No such file"):
            client.upload_dataset("stories", tmp_path / "nowhere.csv")
