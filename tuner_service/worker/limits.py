"""What of this machine we may use: a container's limits count before the machine's size."""

import os
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Cores that this process may run on, and at most what its control group's quota amounts to; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    match _words(cgroup / "cpu.max"):
        case [quota, period] if quota.isdigit() and period.isdigit():
            cores = min(cores or 1, int(quota) // int(period))
    return max(1, cores or 1)


def available_memory(cgroup: Path = CGROUP) -> int:
    """Bytes that can be had without swapping, and within the control group's limit."""
    available = int(psutil.virtual_memory().available)
    match _words(cgroup / "memory.max"), _words(cgroup / "memory.current"):
        case [most], [current] if most.isdigit() and current.isdigit():
            # Files that the kernel caches are counted as used, and given up when memory is asked for.
            used = int(current) - _cached(cgroup)
            available = min(available, max(0, int(most) - used))
    return available


def _cached(cgroup: Path) -> int:
    words = _words(cgroup / "memory.stat")
    return int(words[words.index("inactive_file") + 1]) if "inactive_file" in words else 0


def _words(file: Path) -> list[str]:
    """The file's words; none where there is no such file (another system, another version of control groups)."""
    try:
        return file.read_text().split()
    except OSError:
        return []
