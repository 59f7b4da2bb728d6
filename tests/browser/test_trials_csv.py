"""The table of a study's trials as a file."""

import csv
from pathlib import Path

import httpx

from tests.browser.visitor import Enter
from tests.contract.asgi import NO_TLS, Server
from tests.contract.studies import claimed, finish, opened
from tuner_service.service.setup import Service
from tuner_service.service.upkeep.tokens import create_token

CHOICES = ['=HYPERLINK("http://x")', "-1", 'a,"b"', "@SUM(1)"]
LOSSES = [0.123456789, 0.2, 1e-9]
PARAMETERS = [
    {"name": "kind", "type": "choice", "choices": CHOICES},
    *({"name": f"flag_{index}", "type": "bool"} for index in range(9)),
    {"name": "rate", "type": "fixed", "value": 0.25},
]
"""More than the table shows at first."""


def test_all_that_match_are_saved_as_they_are_and_no_cell_is_a_formula(
    enter: Enter, server: Server, service: Service, tmp_path: Path
) -> None:
    headers = {"Authorization": f"Bearer {create_token(service, 'tester', 'admin')}"}
    with httpx.Client(base_url=server.url, headers=headers, verify=NO_TLS) as api:
        opened(api, search_space={"parameters": PARAMETERS}, search={"algorithm": "grid"})
        for loss in LOSSES:
            finish(api, claimed(api), values={"loss": loss})
        claimed(api)
    page = enter("viewer").open("/studies/demo")
    page.get_by_role("combobox", name="State").select_option("completed")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download CSV").click()
    assert saving.value.suggested_filename == "demo-trials.csv"
    saving.value.save_as(tmp_path / "trials.csv")
    with (tmp_path / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    safe = {f"'{text}" if text[0] in "=@" else text for text in CHOICES}
    assert [row["number"] for row in rows] == ["0", "1", "2"]
    assert [float(row["values.loss"]) for row in rows] == LOSSES
    assert {row["parameters.kind"] for row in rows} < safe
    assert {row["parameters.flag_8"] for row in rows} <= {"true", "false"}
    assert [float(row["parameters.rate"]) for row in rows] == [0.25] * 3
    assert [row["worker"] for row in rows] == ["w1"] * 3
