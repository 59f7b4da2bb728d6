"""Chaos: ``python -m tests.chaos`` plays every scenario once; with ``--kills N`` so many kills (see ``--help``)."""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.chaos import report
from tests.chaos.barriers import BARRIERS
from tests.chaos.house import PLACES, House
from tests.chaos.play import Limit, Result, play
from tests.chaos.scenarios import SCENARIOS, Strike, plan

REPORT = Path("build/chaos.json")
SHOWN = 20


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    names = [s.name for s in SCENARIOS] + list(BARRIERS)
    if unknown := set(options.scenario or ()) - set(names):
        print(f"unknown scenario {unknown.pop()!r}; known: {', '.join(names)}", file=sys.stderr)
        return 2
    limit = Limit(time.monotonic() + options.seconds)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    results: list[Result] = []
    folders = [_folder(kind) for kind in options.database or PLACES]
    try:
        # Both at once: most of the time is spent waiting.
        with ThreadPoolExecutor(len(folders)) as pool:
            runs = [pool.submit(_play_all, folder, options, limit, results) for folder in folders]
            try:
                for run in runs:
                    run.result()
            finally:
                limit.until = 0.0
    finally:
        results.sort(key=lambda result: result.database)
        report.write(options.report, options.seed, results)
    print(f"\nfaults by kind, seed {options.seed}:\n{report.faults_by_kind(results)}\n")
    print(report.table(results))
    print(f"\nthe report: {options.report}")
    if any(result.violations for result in results):
        print("violations; everything is kept in:", *(folder for _, folder in folders))
        return 1
    for _, folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", default="1", help="the same seed, the same plan of faults")
    parser.add_argument("--database", action="append", choices=list(PLACES), help="default: all")
    parser.add_argument("--scenario", action="append", metavar="NAME", help="default: all")
    parser.add_argument("--kills", type=int, help="so many strikes of the scenario kills")
    parser.add_argument("--races", type=int, default=120, help="rounds of finish against cancel")
    parser.add_argument(
        "--seconds", type=float, default=270.0, help="no fault is begun after so long"
    )
    parser.add_argument("--report", type=Path, default=REPORT, metavar="FILE")
    return parser.parse_args(arguments)


def _folder(kind: str) -> tuple[str, Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"tuner-chaos-{kind}-"))
    folder.chmod(0o755)  # Postgres runs as another user
    return kind, folder


def _play_all(
    place: tuple[str, Path], options: argparse.Namespace, limit: Limit, results: list[Result]
) -> None:
    kind, folder = place
    seed = f"{options.seed} {kind}"
    wanted = options.scenario or [s.name for s in SCENARIOS] + list(BARRIERS)
    print(f"{kind}: seed {options.seed}, in {folder}", flush=True)
    with House(folder, kind, seed) as house:
        print(f"{kind}: full disks by {house.artifacts_disk.how}", flush=True)
        for scenario in SCENARIOS:
            if scenario.name not in wanted or kind not in scenario.databases:
                continue
            strikes = plan(scenario, seed, options.kills if scenario.more else None)
            _tell_plan(kind, folder, scenario.name, strikes)
            _keep(play(house, scenario, strikes, limit), results)
        for name, barrier in BARRIERS.items():
            if name in wanted and not limit.passed:
                _keep(barrier(house, options.races), results)


def _keep(result: Result, results: list[Result]) -> None:
    results.append(result)
    print(report.line(result), flush=True)


def _tell_plan(kind: str, folder: Path, name: str, strikes: Sequence[Strike]) -> None:
    lines = [str(strike) for strike in strikes]
    (folder / f"plan-{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    shown = "; ".join(lines[:SHOWN])
    more = f"; … {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    if lines:
        print(f"{kind:8} plan of {name}: {shown}{more}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
