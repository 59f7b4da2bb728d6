"""Many clients at the same moment: real HTTP against the real server, each writing its own journal."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from tests.chaos.books import read_books
from tests.chaos.house import LEASE_SECONDS, House
from tests.chaos.invariants import Violation, violations
from tests.chaos.play import Result

CLAIMERS = 64
AT_ONCE = 60
"""Trials that are finished and cancelled at about the same time."""
SPACE = {"parameters": [{"name": "x", "type": "float", "min": 0.0, "max": 1.0}]}


class Caller:
    """A client with one connection, whose answers go to the journal."""

    def __init__(self, house: House) -> None:
        self._journal = house.journal
        headers = {"Authorization": f"Bearer {house.token}"}
        url = f"http://127.0.0.1:{house.port}"
        # Without verify no client reads the system's certificates, which takes longer than a claim.
        self._client = httpx.Client(
            base_url=url, headers=headers, trust_env=False, timeout=60, verify=False
        )

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and reply."""
        answer = self._client.post(path, json=body)
        reply = answer.json() if answer.content else None
        self._journal.note("POST", path, body, answer.status_code, reply)
        return answer.status_code, reply or {}

    def close(self) -> None:
        self._client.close()


def claimers(house: House, races: int) -> Result:
    """64 claims for one trial: one gets it. Repeated, every key gets the same; one key from all: all get the same."""
    began, found = time.monotonic(), list[Violation]()
    acknowledged = 0
    for round_number in range(3):
        study = f"claimers-{round_number}"
        house.create(study, _external(study, 1))
        callers = [Caller(house) for _ in range(CLAIMERS)]
        same = "one" if round_number == 2 else ""
        keys = [f"{study}-{same or number}" for number in range(CLAIMERS)]
        first = _claim_at_once(callers, study, keys)
        again = _claim_at_once(callers, study, keys)
        winners = [reply for status, reply in first if status == 200]
        acknowledged += len(winners)
        if not same and len(winners) > 1:
            found.append(Violation("doubled", study, f"{len(winners)} claims were granted"))
        if len(winners) < (CLAIMERS if same else 1):
            found.append(Violation("broken", study, f"only {len(winners)} claims were granted"))
        if {_identity(reply) for reply in winners} != {(study, 0, 1)}:
            found.append(Violation("doubled", study, "the claims got different attempts"))
        if [(s, _identity(r)) for s, r in first] != [(s, _identity(r)) for s, r in again]:
            found.append(Violation("broken", study, "a repeated claim was answered differently"))
        status, _ = callers[0].post(
            f"/v1/studies/{study}/trials/0/finish",
            {"attempt": 1, "state": "completed", "values": {"loss": 0.5}},
        )
        if status != 200:
            found.append(Violation("broken", study, f"the finish was answered {status}"))
        for caller in callers:
            caller.close()
    return _result(house, "claimers", {"64 claimers": 3}, acknowledged, 3, found, began)


