"""How busy a machine's devices are, read from what a worker told of itself.

A worker may be anybody's program: what it did not tell, or what makes no sense, is None here.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_GPUS = 64

Sample = Mapping[str, Sequence[float | None]]
"""By a device's key how busy it was and how full its memory, both as shares from 0 to 1."""


@dataclass(frozen=True)
class Gauge:
    """A device; ``busy`` is a share from 0 to 1. ``key`` tells it from the machine's others."""

    key: str
    name: str
    busy: float | None
    memory_used: int | None
    memory: int | None

    @property
    def full(self) -> float | None:
        """The share of its memory that is in use."""
        if self.memory_used is None or not self.memory:
            return None
        return min(self.memory_used / self.memory, 1.0)


def gauges(devices: Sequence[Any], load: Mapping[str, Any]) -> list[Gauge]:
    """The CPU with the machine's memory first, then each GPU; of those that told no load only what they are."""
    return [*_cpu(devices, load), *_gpus(devices, load)]


def sample(of: Sequence[Gauge]) -> Sample:
    """What is kept of a moment."""
    told = (gauge for gauge in of if gauge.busy is not None or gauge.full is not None)
    return {gauge.key: [_short(gauge.busy), _short(gauge.full)] for gauge in told}


def _cpu(devices: Sequence[Any], load: Mapping[str, Any]) -> Iterator[Gauge]:
    described = [d for d in devices if isinstance(d, Mapping) and d.get("kind") == "cpu"]
    busy, used = _share(load.get("cpu_percent")), _bytes(load.get("memory_used_bytes"))
    if described or busy is not None or used is not None:
        name = _text(described[0].get("name")) if described else ""
        yield Gauge("cpu", name or "CPU", busy, used, _bytes(load.get("memory_bytes")))


def _gpus(devices: Sequence[Any], load: Mapping[str, Any]) -> Iterator[Gauge]:
    told = load.get("gpus")
    described: Sequence[Any] = told if isinstance(told, list) and told else _others(devices)
    for index, gpu in enumerate(described[:MOST_GPUS]):
        fields = gpu if isinstance(gpu, Mapping) else {"name": gpu}
        yield Gauge(
            key=_text(fields.get("uuid")) or f"gpu-{index}",
            name=_text(fields.get("name")) or "GPU",
            busy=_share(fields.get("utilization_percent")),
            memory_used=_bytes(fields.get("memory_used_bytes")),
            memory=_bytes(fields.get("memory_bytes")),
        )


def _others(devices: Sequence[Any]) -> list[Any]:
    return [d for d in devices if not (isinstance(d, Mapping) and d.get("kind") == "cpu")]


def _number(it: Any) -> float | None:
    if isinstance(it, bool) or not isinstance(it, int | float):
        return None
    try:
        number = float(it)
    except OverflowError:  # JSON has integers of any size
        return None
    return number if math.isfinite(number) else None


def _share(percent: Any) -> float | None:
    number = _number(percent)
    return None if number is None else min(max(number / 100, 0.0), 1.0)


def _bytes(it: Any) -> int | None:
    number = _number(it)
    return None if number is None or number < 0 else int(number)


def _text(it: Any) -> str:
    return it[:200] if isinstance(it, str) else ""


def _short(share: float | None) -> float | None:
    return None if share is None else round(share, 3)
