"""Finding modules by their record and by how they answer strangers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets

import pytest
from tests.miele.conftest import ROUTE, Answering, Simulate, own_number

from homewire.announcement import Announcement
from homewire.discovery import Service
from homewire.miele.discovery import announcement, discover, recognise
from homewire.miele.pairing import pair


def _service(**properties: str) -> Service:
    return Service(
        name="Miele G7310._mieleathome._tcp.local.",
        host="Miele-001D63FFFE0A0B0C.local",
        addresses=("192.168.1.50",),
        port=80,
        properties=properties,
    )


def test_a_record_tells_everything_it_has() -> None:
    found = announcement(
        _service(
            txtvers="1",
            group="123456789abcdefe",
            path="/",
            pairing="false",
            devicetype="7",
            con="2",
            cd="de_de",
        )
    )
    assert (found.host, found.group, found.paired, found.pairing) == (
        "192.168.1.50",
        "123456789ABCDEFE",
        True,
        False,
    )
    assert (found.device_type, found.connected, found.region) == (7, True, "de_de")


def test_an_empty_group_does_not_hide_the_appliance() -> None:
    found = announcement(_service(group="", pairing="true", con="1"))
    assert (found.paired, found.pairing, found.device_type, found.connected) == (False, True, None, False)
    bare = announcement(Service(name="x", host="m.local", addresses=(), port=8080, properties={}))
    assert (bare.host, bare.connected) == ("m.local:8080", None)


@pytest.mark.real_time
@pytest.mark.parametrize("paired", [True, False])
async def test_an_announced_module_is_found(simulate: Simulate, paired: bool) -> None:
    simulator = await simulate("dishwasher", announce=True, paired=paired, fab_number=own_number())
    async with contextlib.aclosing(discover(10.0, interfaces=["127.0.0.1"])) as found:
        ours = await anext(each async for each in found if each.address == simulator.host)
    assert ours.model == "dishwasher"
    assert ours.missing == (("group_key",) if paired else ("group_id", "group_key"))
    assert ours.settings["host"] == simulator.host
    assert (ours.note is None) is paired


@pytest.mark.real_time
async def test_a_module_that_was_paired_tells_its_household(simulate: Simulate) -> None:
    simulator = await simulate(announce=True, paired=False, fab_number=own_number())
    paired = await pair(simulator.host)

    async def told() -> tuple[str | None, object]:
        async with contextlib.aclosing(discover(10.0, interfaces=["127.0.0.1"])) as found:
            ours = await anext(each async for each in found if each.address == simulator.host)
        return ours.note, ours.settings.get("group_id")

    async with asyncio.timeout(30):
        while await told() != (None, paired.credentials.id_text):  # noqa: ASYNC110 - the network decides
            await asyncio.sleep(0.1)


@pytest.mark.real_time
async def test_professional_laundry_is_found_under_its_own_service() -> None:
    machine = Announcement(
        "_mielesemiprof._tcp.local.",
        f"Miele PWM 300 {own_number()}",
        target="Miele-001D63FFFE000001.local.",
        address="127.0.0.1",
        port=80 + secrets.randbelow(60_000),
        properties={"group": "", "devicetype": "3", "pairing": "true"},
    )
    try:
        await machine.start()
        async with contextlib.aclosing(discover(10.0, interfaces=["127.0.0.1"])) as found:
            ours = await anext(each async for each in found if "PWM" in each.name)
    finally:
        await machine.stop()
    assert ours.model == "washing_machine_semi_professional"


async def test_a_module_is_recognised_by_its_answer(simulate: Simulate) -> None:
    paired, waiting = await simulate(), await simulate(paired=False)
    first, second = await recognise(paired.host), await recognise(waiting.host)
    assert first is not None
    assert first.note is None
    assert second is not None
    assert (second.serial, second.note is None) == (ROUTE, False)


async def test_other_things_are_not_taken_for_a_module(answering: Answering) -> None:
    page = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
    assert await recognise(await answering(page)) is None
    assert await recognise(await answering(b"")) is None
