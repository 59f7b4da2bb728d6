"""The results as a table for people and as JSON for programs."""

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos.house import LEASE_SECONDS
from tests.chaos.play import Result
from tests.chaos.recovery import Recovery

RESUMED_WITHIN_SECONDS = LEASE_SECONDS + 10.0
SHOWN = 20


def line(result: Result) -> str:
    """One scenario in a line, and what was wrong or strange below it."""
    summary = summarized(result)
    head = (
        f"{result.database:8} {result.scenario:12} {result.seconds:6.1f} s  "
        f"{_faults(result):4} faults  {result.acknowledged:6} writes  "
        f"{summary['lost']} lost  {summary['doubled']} doubled  {summary['broken']} broken"
    )
    if summary["kills_with_a_trial"]:
        head += (
            f"  {summary['kills_with_a_trial']} held trials hit, resumed in "
            f"{_seconds(summary['resumed_median_seconds'])}, "
            f"{_seconds(summary['resumed_most_seconds'])} at most, {summary['late']} late"
        )
    below = [f"  {violation}" for violation in result.violations[:SHOWN]]
    below += [f"  note: {note}" for note in result.notes]
    return "\n".join([head, *below])


def summarized(result: Result) -> dict[str, Any]:
    """The numbers of one result, times in seconds. "late": resumed after the lease and ten seconds more of a server."""
    kinds = Counter(violation.kind for violation in result.violations)
    times = [r.seconds for r in result.recoveries if r.seconds is not None]
    return {
        "scenario": result.scenario,
        "database": result.database,
        "seconds": round(result.seconds, 1),
        "faults": dict(result.faults),
        "acknowledged": result.acknowledged,
        "trials": result.trials,
        "lost": kinds["lost"],
        "doubled": kinds["doubled"],
        "broken": kinds["broken"],
        "kills_with_a_trial": len(result.recoveries),
        "ended_without_resuming": len(result.recoveries) - len(times),
        "resumed_median_seconds": statistics.median(times) if times else None,
        "resumed_most_seconds": max(times, default=None),
        "late": sum(1 for recovery in result.recoveries if _is_late(recovery)),
        "server_back_most_seconds": max(result.server_back, default=None),
        "violations": [str(violation) for violation in result.violations],
        "notes": list(result.notes),
    }


def table(results: Sequence[Result]) -> str:
    """Markdown: a row a scenario and database."""
    rows = [
        "| database | scenario | faults | held trials hit | writes acknowledged | lost | doubled "
        "| resumed: median, most | late | server back, most |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        s = summarized(result)
        resumed = f"{_seconds(s['resumed_median_seconds'])}, {_seconds(s['resumed_most_seconds'])}"
        rows.append(
            f"| {s['database']} | {s['scenario']} | {_faults(result)} "
            f"| {s['kills_with_a_trial']} | {s['acknowledged']} | {s['lost']} | {s['doubled']} "
            f"| {resumed if s['kills_with_a_trial'] else '-'} | {s['late']} "
            f"| {_seconds(s['server_back_most_seconds'])} |"
        )
    return "\n".join(rows)


def faults_by_kind(results: Sequence[Result]) -> str:
    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result.faults)
    return "\n".join(f"{count:6} {name}" for name, count in sorted(counts.items()))


def write(file: Path, seed: str, results: Sequence[Result]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "seed": seed,
        "lease_seconds": LEASE_SECONDS,
        "resumed_within_aim_seconds": RESUMED_WITHIN_SECONDS,
        "scenarios": [summarized(result) for result in results],
    }
    file.write_text(json.dumps(content, indent=2) + "\n")


def _is_late(recovery: Recovery) -> bool:
    """Where there was no server, nobody could resume."""
    if recovery.seconds is None:
        return False
    return recovery.seconds - recovery.without_server > RESUMED_WITHIN_SECONDS


def _faults(result: Result) -> int:
    return sum(count for name, count in result.faults.items() if not name.startswith("("))


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
