"""A description that would go along with every trial stays small, and numbers stay within 32 bits."""

from pathlib import Path

import numpy as np
import pytest

from search_spaces.datasets.files import BadFile, Limits, Told, describe


def write(folder: Path, **arrays: object) -> Path:
    path = folder / "a.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]  # lists become arrays
    return path


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y": ["a" * 300, "b"] * 20}, "has 300 characters; at most 200"),
        ({"y": [f"{k // 2:0190}" for k in range(4000)]}, "characters together; at most 200,000"),
        ({"y": np.arange(40) * 1e-21}, "standard deviation"),
        ({"y": np.arange(40) * 1e25}, "standard deviation"),
        ({f"x_{k}": np.arange(40.0) for k in range(120)} | {"y": [0, 1] * 20}, "at most 100"),
    ],
    ids=["long name", "many names", "tiny numbers", "huge numbers", "many fields"],
)
def test_what_is_too_much_is_refused_and_told(
    tmp_path: Path, arrays: dict[str, object], said: str
) -> None:
    rows = len(arrays["y"])  # type: ignore[arg-type]  # a list or an array
    given = arrays if len(arrays) > 1 else {"x": np.arange(float(rows)), **arrays}
    with pytest.raises(BadFile, match=said):
        describe(write(tmp_path, **given), "npz", Told(), Limits())
