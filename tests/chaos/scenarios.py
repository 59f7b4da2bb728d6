"""What is played: which faults, over which studies, how often in the short form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

DATABASES = ("sqlite", "postgres")
EASY = {"max_attempts": 1000, "max_silence_seconds": 3.0}
"""Kills must not quarantine a trial here; one scenario keeps the service's own limit."""


@dataclass(frozen=True)
class Scenario:
    """Faults one after the other, while studies run whose names end with these words (see ``trainer``).

    ``faults`` in this order once, and then drawn from ``more`` until there were ``strikes``.
    """

    name: str
    faults: tuple[str, ...] = ()
    more: Mapping[str, float] = field(default_factory=dict)
    strikes: int = 0
    pause_seconds: float = 0.7
    words: tuple[str, ...] = ("steady",)
    training: Mapping[str, Any] = field(default_factory=lambda: EASY)
    databases: tuple[str, ...] = DATABASES
    never: tuple[str, ...] = ()
    """Lines that no trial's history may get by this."""


@dataclass(frozen=True)
class Strike:
    """``after`` so many seconds of the one before; the seed decides about the victim."""

    after: float
    fault: str
    seed: int

    def __str__(self) -> str:
        return f"{self.after:.2f} s {self.fault} [{self.seed}]"


LOST = ("lease_lost",)
"""Nobody loses a trial because the database, or the server, was away or slow."""
KILLS = {"kill worker": 0.45, "kill child": 0.42, "kill server": 0.13}

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("kills", ("kill server", "kill worker", "kill child"), KILLS, strikes=12),
    Scenario("stops", ("stop worker", "stop worker and children")),
    Scenario("network", ("storm", "storm"), words=("steady", "forgetful")),
    Scenario("steering", ("pause and resume", "kill worker", "pause and resume", "kill child")),
    Scenario("misfortunes", ("kill worker",), words=("fragile", "forgetful"), pause_seconds=4.0),
    Scenario("deaths", words=("deadly",), training={}),
    Scenario(
        "checkpoints",
        ("corrupt checkpoint", "truncate checkpoint", "remove checkpoint"),
        pause_seconds=1.5,
    ),
    Scenario("disks", ("fill artifacts", "fill database"), pause_seconds=1.0, never=LOST),
    Scenario("files", ("few files",), never=LOST),
    Scenario("clocks", ("wrong clock", "wrong clock", "kill child", "kill worker")),
    Scenario(
        "locks", ("lock database", "lock database past lease"), databases=("sqlite",), never=LOST
    ),
    Scenario(
        "outages",
        (
            *("stop database", "end sessions", "stop database past lease"),
            *("end sessions", "stop database past lease"),
        ),
        databases=("postgres",),
        never=LOST,
    ),
)


def plan(scenario: Scenario, seed: str, strikes: int | None = None) -> list[Strike]:
    """The same for the same seed."""
    random = Random(f"{seed} {scenario.name}")
    wanted = max(scenario.strikes if strikes is None else strikes, len(scenario.faults))
    faults = list(scenario.faults)
    if scenario.more:
        kinds, weights = list(scenario.more), list(scenario.more.values())
        faults += random.choices(kinds, weights, k=wanted - len(faults))
    return [
        Strike(random.uniform(0.3, 1.7) * scenario.pause_seconds, fault, random.randrange(2**31))
        for fault in faults
    ]
