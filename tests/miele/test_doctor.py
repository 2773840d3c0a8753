"""The doctor's findings, healthy and not."""

from __future__ import annotations

from tests.miele.conftest import Simulate

from homewire.clock import Clock
from homewire.kinds import Check, find_kind
from homewire.miele.connection import MieleSettings
from homewire.miele.doctor import checks
from homewire.secrets import Secret


async def _found(settings: MieleSettings) -> list[Check]:
    return [check async for check in checks(settings, Clock())]


async def test_a_healthy_connection(simulate: Simulate) -> None:
    simulator = await simulate(name="Laundry")
    kind = find_kind("miele")
    settings = kind.convert_settings(simulator.settings())
    assert isinstance(settings, MieleSettings)
    found = await _found(settings)
    assert [check.name for check in found] == [
        "keys",
        "address",
        "signature",
        "Laundry: remote control",
        "Laundry: DOP2",
    ]
    assert all(check.ok for check in found)
    simulator.appliance.fall_asleep()
    simulator.levers.remote_control(level=0)
    assert [check.ok for check in await _found(settings)] == [True, True, True, False, True]
    simulator.levers.dop2_off = True
    assert [check.ok for check in await _found(settings)][-1] is False


async def test_each_wrong_thing_is_named(simulate: Simulate) -> None:
    simulator = await simulate()
    host = simulator.host
    short = await _found(MieleSettings(host=host, group_id="11", group_key=Secret("22")))
    assert [(check.name, check.ok) for check in short] == [("keys", False)]
    strangers = MieleSettings(host=host, group_id="11" * 8, group_key=Secret("22" * 64))
    assert [(check.name, check.ok) for check in await _found(strangers)][-1] == ("signature", False)
    await simulator.stop()
    assert [(check.name, check.ok) for check in await _found(strangers)][-1] == ("address", False)