def ends(house: House, races: int) -> Result:
    """Finish against cancel against the reaper, all at the end of the lease: each trial has one end."""
    began = time.monotonic()
    won: Counter[str] = Counter()
    found: list[Violation] = []
    rounds = -(-races // AT_ONCE)
    for number in range(rounds):
        study = f"ends-{number}"
        house.create(study, _external(study, AT_ONCE))
        found += _race(house, study, won)
    taken = {f"ended first by {who}": count for who, count in won.items()}
    races_run = rounds * AT_ONCE
    return _result(house, "ends", taken, races_run, races_run, found, began)


BARRIERS: dict[str, Callable[[House, int], Result]] = {"claimers": claimers, "ends": ends}


def _race(house: House, study: str, won: Counter[str]) -> list[Violation]:
    callers = [Caller(house) for _ in range(2 * AT_ONCE)]
    claimed_at = [0.0] * AT_ONCE

    def claim(number: int, barrier: threading.Barrier) -> None:
        barrier.wait()
        key = f"{study}-{number}"
        _, trial = callers[number].post(
            "/v1/claims", {"worker": "external", "key": key, "study": study}
        )
        claimed_at[trial["number"]] = time.monotonic()

    _together([lambda b, i=i: claim(i, b) for i in range(AT_ONCE)])  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    answers: list[tuple[str, int]] = [("", 0)] * (2 * AT_ONCE)

    def end(index: int, barrier: threading.Barrier) -> None:
        number, cancels = index % AT_ONCE, index >= AT_ONCE
        # Spread over the rounds of the reaper that follow the end of the lease; a pair at the same moment.
        spread = (number / AT_ONCE) * (LEASE_SECONDS / 4 + 0.3) - 0.15
        barrier.wait()
        time.sleep(max(0.0, claimed_at[number] + LEASE_SECONDS + spread - time.monotonic()))
        path = f"/v1/studies/{study}/trials/{number}"
        if cancels:
            status, _ = callers[index].post(f"{path}/cancel", {})
            answers[index] = ("cancelled", status)
        else:
            body = {"attempt": 1, "state": "completed", "values": {"loss": number / AT_ONCE}}
            status, _ = callers[index].post(f"{path}/finish", body)
            answers[index] = ("completed", status)

    _together([lambda b, i=i: end(i, b) for i in range(2 * AT_ONCE)])  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    for caller in callers:
        caller.close()
    house.until(f"{study} is over", 30.0, lambda: _is_over(house, study))
    return _judged(house, study, answers, won)


def _judged(
    house: House, study: str, answers: Sequence[tuple[str, int]], won: Counter[str]
) -> list[Violation]:
    sql = (
        "SELECT number, trials.state, deaths FROM trials JOIN studies ON studies.id = study_id "
        "WHERE studies.name = :study ORDER BY number"
    )
    found = []
    for row in house.database.query(sql, study=study):
        number = row["number"]
        both = (answers[number], answers[AT_ONCE + number])
        taken = [state for state, status in both if status == 200]
        # What cancels a trial that the reaper has queued again comes second, and ends it all the same.
        won["the reaper" if row["deaths"] else str(row["state"])] += 1
        if len(taken) > 1:
            found.append(Violation("doubled", f"{study}/{number}", f"ended as {taken}"))
        if taken and taken != [row["state"]]:
            found.append(Violation("lost", f"{study}/{number}", f"{taken}, it is {row['state']}"))
        if any(status not in (200, 409) for _, status in both):
            found.append(Violation("broken", f"{study}/{number}", f"answered {both}"))
    return found


def _claim_at_once(
    callers: Sequence[Caller], study: str, keys: Sequence[str]
) -> list[tuple[int, dict[str, Any]]]:
    answers: list[tuple[int, dict[str, Any]]] = [(0, {})] * len(callers)

    def claim(index: int, barrier: threading.Barrier) -> None:
        barrier.wait()
        answers[index] = callers[index].post(
            "/v1/claims", {"worker": "external", "key": keys[index], "study": study}
        )

    _together([lambda b, i=i: claim(i, b) for i in range(len(callers))])  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    return answers


def _together(work: Sequence[Callable[[threading.Barrier], None]]) -> None:
    barrier = threading.Barrier(len(work))
    threads = [threading.Thread(target=each, args=(barrier,), daemon=True) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _identity(reply: dict[str, Any]) -> tuple[Any, ...]:
    return (reply.get("study"), reply.get("number"), reply.get("attempt"))


def _external(name: str, trials: int) -> dict[str, Any]:
    return {
        "name": name,
        "executor": "external",
        "search_space": SPACE,
        "objectives": [{"metric": "loss", "direction": "minimize"}],
        "search": {"algorithm": "random", "seed": 1},
        "training": {"max_attempts": 1000},
        "budget": {"trials": trials},
    }


def _is_over(house: House, study: str) -> bool:
    """Whether it is; what was queued again meanwhile is cancelled with it."""
    state = next(row["state"] for row in house.studies() if row["name"] == study)
    if state == "running":
        house.steer(study, "cancel")
    return bool(state != "running")


def _result(
    house: House,
    name: str,
    faults: dict[str, int],
    acknowledged: int,
    trials: int,
    found: list[Violation],
    began: float,
) -> Result:
    found += house.news(violations(read_books(house.database, house.journal)))
    return Result(
        scenario=name,
        database=house.database.kind,
        faults=faults,
        acknowledged=acknowledged,
        trials=trials,
        violations=found,
        recoveries=[],
        server_back=[],
        notes=[],
        seconds=time.monotonic() - began,
    )
