"""A simulator that cannot start leaves nothing behind; one whose name is taken announces another name."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import socket

import pytest

from homewire.announcement import Announcement
from homewire.discovery import Service, browse
from homewire.homismart.simulator import HomismartSimulator, SimulatorOptions
from homewire.lamarzocco.direct.simulator import DirectSimulator
from homewire.miele.simulator import MieleSimulator
from homewire.simulation import Simulator


def _refuses(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) != 0


async def test_what_was_opened_is_closed_when_the_start_fails() -> None:
    with socket.create_server(("127.0.0.2", 0)) as taken:
        port = taken.getsockname()[1]
        options = SimulatorOptions(port=port, nodes=2)
        with pytest.raises(OSError, match="in use"):
            await HomismartSimulator(options).start()
        assert _refuses("127.0.0.1", port)


@pytest.mark.real_time
@pytest.mark.parametrize("kind", [MieleSimulator, DirectSimulator])
async def test_giving_up_while_it_announces_itself_closes_everything(kind: type[Simulator]) -> None:
    simulator = kind(kind.Options(announce=True))
    starting = asyncio.ensure_future(simulator.start())
    await asyncio.wait((starting,), timeout=0.1)
    assert not starting.done()  # probing for its name takes longer
    starting.cancel()
    await asyncio.wait((starting,))
    assert starting.cancelled()
    del simulator, starting
    gc.collect()  # a socket left open would fail the test now


@pytest.mark.real_time
async def test_two_of_the_same_name_are_both_found() -> None:
    service = f"_hw-{secrets.token_hex(4)}._tcp.local."

    def named_alike(port: int) -> Announcement:
        return Announcement(
            service, "Kettle", target="kettle.local.", address="127.0.0.1", port=port, properties={"a": "b"}
        )

    first, second = named_alike(1001), named_alike(1002)
    found: dict[int, Service] = {}
    try:
        await first.start()
        await second.start()
        async with contextlib.aclosing(browse(service, 10.0, interfaces=["127.0.0.1"])) as services:
            async for each in services:
                found[each.port] = each
                if len(found) == 2:
                    break
    finally:
        await first.stop()
        await second.stop()
    assert {port: each.name for port, each in found.items()} == {1001: "Kettle", 1002: "Kettle-2"}
