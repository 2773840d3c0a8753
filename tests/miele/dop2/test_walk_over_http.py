"""The recorded oven, served by the simulated module and walked by the client over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
from tests.miele.conftest import ROUTE, ClientFor, Simulate
from tests.miele.dop2.notation import CAPTURES

from homewire.errors import ConfigurationError, ConnectionFailed
from homewire.miele.client import MieleClient
from homewire.miele.dop2.tables_programs import SettingValue
from homewire.miele.dop2.tree import LeafTree
from homewire.miele.dop2.walk import Walk, WalkState
from homewire.miele.programs import ProgramCatalog
from homewire.miele.simulator import MieleSimulator
from homewire.simulation.faults import FaultProxy

OVEN = CAPTURES / "oven-dop2.json"
ProxyFor = Callable[[str, int], Awaitable[FaultProxy]]


def through(proxy: FaultProxy, simulator: MieleSimulator) -> MieleClient:
    keys = simulator.options
    return MieleClient.from_hex(f"{proxy.host}:{proxy.port}", keys.group_id, keys.group_key)


async def test_the_whole_recording_comes_back(simulate: Simulate, client_for: ClientFor) -> None:
    oven = await simulate("oven", recording=str(OVEN))
    state = await Walk(client_for(oven).port(ROUTE), pause_s=0).run()
    assert state.tree().as_recording() == LeafTree.from_recording(OVEN.read_bytes()).as_recording()
    assert (state.refused, state.busy, state.malformed) == ({}, {}, {})


async def test_the_catalogue_of_the_recorded_oven(simulate: Simulate, client_for: ClientFor) -> None:
    oven = await simulate("oven", recording=str(OVEN))
    catalog = await client_for(oven).get_program_catalog(ROUTE)
    assert isinstance(catalog, ProgramCatalog)
    assert len(catalog.programs) == 201
    assert catalog.find("fan_plus").id == 13


async def drop_at(walk: Walk, leaves: int, proxy: FaultProxy) -> None:
    async for step in walk.steps():
        if step.done == leaves:
            await proxy.refuse()


async def test_the_wifi_drops_during_a_walk(simulate: Simulate, fault_proxy: ProxyFor) -> None:
    oven = await simulate("oven", recording=str(OVEN))
    proxy = await fault_proxy(oven.options.host, oven.port)
    async with through(proxy, oven) as client:
        walk = Walk(client.port(ROUTE), pause_s=0)
        with pytest.raises(ConnectionFailed):
            await drop_at(walk, 40, proxy)
        assert len(walk.state.leaves) == 40
        await proxy.start()
        saved = WalkState.from_json(walk.state.to_json())
        state = await Walk(client.port(ROUTE), pause_s=0, state=saved).run()
    assert state.done
    assert len(state.leaves) == 105


async def test_a_recorded_walk_is_served_with_its_pages(
    simulate: Simulate, client_for: ClientFor, tmp_path: Path
) -> None:
    tree = LeafTree()
    tree.put_pages(SettingValue, 2, [(key, {"setting_id": key, "current": key}) for key in (30, 12, 17)])
    path = tmp_path / "walk.json"
    path.write_bytes(msgspec.json.encode(tree.as_recording()))
    oven = await simulate("oven", recording=str(path))
    state = await Walk(client_for(oven).port(ROUTE), pause_s=0).run()
    assert state.tree().as_recording() == tree.as_recording()


async def test_a_live_appliance_can_be_walked_and_served_again(
    simulate: Simulate, client_for: ClientFor
) -> None:
    washer = await simulate("washing-machine")
    state = await Walk(client_for(washer).port(ROUTE), pause_s=0).run()
    assert (state.busy, state.malformed) == ({}, {})
    assert len(state.leaves["2/105"]) > 1
    assert LeafTree.from_recording(state.tree().as_recording()).units() == state.tree().units()


@pytest.mark.parametrize("content", ["[]", '{"2": {"256": "zz"}}'])
async def test_a_file_that_is_no_recording(simulate: Simulate, tmp_path: Path, content: str) -> None:
    path = tmp_path / "walk.json"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="not a recording"):
        await simulate("oven", recording=str(path))
