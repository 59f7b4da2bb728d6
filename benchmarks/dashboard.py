"""The dashboard over a study of 10,000 trials with 20 epochs each: how fast it opens, and what viewers cost.

The peer is optuna-dashboard over the same trials, where it is installed: what its page asks for first.
"""

import http.client
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks import optuna_dashboard
from benchmarks.service import Caller, running
from benchmarks.viewers import ALWAYS, BOTTOM, TOP
from tests.browser.chromium import chromium
from tests.browser.large import NAME, large
from tuner_service.home import find_server, read_token
from tuner_service.service.setup import open_service
from tuner_service.service.upkeep.tokens import create_login_code, create_token
from tuner_service.settings import Settings

OPENS_AIM, DRAWS_AIM = 1.0, 2.0
VIEWERS = 50
VIEWERS_AIM = 0.1
LOOK_SECONDS = 20.0
EPOCH_SECONDS = 0.25
PAIRS = 3
# Functions, since the page's policy lets no string be evaluated.
SEEN = """() => ["#improvement .main-svg", "#curves .main-svg", "#best a"].every(
  (each) => document.querySelector(each))"""
ALL = """() => [...document.querySelectorAll("section.card:not([hidden]) .chart")].every(
  (chart) => chart.hidden || chart.querySelector(".main-svg, canvas"))
  && document.querySelector("#parallel canvas") && document.querySelectorAll("#trials tbody tr").length >= 50"""
WINDOWS = {
    "what the window shows": (900, SEEN),
    "all charts in a window as high as the page": (4000, ALL),
}
"""What is waited for, in a window so many pixels high."""


@dataclass
class Page:
    """A browser's connection: it has logged in, and takes its replies packed."""

    url: str
    cookie: str

    def __post_init__(self) -> None:
        where = urlsplit(self.url)
        self._connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)

    def get(self, path: str) -> tuple[float, int]:
        """Seconds until all of it is here, and how many bytes came."""
        started = time.perf_counter()
        headers = {"Cookie": self.cookie, "Accept-Encoding": "gzip"}
        self._connection.request("GET", path, headers=headers)
        reply = self._connection.getresponse()
        size = len(reply.read())
        assert reply.status == 200, f"{path}: {reply.status}"
        return time.perf_counter() - started, size


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with open_service(Settings(home=home, database_url=None)) as service:
            large(service)
            for number in range(VIEWERS):
                create_token(service, f"viewer-{number}", "viewer")
            codes = [create_login_code(service, f"viewer-{n}") for n in range(VIEWERS)]
        with running(home, "--no-worker"):
            cookies = [logged_in(_server(home), code) for code in codes]
        with running(home, "--no-worker"):
            opening(_process(home), Page(_server(home), cookies[0]))
        drawing(home, cookies[0])
        with running(home, "--no-worker"):
            watching(home, cookies)
        optuna_dashboard.main(home)


def logged_in(url: str, code: str) -> str:
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    connection.request("GET", f"/login?code={code}")
    reply = connection.getresponse()
    reply.read()
    return str(reply.headers["Set-Cookie"]).partition(";")[0]


def opening(server: psutil.Process, page: Page) -> None:
    """Everything that the page asks for, one after another, from a server that has just started; and once more."""
    paths = [f"/studies/{NAME}", *(path.format(NAME) for path in ALWAYS | TOP | BOTTOM)]
    before = _cpu_seconds(server)
    cold = [page.get(path) for path in paths]
    worked = _cpu_seconds(server) - before
    warm = [page.get(path) for path in paths]
    print(
        f"dashboard, a study of 10,000 trials: the page and all of its {len(paths) - 1} requests take a fresh server "
        f"{sum(s for s, _ in cold):.2f} s (aim {OPENS_AIM:g}; {worked:.2f} s of its processor's time), "
        f"then {sum(s for s, _ in warm) * 1000:.0f} ms; "
        f"{sum(size for _, size in cold) / 1024:.0f} KiB",
        flush=True,
    )
    for path, (first, size), (then, _) in zip(paths, cold, warm, strict=True):
        print(f"  {path}: {first * 1000:.0f} ms, then {then * 1000:.1f}; {size / 1024:.1f} KiB")


def drawing(home: Path, cookie: str) -> None:
    """From the click until it is drawn, by a server and a browser that have just started, and then again."""
    for what, (height, drawn) in WINDOWS.items():
        with running(home, "--no-worker"), chromium() as browser:
            url = _server(home)
            context = browser.new_context(viewport={"width": 1280, "height": height})
            name, _, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": url}])
            seconds = []
            for _ in range(4):
                page = context.new_page()
                started = time.perf_counter()
                page.goto(f"{url}/studies/{NAME}")
                page.wait_for_function(drawn, timeout=60_000)
                seconds.append(time.perf_counter() - started)
                page.close()
        print(
            f"dashboard, {what}: drawn by Chromium {seconds[0]:.2f} s after the click with a fresh server and browser "
            f"(aim {OPENS_AIM + DRAWS_AIM:g}), then {statistics.median(seconds[1:]):.2f} s",
            flush=True,
        )


