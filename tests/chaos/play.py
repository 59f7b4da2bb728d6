"""Playing a scenario: studies run, faults strike, everything calms down, the books are read."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.chaos.books import read_books
from tests.chaos.faults import FAULTS
from tests.chaos.files import artifacts_are_whole, files_without_rows
from tests.chaos.house import House
from tests.chaos.invariants import OVER, Violation, violations
from tests.chaos.recovery import Recovery, recoveries
from tests.chaos.scenarios import Scenario, Strike

TRIALS = 8
SEARCHES = (
    {"algorithm": "random"},
    {"algorithm": "bayesian", "startup_trials": 3},
    {"algorithm": "genetic", "startup_trials": 3},
)
EPOCHS = 18
END_SECONDS = 60.0
"""How long studies may take to their end once nothing strikes any more."""


TOLD_EVERY = 100
COUNTED = ("checkpoint_unusable", "died", "lease_lost", "resumed")
"""What the service itself noted of the faults."""


@dataclass(frozen=True)
class Result:
    """What a scenario did, and what came of it."""

    scenario: str
    database: str
    faults: Mapping[str, int]
    """By kind; in brackets what the trials' histories tell of them."""
    acknowledged: int
    trials: int
    violations: Sequence[Violation]
    recoveries: Sequence[Recovery]
    server_back: Sequence[float]
    """Seconds from each kill of the server until it served again."""
    notes: Sequence[str]
    seconds: float


@dataclass
class Limit:
    """No fault is begun after ``until``, on the monotonic clock."""

    until: float

    @property
    def passed(self) -> bool:
        return time.monotonic() > self.until


def play(house: House, scenario: Scenario, strikes: Sequence[Strike], limit: Limit) -> Result:
    """Strike by strike, then everything calms down and is checked."""
    before = Mark.of(house)
    done: Counter[str] = Counter()
    notes: list[str] = []
    with _studies(house, scenario):
        for strike in strikes:
            if limit.passed:
                notes.append(f"out of time after {done.total()} of {len(strikes)} strikes")
                break
            time.sleep(strike.after)
            FAULTS[strike.fault](house, Random(strike.seed))
            done[strike.fault] += 1
            if done.total() % TOLD_EVERY == 0:
                print(f"{house.database.kind:8} {done.total()} strikes", flush=True)
    house.calm()
    try:
        house.until("every study is over", END_SECONDS, lambda: _over(house))
        house.until("no file is to be removed", 20.0, lambda: _tidy(house))
    except TimeoutError as error:
        notes.append(str(error))
    return _result(house, scenario, before, done, notes)


@dataclass(frozen=True)
class Mark:
    """Where everything that only grows stood at a moment."""

    at: float
    blows: int
    outages: int
    network: Counter[str]
    surprises: int
    studies: frozenset[str]
    answers: int

    @classmethod
    def of(cls, house: House) -> "Mark":
        return cls(
            time.monotonic(),
            len(house.blows),
            len(house.outages),
            Counter(house.network.happened),
            len(house.surprises),
            frozenset(row["name"] for row in house.studies()),
            sum(1 for _ in house.journal.entries()),
        )


def _result(
    house: House, scenario: Scenario, before: Mark, done: Counter[str], notes: list[str]
) -> Result:
    books = read_books(house.database, house.journal)
    found = [*violations(books), *artifacts_are_whole(books, house.artifacts)]
    accepted = [e for e in books.journal[before.answers :] if e.accepted and e.method != "GET"]
    ours = [trial for where, trial in books.trials.items() if where[0] not in before.studies]
    found += [
        Violation(
            "broken",
            f"{trial.where[0]}/{trial.where[1]}",
            f"{line['what']} in attempt {line['attempt']}",
        )
        for trial in ours
        for line in trial.lines(*scenario.never)
    ]
    found += _changed_suggestions(house, sorted({trial.where[0] for trial in ours}))
    happened = Counter(line["what"] for trial in ours for line in trial.history)
    for what in COUNTED:
        done[f"(in the histories: {what})"] = happened[what]
    for entry in books.journal[before.answers :]:
        if entry.status >= 500:
            done[f"(answered {entry.status} {(entry.reply or {}).get('code')})"] += 1
    notes += house.surprises[before.surprises :]
    if orphans := set(files_without_rows(books, house.artifacts)) - house.orphans:
        notes.append(f"{len(orphans)} files without a row are left in the store")
        house.orphans |= orphans
    blows, outages = house.blows[before.blows :], house.outages[before.outages :]
    return Result(
        scenario=scenario.name,
        database=house.database.kind,
        faults=dict(+(done + (house.network.happened - before.network))),
        acknowledged=len(accepted),
        trials=len(ours),
        violations=house.news(found),
        recoveries=list(recoveries(books, blows, outages)),
        server_back=[end - start for start, end in outages],
        notes=notes,
        seconds=time.monotonic() - before.at,
    )


def _changed_suggestions(house: House, studies: Sequence[str]) -> Iterator[Violation]:
    """Whatever died meanwhile: each suggestion is what the server would make of the same history now."""
    for name in studies:
        replay = house.ask("GET", f"/v1/studies/{name}/replay").json()
        for trial in replay["items"]:
            if trial["verdict"] == "differs":
                now = trial["recomputed"]
                where = f"{name}/{trial['number']}"
                yield Violation("broken", where, f"has {trial['parameters']}, replayed {now}")


@contextmanager
def _studies(house: House, scenario: Scenario) -> Iterator[None]:
    """Inside, a study of each word runs at any time; those that are open at the end go on to theirs."""
    opened = [_open(house, scenario, word) for word in scenario.words]
    over = threading.Event()

    def feed() -> None:
        while not over.wait(0.3):
            states = {row["name"]: row["state"] for row in house.studies()}
            for index, name in enumerate(opened):
                if states[name] in OVER and not over.is_set():
                    opened[index] = _open(house, scenario, name.rpartition("-")[2])

    feeder = threading.Thread(target=feed, name="feeder", daemon=True)
    if scenario.faults:
        feeder.start()
    try:
        yield
    finally:
        over.set()
        if scenario.faults:
            feeder.join(60)


def _open(house: House, scenario: Scenario, word: str) -> str:
    number = len(house.studies())
    name = f"{scenario.name}-{number}-{word}"
    body: dict[str, Any] = {
        "name": name,
        "search_space": "dense",
        "dataset": "digits",
        "objectives": [{"metric": "val_accuracy", "direction": "maximize"}],
        "search": {**SEARCHES[number % len(SEARCHES)], "seed": number},
        "training": {"epochs": EPOCHS, "early_stopping": None, **scenario.training},
        "budget": {"trials": 2 if word == "deadly" else TRIALS},
    }
    house.create(name, body)
    return name


def _over(house: House) -> bool:
    return all(study["state"] in OVER for study in house.studies())


def _tidy(house: House) -> bool:
    return not house.database.query("SELECT path FROM discarded")
