from __future__ import annotations

from pathlib import Path

import pytest

from homewire.bridge.client import connect
from homewire.bridge.registry import Registry
from tests.bridge.conftest import running_api
from tests.bridge.kitchen import KitchenConnection, entry

pytestmark = pytest.mark.real_time


async def test_what_a_command_changed_is_shown_when_it_returns(registry: Registry, tmp_path: Path) -> None:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    path = tmp_path / "bridge.sock"
    async with running_api(registry, path=path), connect(path) as client:
        [appliance] = client.appliances
        for on in (False, True) * 20:
            told = await client.command(appliance, "power", on)
            assert told["stage"] == "confirmed"
            assert client.appliances[appliance].state["power"] is on
