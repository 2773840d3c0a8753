from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import EntryPoint
from typing import Any
from unittest.mock import patch

import pytest

import homewire
from homewire import discovery, kinds
from homewire.discovery import Discovered, scan_subnet
from homewire.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionFailed,
    HomewireError,
    InvalidValue,
    NotFound,
    NotSupported,
)
from homewire.kinds import Kind, find_kind, installed_kinds
from tests.example import KettleConnection
from tests.kinds import example_kind


@pytest.fixture(autouse=True)
def _example() -> Iterator[None]:
    with example_kind():
        yield


async def test_connect_opens_supervises_and_leaves_nothing() -> None:
    before = asyncio.all_tasks()
    async with homewire.connect(
        "example", host="h", password="p", name="Kitchen", allow=["start"]
    ) as connection:
        [appliance] = connection.appliances.values()
        assert (connection.name, appliance.availability.online) == ("Kitchen", True)
        await appliance.press("start")
    assert asyncio.all_tasks() == before
    assert not connection.is_open  # type: ignore[attr-defined]  # the example's own


async def test_connect_raises_what_went_wrong_first(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_self: KettleConnection) -> None:
        raise AuthenticationFailed("wrong password", appliance="kettle")

    monkeypatch.setattr(KettleConnection, "open", refuse)
    before = asyncio.all_tasks()
    with pytest.raises(AuthenticationFailed, match="kettle: wrong password"):
        async with homewire.connect("example", host="h", password="p"):
            pytest.fail("must not be reached")
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("kind", "settings", "error", "complaint"),
    [
        ("exampel", {}, NotFound, r"Did you mean example\?"),
        ("example", {"host": "h"}, ConfigurationError, "needs the setting 'password'"),
        ("example", {"hots": "h", "password": "p"}, ConfigurationError, r"Did you mean host\?"),
        ("example", {"host": "h", "password": "p", "port": "x"}, ConfigurationError, "'port' is wrong"),
    ],
)
async def test_connect_names_wrong_settings(
    kind: str, settings: dict[str, Any], error: type[HomewireError], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        async with homewire.connect(kind, **settings):
            pytest.fail("must not be reached")


async def test_a_connection_alone_opens_once_and_closes() -> None:
    settings = find_kind("example").convert_settings({"host": "h", "password": "p"})
    connection = KettleConnection(settings)  # type: ignore[arg-type]  # converted to exactly this
    told: list[tuple[str, bool]] = []
    unsubscribe = connection.subscribe_appliances(
        lambda appliance, added: told.append((appliance.identity.id, added))
    )
    async with connection:
        connection._remove("example:kettle")
        connection._remove("example:kettle")
    unsubscribe()
    unsubscribe()
    assert told == [("example:kettle", True), ("example:kettle", False)]
    connection.failures = [ConnectionFailed("refused")]
    with pytest.raises(ConnectionFailed):
        await connection.__aenter__()
    assert not connection.is_open


def test_a_part_that_a_kind_does_not_have_is_not_supported() -> None:
    kind = find_kind("example")
    for part in ("simulator", "decoder", "catalogue", "discovery", "doctor"):
        with pytest.raises(NotSupported, match=f"example has no {part}"):
            getattr(kind, f"load_{part}")()


def test_a_missing_package_is_named_with_the_remedy() -> None:
    kind = Kind(kind="k", summary="", connection="tests.needs_a_missing_package:Thing")
    with pytest.raises(
        ConfigurationError, match=r"package not_there is not installed\. Install it with: pip"
    ):
        kind.load_connection()
    with pytest.raises(ModuleNotFoundError):
        Kind(kind="k", summary="", connection="tests.nothing_of_that_name:Thing").load_connection()


def test_a_broken_plugin_is_named() -> None:
    broken = EntryPoint(name="broken", value="tests.nothing_of_that_name:KIND", group=kinds.GROUP)
    with (
        patch("importlib.metadata.entry_points", lambda **_: [broken]),
        pytest.raises(HomewireError, match="'broken' does not load"),
    ):
        installed_kinds.__wrapped__()


FOUND = Discovered(kind="example", name="Kettle", address="127.0.0.2")


async def _find(_timeout_s: float) -> AsyncIterator[Discovered]:
    yield FOUND


async def _fail(timeout_s: float) -> AsyncIterator[Discovered]:
    if timeout_s:
        raise ConnectionFailed("no Bluetooth adapter")
    yield FOUND


async def test_discover_asks_all_kinds_and_survives_one_that_cannot_look() -> None:
    finder = Kind(kind="a", summary="", connection="", discovery="tests.test_connecting:_find")
    failing = Kind(kind="b", summary="", connection="", discovery="tests.test_connecting:_fail")
    silent = Kind(kind="c", summary="", connection="")
    found = [one async for one in homewire.discover(1, [failing, finder, silent])]
    assert found == [FOUND]


@pytest.mark.parametrize("network", ["banana", "10.0.0.0/8", "fe80::/64", "192.168.1.0/99", ""])
async def test_what_is_no_home_network_is_not_scanned(network: str) -> None:
    async def probe(_address: str) -> Discovered | None:
        raise AssertionError("nothing is asked")

    with pytest.raises(InvalidValue):
        await anext(scan_subnet(network, probe))


async def test_an_address_stands_for_its_network() -> None:
    asked: list[str] = []

    async def probe(address: str) -> Discovered | None:
        asked.append(address)
        return None

    assert [one async for one in scan_subnet("192.0.2.5/30", probe)] == []
    assert sorted(asked) == ["192.0.2.5", "192.0.2.6"]


async def test_scan_probes_every_address_and_survives_failures() -> None:
    asked: list[str] = []

    async def probe(address: str) -> Discovered | None:
        asked.append(address)
        if address == "127.0.0.1":
            raise OSError("unreachable")
        return FOUND if address == "127.0.0.2" else None

    assert [one async for one in scan_subnet("127.0.0.0/29", probe)] == [FOUND]
    assert len(asked) == 6


@pytest.mark.real_time
async def test_browse_finds_a_service_on_loopback() -> None:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    service_type = f"_hw-{secrets.token_hex(4)}._tcp.local."  # mDNS is shared by all tests on this computer
    announcer = AsyncZeroconf(interfaces=["127.0.0.1"])
    info = AsyncServiceInfo(
        service_type,
        f"Kettle.{service_type}",
        addresses=[b"\x7f\0\0\1"],
        port=1774,
        properties={"serial": "K1"},
        server="kettle.local.",
    )
    await (await announcer.async_register_service(info))
    try:
        found = discovery.browse(service_type, 10, interfaces=["127.0.0.1"])
        service = await anext(found)
        await found.aclose()
    finally:
        await announcer.async_close()
    assert (service.name, service.addresses, service.port) == ("Kettle", ("127.0.0.1",), 1774)
    assert service.properties == {"serial": "K1"}
