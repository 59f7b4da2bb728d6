"""Everything that is done to a house. A fault returns when it is over; its victim is drawn by the given random."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import TypeVar

import psutil

from tests.chaos.database import Postgres, Sqlite
from tests.chaos.house import LEASE_SECONDS, House
from tests.chaos.processes import Kept
from tests.chaos.trainer import PID_FILE

Fault = Callable[[House, Random], None]
Victim = TypeVar("Victim")

VICTIM_SECONDS = 15.0

OUTAGE_SECONDS = 2.0
PAST_LEASE_SECONDS = LEASE_SECONDS + 2.5
"""The lease, and the longest that the reaper takes to see its end."""
SKEW = Path(__file__).with_name("skew.c")
IDLE_CONNECTIONS = 150
SPARE_FILES = 6


def kill_server(house: House, random: Random) -> None:
    """Kill a server that serves: one that is killed while it starts only makes it start once more."""
    house.until_ready()
    house.server.send(signal.SIGKILL)
    house.note("kill server", worker=None)
    house.watch_server()


def kill_worker(house: House, random: Random) -> None:
    """Kill a supervisor that has a trial; wait for one a while, or workers would die before they ever work."""
    holding = _once(lambda: [worker for worker in house.workers if house.held(worker.name)])
    kill_the_worker(house, random.choice(holding or house.workers), "kill worker")


def kill_child(house: House, random: Random) -> None:
    """Kill a training process that has a trial."""
    training = _once(lambda: [each for w in house.workers for each in _training(house, w)])
    if training:
        pid, trial = random.choice(training)
        _signal(pid, signal.SIGKILL)
        house.note_trial("kill child", trial)


def stop_worker(house: House, random: Random) -> None:
    """Stop a supervisor for longer than its leases last; its training processes go on."""
    worker = random.choice(house.workers)
    worker.send(signal.SIGSTOP)
    house.note("stop worker", worker.name)
    time.sleep(PAST_LEASE_SECONDS)
    worker.send(signal.SIGCONT)


def stop_worker_and_children(house: House, random: Random) -> None:
    """As if the machine was suspended."""
    worker = random.choice(house.workers)
    children = worker.children()
    worker.send(signal.SIGSTOP)
    for child in children:
        _signal(child, signal.SIGSTOP)
    house.note("stop worker and its children", worker.name)
    time.sleep(PAST_LEASE_SECONDS)
    for child in children:
        _signal(child, signal.SIGCONT)
    worker.send(signal.SIGCONT)


def storm(house: House, random: Random) -> None:
    """For a while the network does all that it can do."""
    house.network.stormy = True
    time.sleep(6.0)
    house.network.stormy = False


def stop_database(house: House, random: Random) -> None:
    """Postgres stops at once and starts again."""
    if isinstance(house.database, Postgres):
        house.database.cluster.stop_at_once()
        time.sleep(random.uniform(0.0, OUTAGE_SECONDS))
        house.database.cluster.start()


def stop_database_past_lease(house: House, random: Random) -> None:
    """Postgres is away for longer than the leases last; they must not end in a heap."""
    if isinstance(house.database, Postgres):
        house.database.cluster.stop_at_once()
        time.sleep(PAST_LEASE_SECONDS)
        house.database.cluster.start()


def end_sessions(house: House, random: Random) -> None:
    if isinstance(house.database, Postgres):
        house.database.cluster.end_sessions()


def lock_database(house: House, random: Random) -> None:
    """Another program holds SQLite's lock of writers."""
    if isinstance(house.database, Sqlite):
        with house.database.locked():
            time.sleep(random.uniform(0.5, OUTAGE_SECONDS))


def lock_database_past_lease(house: House, random: Random) -> None:
    """For longer than the leases last; they must not end in a heap."""
    if isinstance(house.database, Sqlite):
        with house.database.locked():
            time.sleep(PAST_LEASE_SECONDS)


def fill_artifacts(house: House, random: Random) -> None:
    pids = [house.server.pid]
    house.artifacts_disk.fill(pids)
    time.sleep(OUTAGE_SECONDS)
    house.artifacts_disk.free(pids)


def fill_database(house: House, random: Random) -> None:
    house.database.fill(house.server.pid)
    time.sleep(OUTAGE_SECONDS)
    house.database.disk.free([house.server.pid, *house.database.pids()])
    house.database.recover()


def corrupt_checkpoint(house: House, random: Random) -> None:
    """One byte of a newest checkpoint is another when the trial's worker is killed."""
    _damage(house, random, "corrupt checkpoint", _flip_a_byte)


