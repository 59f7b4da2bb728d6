"""How busy a machine's devices are, out of whatever a worker told."""

from typing import Any

import pytest

from tuner_service.domain.gauge import Gauge, gauges, sample

CPU = {"name": "Xeon", "kind": "cpu", "cores": 8, "memory_bytes": 64}
GPU = {"name": "H100", "kind": "gpu", "index": 0, "uuid": "GPU-a", "memory_bytes": 80}
LOAD = {
    "cpu_percent": 25.0,
    "memory_bytes": 64,
    "memory_used_bytes": 16,
    "gpus": [{**GPU, "memory_used_bytes": 40, "utilization_percent": 90.0}],
}


def test_a_machine_with_a_gpu() -> None:
    found = gauges([CPU, GPU], LOAD)
    assert found == [Gauge("cpu", "Xeon", 0.25, 16, 64), Gauge("GPU-a", "H100", 0.9, 40, 80)]
    assert sample(found) == {"cpu": [0.25, 0.25], "GPU-a": [0.9, 0.5]}


def test_a_machine_without_a_gpu_has_its_cpu() -> None:
    assert gauges([CPU], LOAD | {"gpus": []}) == [Gauge("cpu", "Xeon", 0.25, 16, 64)]


def test_without_a_load_devices_are_what_they_say_they_are() -> None:
    found = gauges(["TPU v5", {"name": "H200", "memory_bytes": 151}], {})
    assert found == [
        Gauge("gpu-0", "TPU v5", None, None, None),
        Gauge("gpu-1", "H200", None, None, 151),
    ]
    assert sample(found) == {}


@pytest.mark.parametrize(
    "load",
    [
        {"cpu": 0.5},
        {"cpu_percent": "much", "memory_used_bytes": -1, "gpus": "two"},
        {"cpu_percent": True, "gpus": {"0": {}}},
        {"cpu_percent": float("nan"), "memory_bytes": []},
        {"cpu_percent": 10**400, "memory_used_bytes": -(10**400)},
    ],
)
def test_what_makes_no_sense_is_as_if_it_was_not_told(load: dict[str, Any]) -> None:
    assert gauges([], load) == []


def test_odd_gpus_are_shown_as_far_as_they_make_sense() -> None:
    load = {"gpus": [None, {"name": 7, "utilization_percent": 250}]}
    first, second = gauges([], load)
    assert (first.name, first.busy) == ("GPU", None)
    assert (second.name, second.busy) == ("GPU", 1.0)
