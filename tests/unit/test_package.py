"""What is shipped: the wheel holds the migrations, the pages and the catalogue."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_the_wheel_holds_all_that_the_code_reads(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(tmp_path),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "tuner_service/migrations/env.py",
        "tuner_service/migrations/versions/0001_the_first_tables.py",
        "tuner_service/dashboard/templates/studies.html",
        "tuner_service/dashboard/static/style.css",
        "search_spaces/catalogue.json",
    ):
        assert needed in names
    assert not any(name.startswith(("tests/", "benchmarks/", "migrations/")) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
