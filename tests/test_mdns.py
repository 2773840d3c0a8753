from __future__ import annotations

import os

import hypothesis
import hypothesis.strategies as st
import pytest

from homewire.discovery import MDNS, Service, browse, mdns_addresses
from homewire.mdns import announced_services
from tests.announcing import TYPE, announcement


def services(datagram: bytes) -> list[Service]:
    return [service for _type, service in announced_services(datagram, [TYPE])]


def test_an_announcement_is_read() -> None:
    [(service_type, service)] = announced_services(
        announcement(name="Dr. Kettle", properties={"serial": "K1"}), ["_other._tcp.local.", TYPE]
    )
    assert service_type == TYPE
    assert service == Service(
        name="Dr. Kettle",
        host="dr. kettle.local",
        addresses=("192.0.2.7",),
        port=1774,
        properties={"serial": "K1"},
    )


def test_capitals_do_not_matter() -> None:
    [service] = services(announcement(service_type="_KETTLE._tcp.local.", name="KETTLE"))
    assert (service.host, service.addresses) == ("kettle.local", ("192.0.2.7",))


def test_what_the_datagram_does_not_say_is_empty() -> None:
    [pointer] = services(announcement(parts=["pointer"]))
    assert (pointer.name, pointer.host, pointer.addresses, pointer.port) == ("Kettle", "", (), 0)
    [renewed] = services(announcement(parts=["service", "text"], properties={"a": "b"}))
    assert (renewed.host, renewed.addresses, renewed.properties) == ("kettle.local", (), {"a": "b"})


@pytest.mark.parametrize(
    "datagram",
    [
        announcement(ttl=0),
        announcement(is_answer=False),
        announcement(service_type="_printer._tcp.local."),
        announcement(parts=["addresses"]),
        b"",
        b"\0\0\x84\0" + b"\xff" * 8 + b"\x07_kettle\x04_tcp\x05local\0" * 400,
    ],
    ids=["goodbye", "question", "another type", "an address", "nothing", "counts that lie"],
)
def test_what_is_no_announcement_says_nothing(datagram: bytes) -> None:
    assert services(datagram) == []


@hypothesis.given(st.binary(max_size=600))
def test_any_bytes_are_read(noise: bytes) -> None:
    services(noise)
    services(b"\0\0\x84\0\0\0\0\x01\0\0\0\0" + noise)


@hypothesis.given(st.data())
def test_a_damaged_announcement_is_read(data: st.DataObject) -> None:
    packet = bytearray(announcement(properties={"serial": "K1", "blob": "x" * 40}))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    for service in services(bytes(packet)):
        service.is_at("192.0.2.7:1774")


def test_any_text_record_is_kept_as_it_can_be() -> None:
    [service] = services(announcement(properties={"": "x", "é": "\0", "long": "y" * 200}))
    assert service.properties["long"] == "y" * 200


def _service(**known: object) -> Service:
    base = {"name": "K", "host": "kettle.local", "addresses": ("192.0.2.7",), "port": 80, "properties": {}}
    return Service(**(base | known))  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("192.0.2.7", True),
        ("192.0.2.7:80", True),
        ("192.0.2.7:81", False),
        ("192.0.2.8", False),
        ("kettle.local", True),
        ("Kettle.local.:80", True),
        ("pot.local", False),
        ("kettle.fritz.box", None),
        ("kettle", None),
        ("2001:db8::7", None),
        ("[2001:db8::7]:80", None),
        ("not:a:host", None),
        ("", None),
    ],
)
def test_where_a_service_is(host: str, verdict: bool | None) -> None:
    assert _service().is_at(host) is verdict


def test_a_service_without_address_may_be_anywhere() -> None:
    bare = _service(host="", addresses=(), port=0)
    assert {bare.is_at(host) for host in ("192.0.2.7:80", "kettle.local")} == {None}
    six = _service(addresses=("192.0.2.7", "2001:db8::7"))
    assert (six.is_at("2001:DB8::7"), six.is_at("[2001:db8::8]:80")) == (True, False)


@pytest.mark.parametrize(
    ("chosen", "addresses"),
    [(None, None), ("", None), ("off", ()), ("127.0.0.1, 10.0.0.2", ("127.0.0.1", "10.0.0.2"))],
)
def test_the_environment_says_where_mdns_is_used(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, addresses: tuple[str, ...] | None
) -> None:
    assert os.environ[MDNS] == "off", "tests keep to themselves"
    monkeypatch.delenv(MDNS)
    if chosen is not None:
        monkeypatch.setenv(MDNS, chosen)
    assert mdns_addresses() == addresses


async def test_nothing_is_asked_where_mdns_is_off() -> None:
    assert [one async for one in browse(TYPE, 3600.0)] == []