def truncate_checkpoint(house: House, random: Random) -> None:
    _damage(house, random, "truncate checkpoint", lambda file: os.truncate(file, 1000))


def remove_checkpoint(house: House, random: Random) -> None:
    _damage(house, random, "remove checkpoint", Path.unlink)


def few_files(house: House, random: Random) -> None:
    """A server with hardly a file descriptor left, and a crowd of connections that say nothing."""
    server = psutil.Process(house.server.pid)
    limits = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(
        server.pid, resource.RLIMIT_NOFILE, (server.num_fds() + SPARE_FILES, limits[1])
    )
    try:
        with _idle_connections(house.port):
            time.sleep(2 * OUTAGE_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limits)


def wrong_clock(house: House, random: Random) -> None:
    """A worker comes back with a clock that is an hour off."""
    worker = random.choice(house.workers)
    worker.environment |= {
        "LD_PRELOAD": str(skewed_clock(house.folder)),
        "CHAOS_SKEW_SECONDS": random.choice(["3600", "-3600"]),
    }
    kill_the_worker(house, worker, "wrong clock")


def pause_and_resume(house: House, random: Random) -> None:
    running = [study["name"] for study in house.studies() if study["state"] == "running"]
    if running:
        name = random.choice(running)
        house.steer(name, "pause")
        time.sleep(random.uniform(0.1, 1.5))
        house.steer(name, "resume")


def kill_the_worker(house: House, worker: Kept, fault: str) -> None:
    worker.send(signal.SIGKILL)
    house.note(fault, worker.name)


def skewed_clock(folder: Path) -> Path:
    """The library that shifts a process's wall clock.

    Not libfaketime: it shifts the deadlines of monotonic waits too, and Python's sleep then fails with EINVAL.
    """
    library = folder / "skew.so"
    if not library.exists():
        command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SKEW)]
        subprocess.run(command, check=True)
    return library


def _once(found: Callable[[], list[Victim]]) -> list[Victim]:
    """What there is to hit, as soon as there is something; nothing after a while."""
    deadline = time.monotonic() + VICTIM_SECONDS
    while not (victims := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return victims


def _damage(house: House, random: Random, fault: str, damage: Callable[[Path], object]) -> None:
    """Kill a worker whose trial has a checkpoint, and damage that before anybody goes on from it."""
    sql = (
        "SELECT artifacts.path, trials.worker FROM artifacts JOIN trials "
        "ON trials.id = artifacts.trial_id AND trials.checkpoint = artifacts.checkpoint "
        "WHERE trials.state = 'running' ORDER BY trials.id"
    )
    if not (found := _once(lambda: house.database.query(sql))):
        return
    name = random.choice(found)["worker"]
    worker = next(worker for worker in house.workers if worker.name == name)
    kill_the_worker(house, worker, fault)
    for row in house.database.query(sql):
        file = house.artifacts / row["path"]
        if row["worker"] == worker.name and file.exists():
            damage(file)


def _flip_a_byte(file: Path) -> None:
    with file.open("r+b") as content:
        content.seek(1000)
        byte = content.read(1)
        content.seek(1000)
        content.write(bytes([byte[0] ^ 0xFF]))


def _training(house: House, worker: Kept) -> list[tuple[int, tuple[str, int, int]]]:
    """The worker's processes that train, each with study, number and attempt."""
    found = []
    try:
        files = sorted((house.folder / worker.name).glob(f"*/slot-*/*/{PID_FILE}"))
    except FileNotFoundError:
        return []  # the worker is just ending, and its folder with it
    for file in files:
        study, number, attempt = file.parent.name.rsplit("-", 2)
        try:
            pid = int(file.read_text())
        except (OSError, ValueError):
            continue  # it is gone, or being written
        if psutil.pid_exists(pid) and pid in worker.children():
            found.append((pid, (study, int(number), int(attempt))))
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


@contextlib.contextmanager
def _idle_connections(port: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE_CONNECTIONS):
            idle = stack.enter_context(socket.socket())
            idle.setblocking(False)
            idle.connect_ex(("127.0.0.1", port))
        yield


FAULTS: dict[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        *(kill_server, kill_worker, kill_child, stop_worker, stop_worker_and_children),
        *(storm, stop_database, stop_database_past_lease, end_sessions, lock_database),
        lock_database_past_lease,
        *(fill_artifacts, fill_database, corrupt_checkpoint, truncate_checkpoint),
        *(remove_checkpoint, few_files, wrong_clock, pause_and_resume),
    )
}
