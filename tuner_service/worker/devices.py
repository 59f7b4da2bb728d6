"""What this machine trains on: found without importing a framework, described with its load."""

import contextlib
import csv
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from tuner_service.worker.limits import available_memory, usable_cores

MIB = 1 << 20
BYTES_PER_SLOT = 1536 * MIB
"""A process with TensorFlow takes 600 MB before it trains anything."""
MOST_CPU_SLOTS = 4
QUERY_SECONDS = 10.0


@dataclass(frozen=True)
class Gpu:
    index: int
    uuid: str
    name: str
    memory_bytes: int | None
    memory_used_bytes: int | None
    utilization_percent: float | None


def find_gpus(environment: Mapping[str, str] = os.environ) -> list[Gpu]:
    """The NVIDIA GPUs that ``nvidia-smi`` knows, of these the ones that CUDA_VISIBLE_DEVICES allows, in its order."""
    command = shutil.which("nvidia-smi", path=environment.get("PATH"))
    if command is None:
        return []
    fields = "index,uuid,name,memory.total,memory.used,utilization.gpu"
    try:
        result = subprocess.run(
            [command, f"--query-gpu={fields}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=QUERY_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []  # installed, but there is no driver or no GPU
    return _visible(_parsed(result.stdout), environment.get("CUDA_VISIBLE_DEVICES"))


def default_slots(gpus: Sequence[Gpu]) -> int:
    """One for each GPU; without any, one for each core up to four, as far as the memory goes."""
    if gpus:
        return len(gpus)
    return max(1, min(MOST_CPU_SLOTS, usable_cores(), available_memory() // BYTES_PER_SLOT))


def describe_devices(gpus: Sequence[Gpu]) -> list[dict[str, Any]]:
    """The devices as the fleet's page shows them, without what changes."""
    cpu = {
        "name": _cpu_name(),
        "kind": "cpu",
        "cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
    }
    return [
        cpu,
        *(
            {
                "name": gpu.name,
                "kind": "gpu",
                "index": gpu.index,
                "uuid": gpu.uuid,
                "memory_bytes": gpu.memory_bytes,
            }
            for gpu in gpus
        ),
    ]


def measure_load(gpus: Sequence[Gpu]) -> dict[str, Any]:
    """How busy the machine is; the CPU's share is that since the last call in this process."""
    memory = psutil.virtual_memory()
    return {
        "cpu_percent": psutil.cpu_percent(),
        "memory_bytes": memory.total,
        "memory_used_bytes": memory.total - memory.available,
        "gpus": [asdict(gpu) for gpu in gpus],
    }


def _cpu_name() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "CPU"


def _parsed(table: str) -> list[Gpu]:
    gpus = []
    for row in csv.reader(table.splitlines(), skipinitialspace=True):
        if len(row) != 6 or not row[0].isdigit():
            continue
        index, uuid, name, total, used, utilization = row
        gpus.append(
            Gpu(int(index), uuid, name, _mebibytes(total), _mebibytes(used), _number(utilization))
        )
    return gpus


def _visible(gpus: list[Gpu], allowed: str | None) -> list[Gpu]:
    """As CUDA reads its variable: indices or beginnings of UUIDs, up to the first that fits nothing."""
    if allowed is None:
        return gpus
    chosen: list[Gpu] = []
    for word in (part.strip() for part in allowed.split(",")):
        matches = [
            gpu for gpu in gpus if word and (word == str(gpu.index) or gpu.uuid.startswith(word))
        ]
        if len(matches) != 1:
            break
        chosen.extend(matches)
    return chosen


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # "[N/A]" and the like
        return None


def _mebibytes(text: str) -> int | None:
    number = _number(text)
    return None if number is None else int(number) * MIB
