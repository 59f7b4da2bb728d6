"""What a study's page draws: the data behind its charts and its table."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from tests.contract.studies import (
    PARAMETERS,
    claimed,
    completed,
    finish,
    opened,
    path,
    report,
)
from tuner_service.dashboard.drawings import Drawings
from tuner_service.dashboard.pages.charts import Desk
from tuner_service.errors import UnknownStudy
from tuner_service.server.app import create_app
from tuner_service.service.reading import studies
from tuner_service.service.reading.charts import progress
from tuner_service.service.setup import Service

Json = dict[str, Any]
TWO = [
    {"metric": "loss", "direction": "minimize"},
    {"metric": "accuracy", "direction": "maximize"},
]


def chart(api: httpx.Client, name: str, study: str = "demo", **query: Any) -> Json:
    reply = api.get(f"/studies/{study}/{name}", params=query)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def refused(api: httpx.Client, name: str, **query: Any) -> tuple[list[str], str]:
    """Where the request is wrong, and what is said about it."""
    reply = api.get(f"/studies/demo/{name}", params=query)
    assert reply.status_code == 422, reply.text
    [problem] = reply.json()["errors"]
    return problem["loc"], problem["msg"]


def with_candidate(api: httpx.Client, loss: float, **parameters: Any) -> Json:
    """A completed trial with these parameters."""
    body = {"parameters": parameters}
    api.post("/v1/studies/demo/trials", json=body).raise_for_status()
    return completed(api, loss)


def test_progress_tells_every_improvement_in_the_order_of_the_ends(api: httpx.Client) -> None:
    opened(api, budget={"trials": 9})
    first, second = claimed(api), claimed(api)
    finish(api, second, values={"loss": 0.5})
    finish(api, first, values={"loss": 0.7})
    finish(api, claimed(api), state="failed", error="no luck")
    completed(api, 0.3)
    claimed(api)
    progress = chart(api, "charts/progress")
    assert (progress["metric"], progress["direction"]) == ("loss", "minimize")
    assert (progress["total"], progress["shown"]) == (3, 3)
    assert progress["trials"]["number"] == [1, 0, 3]
    assert progress["trials"]["value"] == [0.5, 0.7, 0.3]
    assert set(progress["trials"]["state"]) == {"completed"}
    assert progress["trials"]["seconds"] == sorted(progress["trials"]["seconds"])
    assert (progress["best"]["number"], progress["best"]["value"]) == ([1, 3], [0.5, 0.3])


def test_curves_follow_the_running_trials_in_any_metric(api: httpx.Client) -> None:
    opened(api)
    ended, running = claimed(api), claimed(api)
    for epoch, loss in enumerate([0.9, None, 0.4]):
        metrics = {"loss": loss, "extra": epoch / 10}
        body = {"attempt": 1, "epoch": epoch, "metrics": metrics}
        api.post(path(ended, "epochs"), json=body).raise_for_status()
    finish(api, ended)
    report(api, running, 0, 0.8)
    claimed(api)  # nothing to draw of it yet
    seen = chart(api, "charts/curves")
    assert (seen["metric"], seen["metrics"]) == ("loss", ["loss", "extra"])
    assert (seen["total"], seen["shown"]) == (2, 2)
    assert seen["curves"] == [
        {"number": 0, "state": "completed", "values": [0.9, None, 0.4]},
        {"number": 1, "state": "running", "values": [0.8]},
    ]
    report(api, running, 1, 0.7)
    assert chart(api, "charts/curves")["curves"][1]["values"] == [0.8, 0.7]
    extra = chart(api, "charts/curves", metric="extra")
    assert extra["curves"][0]["values"] == [0.0, 0.1, 0.2]
    assert extra["curves"][1]["values"] == [None, None]
    assert refused(api, "charts/curves", metric="no")[0] == ["query", "metric"]


def test_parallel_coordinates_have_an_axis_for_each_parameter(api: httpx.Client) -> None:
    opened(api, budget={"trials": 9})
    with_candidate(api, 0.4, x=0.25, kind="a")
    with_candidate(api, 0.2, x=0.75, kind="b", depth=3)
    seen = chart(api, "charts/parallel")
    assert seen["objective"] == {"metric": "loss", "direction": "minimize"}
    assert (seen["number"], seen["value"]) == ([0, 1], [0.4, 0.2])
    x, kind, depth = seen["dimensions"]
    assert (x["type"], x["min"], x["max"], x["log"], x["choices"]) == ("float", 0, 1, False, None)
    assert x["values"] == [0.25, 0.75]
    assert (kind["choices"], kind["values"]) == (["a", "b"], ["a", "b"])
    assert depth["values"] == [None, 3]


def test_pictures_say_why_there_is_none(api: httpx.Client) -> None:
    opened(api, budget={"trials": 9})
    empty = chart(api, "charts/slices")
    assert (empty["figure"], empty["reason"]) == (None, "no trial is completed yet")
    assert "depth" in chart(api, "charts/contour", x="x", y="depth")["reason"]
    assert chart(api, "charts/importance")["importance"] == {}
    assert chart(api, "charts/pareto")["reason"] == "the study has one objective"
    with_candidate(api, 0.4, x=0.25, kind="a")
    reason = chart(api, "charts/slices", parameter="depth")["reason"]
    assert reason == "no completed trial has any of these parameters"
    with_candidate(api, 0.3, x=0.25, kind="b", depth=2)
    with_candidate(api, 0.2, x=0.25, kind="b", depth=3)
    same = chart(api, "charts/contour", x="x", y="depth")["reason"]
    assert same == '"x" is the same in all completed trials that have both'


def test_pictures_are_drawn_over_completed_trials(api: httpx.Client) -> None:
    opened(api, budget={"trials": 99})
    for n in range(6):
        with_candidate(api, 0.1 * n, x=n / 6, kind="b", depth=1 + n % 4)
    with_candidate(api, 0.9, x=0.99, kind="a")
    slices = chart(api, "charts/slices", parameter=["x", "depth"])
    assert (slices["shown"], slices["total"]) == (7, 7)
    assert [len(trace["x"]) for trace in slices["figure"]["data"]] == [6, 7]
    contour = chart(api, "charts/contour", x="x", y="depth")
    assert (contour["shown"], contour["total"]) == (6, 7)
    assert set(chart(api, "charts/importance")["importance"]) == {"x", "kind", "depth"}


def test_a_front_can_be_seen_from_any_two_sides(api: httpx.Client) -> None:
    opened(api, objectives=[*TWO, {"metric": "seconds", "direction": "minimize"}])
    for loss, accuracy, seconds in ((0.1, 0.9, 5.0), (0.2, 0.8, 6.0), (0.3, 0.7, 1.0)):
        values = {"loss": loss, "accuracy": accuracy, "seconds": seconds}
        finish(api, claimed(api), values=values)
    seen = chart(api, "charts/pareto", x="seconds")["figure"]
    assert seen["layout"]["xaxis"]["title"]["text"] == "seconds"
    assert seen["layout"]["yaxis"]["title"]["text"] == "loss"
    assert [trace["customdata"] for trace in seen["data"]] == [[1], [0, 2]]
    assert refused(api, "charts/pareto", x="loss", y="loss")[0] == ["query", "y"]


def test_a_contour_is_of_two_parameters_that_there_are(api: httpx.Client) -> None:
    opened(api)
    loc, message = refused(api, "charts/contour", x="y", y="x")
    assert (loc, message) == (["query", "x"], 'unknown name "y"; allowed: depth, kind, x')
    loc, message = refused(api, "charts/contour", x="x", y="x")
    assert loc == ["query", "y"]
    assert message.endswith("others: depth, kind")


@pytest.fixture
def table(api: httpx.Client) -> Callable[..., list[int]]:
    """The numbers of the rows for a query, of four trials."""
    opened(api, budget={"trials": 9}, search_space={"parameters": PARAMETERS})
    with_candidate(api, 0.4, x=0.1, kind="b", depth=4)
    with_candidate(api, 0.2, x=0.2, kind="a")
    with_candidate(api, 0.3, x=0.3, kind="b", depth=2)
    claimed(api)

    def rows(**query: Any) -> list[int]:
        return [row["number"] for row in chart(api, "table", **query)["rows"]]

    return rows


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [0, 1, 2, 3]),
        ({"order_by": "-number", "limit": 2, "offset": 1}, [2, 1]),
        ({"order_by": "value"}, [1, 2, 0, 3]),
        ({"order_by": "-values.loss"}, [0, 2, 1, 3]),
        ({"order_by": "parameters.depth", "state": "completed"}, [2, 0, 1]),
        ({"order_by": "-depth", "state": "completed"}, [0, 2, 1]),
        ({"state": ["running", "failed"]}, [3]),
        ({"where": "kind=b", "state": "completed"}, [0, 2]),
        ({"where": ["kind=b", "depth<=3"], "state": "completed"}, [2]),
        ({"where": "values.loss>=0.3"}, [0, 2]),
        ({"where": "parameters.x=0.10"}, [0]),
        ({"where": "worker=w1", "limit": 1}, [0]),
        ({"where": "state=pruned"}, []),
    ],
)
def test_the_table_is_sorted_and_filtered_by_any_column(
    table: Callable[..., list[int]], query: Json, numbers: list[int]
) -> None:
    assert table(**query) == numbers


def test_the_table_says_how_many_there_are_and_shows_them_as_the_api_does(
    api: httpx.Client, table: Callable[..., list[int]]
) -> None:
    seen = chart(api, "table", where="kind=b", limit=1, state="completed")
    assert (seen["total"], seen["matching"]) == (4, 2)
    trial = api.get("/v1/studies/demo/trials/0").json()
    del trial["history"], trial["suggestion"]
    assert seen["rows"] == [trial]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"order_by": "none"}, "order_by"),
        ({"where": "none=1"}, "where"),
        ({"where": "depth<=many"}, "where"),
        ({"where": "depth"}, "where"),
    ],
)
def test_a_column_that_is_not_there_is_refused_and_the_others_are_named(
    api: httpx.Client, query: Json, field: str
) -> None:
    opened(api)
    loc, message = refused(api, "table", **query)
    assert loc == ["query", field]
    assert "parameters.depth" in message or "depth" in message


def test_what_has_not_changed_is_not_sent_again(api: httpx.Client) -> None:
    opened(api, budget={"trials": 9})
    completed(api, 0.5)
    first = api.get("/studies/demo/charts/progress")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Content-Encoding"] == "gzip"
    assert api.get("/studies/demo/charts/progress", headers=tag).status_code == 304
    # An epoch changes no ended trial.
    report(api, claimed(api), 0, 0.4)
    assert api.get("/studies/demo/charts/progress", headers=tag).status_code == 304
    completed(api, 0.3)
    again = api.get("/studies/demo/charts/progress", headers=tag)
    assert (again.status_code, again.json()["total"]) == (200, 2)
    unpacked = api.get("/studies/demo/charts/progress", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in unpacked.headers
    assert unpacked.json() == again.json()


def test_charts_are_for_those_who_may_look(client_of: Callable[[str], httpx.Client]) -> None:
    opened(client_of("submitter"))
    statuses = {
        role: client_of(role).get("/studies/demo/charts/progress").status_code
        for role in ("viewer", "submitter", "worker")
    }
    assert statuses == {"viewer": 200, "submitter": 200, "worker": 403}
    assert client_of("viewer").get("/studies/none/charts/progress").status_code == 404


def test_a_study_that_takes_the_name_of_a_deleted_one_has_charts_of_its_own(
    api: httpx.Client,
) -> None:
    opened(api)
    completed(api, 0.5)
    before = api.get("/studies/demo/charts/progress")
    api.delete("/v1/studies/demo").raise_for_status()
    opened(api)
    tag = {"If-None-Match": before.headers["ETag"]}
    after = api.get("/studies/demo/charts/progress", headers=tag)
    assert (after.status_code, after.json()["total"]) == (200, 0)


def test_a_chart_of_a_study_whose_name_another_one_has_by_now_is_not_found(
    api: httpx.Client, service: Service
) -> None:
    opened(api, budget={"trials": 1})
    completed(api, 0.5)
    before = studies.find(service, "demo")
    api.delete("/v1/studies/demo").raise_for_status()
    opened(api)

    async def look() -> None:
        app = create_app(service)
        app.state.drawings = Drawings()
        scope = {"type": "http", "app": app, "path": "/", "query_string": b"", "headers": []}
        await Desk(Request(scope), service, before).of_ended(progress.progress)

    with pytest.raises(UnknownStudy):
        asyncio.run(look())
