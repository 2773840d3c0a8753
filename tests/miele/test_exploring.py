"""What can be read beyond features, as the HTTP API's sub-resources show it."""

from __future__ import annotations

import json

import pytest
from tests.miele.conftest import ROUTE, Simulate

from homewire.errors import NotFound
from homewire.miele.connection import MieleConnection, MieleSettings
from homewire.secrets import Secret


async def test_summary_state_tree_and_leaf(simulate: Simulate) -> None:
    simulator = await simulate("washing-machine")
    options = simulator.options
    settings = MieleSettings(
        host=simulator.host,
        group_id=options.group_id,
        group_key=Secret(options.group_key),
        listen_address="127.0.0.1",
    )
    async with MieleConnection(settings) as connection:
        appliance = connection.appliances[f"miele:{ROUTE}"]
        assert {"summary", "dop2", "dop2/{unit}/{attribute}"} <= set(appliance.resources)
        summary = await appliance.read_resource("summary")
        assert summary["id"] == ROUTE
        assert summary["state"] == await appliance.read_resource("state")
        tree = await appliance.read_resource("dop2")
        unit, attributes = next(iter(tree.items()))
        leaf = await appliance.read_resource(f"dop2/{unit}/{attributes[0]}")
        assert bytes.fromhex(leaf["hex"])
        assert leaf["fields"]
        json.dumps([summary, tree, leaf, await appliance.read_resource("list")])
        for unknown in ("dop2/x/1", "dop2/1", "nothing", "dop2/999999/1"):
            with pytest.raises(NotFound):
                await appliance.read_resource(unknown)
