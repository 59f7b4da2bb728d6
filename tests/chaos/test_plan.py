"""One seed, one plan."""

from tests.chaos.faults import FAULTS
from tests.chaos.scenarios import DATABASES, SCENARIOS, plan


def test_the_same_seed_makes_the_same_plan() -> None:
    for scenario in SCENARIOS:
        assert plan(scenario, "7 sqlite") == plan(scenario, "7 sqlite")


def test_another_seed_makes_another_plan() -> None:
    kills = SCENARIOS[0]

    assert plan(kills, "7 sqlite", 20) != plan(kills, "8 sqlite", 20)


def test_the_number_of_kills_is_as_asked() -> None:
    assert len(plan(SCENARIOS[0], "7", 100)) == 100


def test_the_short_form_has_every_fault_once_at_least() -> None:
    played = {
        strike.fault
        for kind in DATABASES
        for scenario in SCENARIOS
        if kind in scenario.databases
        for strike in plan(scenario, f"1 {kind}")
    }

    assert played == set(FAULTS)
