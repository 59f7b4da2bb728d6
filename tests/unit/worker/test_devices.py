"""Devices, their shares, and the default number of slots."""

from pathlib import Path

import pytest

from tuner_service.worker.devices import (
    Gpu,
    default_slots,
    describe_devices,
    find_gpus,
    measure_load,
)
from tuner_service.worker.environment import child_environment
from tuner_service.worker.limits import available_memory, usable_cores

TABLE = """\
0, GPU-aaaa, NVIDIA H200, 143771, 512, 37
1, GPU-bbbb, NVIDIA H200, 143771, [N/A], [N/A]
2, GPU-cccc, NVIDIA A100, 81920, 0, 0
"""


@pytest.fixture
def nvidia_smi(tmp_path: Path) -> dict[str, str]:
    """An environment with a machine's tool that answers as the real one does."""
    table = tmp_path / "table"
    table.write_text(TABLE)
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\ncat {table}\n")
    tool.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


def test_gpus_are_read_with_their_load(nvidia_smi: dict[str, str]) -> None:
    first, second, _ = find_gpus(nvidia_smi)
    assert first == Gpu(0, "GPU-aaaa", "NVIDIA H200", 143771 << 20, 512 << 20, 37.0)
    assert second.memory_used_bytes is None
    assert second.utilization_percent is None


@pytest.mark.parametrize(
    ("visible", "indices"),
    [("2,0", [2, 0]), ("GPU-b", [1]), ("", []), ("-1", []), ("0,9,1", [0])],
)
def test_only_gpus_that_cuda_may_see_count(
    nvidia_smi: dict[str, str], visible: str, indices: list[int]
) -> None:
    found = find_gpus({**nvidia_smi, "CUDA_VISIBLE_DEVICES": visible})
    assert [gpu.index for gpu in found] == indices


def test_a_tool_without_a_driver_means_no_gpus(tmp_path: Path) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho NVIDIA-SMI has failed; exit 9\n")
    tool.chmod(0o755)
    assert find_gpus({"PATH": str(tmp_path)}) == []
    assert find_gpus({"PATH": ""}) == []


def test_slots_share_the_gpus_round_robin(nvidia_smi: dict[str, str]) -> None:
    gpus = find_gpus(nvidia_smi)
    assert default_slots(gpus) == 3
    seen = [
        child_environment({}, slot, 4, gpus, cores=8)["CUDA_VISIBLE_DEVICES"] for slot in range(4)
    ]
    assert seen == ["0", "1", "2", "0"]
    assert child_environment({}, 0, 4, gpus, cores=8)["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


def test_without_gpus_slots_share_the_cores() -> None:
    environment = child_environment({"KERAS_BACKEND": "jax", "A": "b"}, 1, 3, [], cores=8)
    assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
    assert environment["TF_NUM_INTRAOP_THREADS"] == "2"
    assert environment["KERAS_BACKEND"] == "jax"
    assert environment["A"] == "b"
    assert child_environment({}, 0, 4, [], cores=2)["OMP_NUM_THREADS"] == "1"


def test_a_machine_without_gpus_has_one_to_four_slots_and_says_what_it_is() -> None:
    assert 1 <= default_slots([]) <= 4
    [cpu] = describe_devices([])
    assert cpu["name"]
    assert cpu["cores"] >= 1
    assert measure_load([])["memory_used_bytes"] > 0


def test_a_containers_limits_count_before_the_machine(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("600000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 100000\n")
    assert usable_cores(tmp_path) == 1
    assert available_memory(tmp_path) == 500_000
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert available_memory(tmp_path) > 1_000_000
    assert usable_cores(tmp_path) == usable_cores(tmp_path / "none")
