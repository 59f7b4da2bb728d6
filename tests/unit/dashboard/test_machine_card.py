"""A page of many machines is drawn every second: what did not change is not drawn again."""

from tuner_service.dashboard.machine_card import MachineCard, _lines
from tuner_service.domain.gauge import Gauge
from tuner_service.service.reading.fleet import Machine, Presence


def test_the_lines_of_a_large_fleet_are_drawn_once() -> None:
    cards = [_card(number) for number in range(200)]
    _lines.cache_clear()
    for _ in range(2):
        for card in cards:
            assert len(card.gauges) == 9
    assert _lines.cache_info().misses == 200 * 9


def _card(number: int) -> MachineCard:
    keys = ["cpu", *(f"gpu-{index}" for index in range(8))]
    machine = Machine(
        name=f"w{number}",
        presence=Presence.THERE,
        body={},
        last_seen=1000.0,
        registered_at=0.0,
        slots=(),
        gauges=[Gauge(key, key, 0.5, None, None) for key in keys],
        told=[(1000.0, {key: [0.5, None] for key in keys})],
    )
    return MachineCard(machine, 1000.0)