def watching(home: Path, cookies: Sequence[str]) -> None:
    """A worker reports epochs by turns with nobody looking and with all of them looking."""
    server, url = _process(home), _server(home)
    worker = Worker(url, read_token(home) or "")
    shares: dict[bool, list[float]] = {False: [], True: []}
    delays: dict[bool, list[float]] = {False: [], True: []}
    told = ""
    for _ in range(PAIRS):
        for watched in (False, True):
            if not watched:
                share, delay = measured(server, worker)
            else:
                with looking(url, cookies) as told_in_the_end:
                    measured(
                        server, worker, 3.0
                    )  # the first look costs more than the ones after it
                    share, delay = measured(server, worker)
                told = told_in_the_end[0]
            shares[watched].append(share)
            delays[watched] += delay
    alone, with_all = (statistics.median(shares[watched]) for watched in (False, True))
    print(
        f"dashboard, {len(cookies)} viewers of the live study: {with_all - alone:.3f} of a core "
        f"({with_all:.3f} with them, {alone:.3f} without; aim {VIEWERS_AIM:g}); {told}"
    )
    for watched, name in ((False, "without"), (True, "with")):
        p50, p95 = (statistics.quantiles(delays[watched], n=20)[i] * 1000 for i in (9, 18))
        print(f"  an epoch's report takes {p50:.1f} ms {name} viewers, 95 % at most {p95:.1f} ms")


def measured(
    server: psutil.Process, worker: "Worker", seconds: float = LOOK_SECONDS
) -> tuple[float, list[float]]:
    """The server's share of a core while the worker reports, and how many seconds each report took."""
    before, started = _cpu_seconds(server), time.perf_counter()
    delays = worker.work(seconds)
    return (_cpu_seconds(server) - before) / (time.perf_counter() - started), delays


class Worker:
    """One slot that trains a trial of 20 short epochs after another."""

    def __init__(self, url: str, token: str) -> None:
        self._call = Caller(url, token)
        self._claims = 0
        body = {"search_spaces": ["dense"], "datasets": ["digits"], "slots": 1}
        self._call("PUT", "/v1/workers/bench", body)
        self._trial: dict[str, Any] | None = None
        self._epoch = 0

    def work(self, seconds: float) -> list[float]:
        """How many seconds each report of an epoch took."""
        delays = []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            delays.append(self._report())
            time.sleep(EPOCH_SECONDS)
        return delays

    def _report(self) -> float:
        if self._trial is None:
            self._trial, self._epoch = self._claimed(), 0
        trial = self._trial
        path = f"/v1/studies/{NAME}/trials/{trial['number']}"
        accuracy = 0.97 - 0.3 / (self._epoch + 1)
        metrics = {"loss": 1 - accuracy, "accuracy": accuracy, "val_loss": 1 - accuracy}
        body = {
            "attempt": trial["attempt"],
            "epoch": self._epoch,
            "metrics": metrics | {"val_accuracy": accuracy, "learning_rate": 0.001},
        }
        started = time.perf_counter()
        verdict = self._call("POST", f"{path}/epochs", body)["verdict"]
        delay = time.perf_counter() - started
        self._epoch += 1
        if verdict == "continue" and self._epoch < 20:
            return delay
        if verdict == "continue":
            self._call(
                "POST", f"{path}/finish", {"attempt": trial["attempt"], "state": "completed"}
            )
        self._trial = None
        return delay

    def _claimed(self) -> dict[str, Any]:
        self._claims += 1
        claim = {"worker": "bench", "key": f"bench-{self._claims}", "study": NAME}
        trial: dict[str, Any] = self._call("POST", "/v1/claims", claim)
        return trial


@contextmanager
def looking(url: str, cookies: Sequence[str]) -> Iterator[list[str]]:
    """Inside, so many viewers look; afterwards the list says what they asked for."""
    revision = re.search(r'data-revision="(\d+)"', _page(url, cookies[0]))
    assert revision is not None
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.viewers", url, NAME, revision[1]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n".join([*cookies, "", ""]))
    process.stdin.flush()
    process.stdout.readline()
    said: list[str] = []
    try:
        yield said
    finally:
        process.stdin.close()
        seconds, requests, unchanged, events = map(float, process.stdout.readline().split())
        process.wait(30)
        said.append(
            f"{requests / seconds:.0f} requests a second, {unchanged / requests:.0%} of them not modified, and "
            f"{events / seconds:.0f} events"
        )


def _page(url: str, cookie: str) -> str:
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    connection.request("GET", f"/studies/{NAME}", headers={"Cookie": cookie})
    return connection.getresponse().read().decode()


def _server(home: Path) -> str:
    found = find_server(home)
    assert found is not None
    return found.url


def _process(home: Path) -> psutil.Process:
    found = find_server(home)
    assert found is not None
    return psutil.Process(found.pid)


def _cpu_seconds(process: psutil.Process) -> float:
    return float(sum(process.cpu_times()[:2]))
