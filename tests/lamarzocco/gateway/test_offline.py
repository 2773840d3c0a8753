"""Decoder, discovery and doctor of the gateway generation."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import functools
import inspect
import json
import re
import secrets
import types
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from homewire.clock import Clock
from homewire.discovery import Discovered, Service, browse
from homewire.errors import ProtocolError
from homewire.lamarzocco import gateway
from homewire.lamarzocco.gateway import KIND, LaMarzoccoMachine, discovery
from homewire.lamarzocco.gateway import __getattr__ as lazily
from homewire.lamarzocco.gateway.decoder import decode
from homewire.lamarzocco.gateway.discovery import SERVICE_TYPE, announced
from homewire.lamarzocco.gateway.simulator import GatewaySimulator
from homewire.lamarzocco.models import find_model, model_of_serial
from homewire.settings import convert_settings

Start = Callable[..., Awaitable[Any]]
CAPTURES = Path(__file__).parents[2] / "captures" / "lamarzocco" / "gateway"


@pytest.mark.parametrize("path", sorted(CAPTURES.rglob("*.json")), ids=lambda path: path.name)
def test_every_capture_is_decoded(path: Path) -> None:
    (record,) = decode(path.read_bytes())
    assert record.error is None
    assert record.fields
    assert not any(field.note for field in record.fields)


def test_a_text_with_stream_messages_and_garbage() -> None:
    text = b'12:00 [{"BrewingUpdateGroup1Time": 3}, {"Novelty": 1}]\n\nnothing\n{"SystemInfo": "{}"}\n'
    stream, garbage, system = decode(text)
    assert [(each.name, each.value, each.unit, each.note) for each in stream.fields] == [
        ("BrewingUpdateGroup1Time", 3, "s", None),
        ("Novelty", 1, None, "not known to homewire"),
    ]
    assert garbage.error is not None
    assert "SystemInfo" in system.summary


def test_a_bluetooth_write_in_hex() -> None:
    written = b'{"name":"SettingBoilerTarget","parameter":{"identifier":"CoffeeBoiler1","value":93.5}}\x00'
    (record,) = decode(written.hex(" ").encode())
    assert "SettingBoilerTarget" in record.summary
    assert record.direction == "client_to_server"
    assert record.fields[1].value == 93.5


def test_a_har_file_keeps_its_secrets() -> None:
    entry = {
        "request": {
            "method": "GET",
            "url": "https://cms.lamarzocco.io/api/customer",
            "headers": [],
        },
        "response": {
            "status": 200,
            "headers": [],
            "content": {"text": json.dumps({"data": {"fleet": [{"communicationKey": "00ff" * 16}]}})},
        },
        "startedDateTime": "2024-01-01T00:00:00Z",
    }
    har = json.dumps({"log": {"entries": [entry]}}).encode()
    records = list(decode(har))
    assert records[0].summary.startswith("200 /api/customer")
    assert "00ff" not in repr(records)


def test_packet_captures_are_refused_with_advice() -> None:
    with pytest.raises(ProtocolError, match="HAR"):
        list(decode(b"\xd4\xc3\xb2\xa1" + bytes(40)))


def test_an_mdns_announcement() -> None:
    service = Service(
        name="x", host="mr1.local", addresses=("10.0.0.7",), port=8081, properties={"sn": "MR123456"}
    )
    found = announced(service)
    assert (found.model, found.serial) == ("Linea Micra", "MR123456")
    assert found.settings == {"hosts": {"MR123456": "10.0.0.7:8081"}}
    nameless = announced(Service(name="x", host="h", addresses=(), port=1, properties={}))
    assert (nameless.name, nameless.address, nameless.settings) == ("x", "h", {})


def test_models_by_name_and_serial() -> None:
    for name in ("Micra", "LINEA MICRA", "linea_micra", "LINEAMICRA"):
        model = find_model(name)
        assert model is not None
        assert model.title == "Linea Micra"
    assert find_model("Strada") is None
    assert model_of_serial("XX1") is None


def test_public_names_are_imported_when_used() -> None:
    assert lazily("LaMarzoccoMachine") is LaMarzoccoMachine
    assert all(lazily(name) for name in gateway.__all__ if name != "KIND")
    with pytest.raises(AttributeError):
        lazily("Nothing")


async def test_the_doctor_finds_everything_fine(simulate: Start) -> None:
    simulator = (await simulate("Micra", bluetooth=True)).simulator
    checks = KIND.load_doctor()
    settings = KIND.convert_settings(dict(simulator.settings()))
    found = [check async for check in checks(settings, Clock())]
    assert [(check.name, check.ok) for check in found] == [
        ("account", True),
        ("MR123456: cloud", True),
        ("MR123456: local", True),
        ("bluetooth", True),
    ]


async def test_the_doctor_names_what_is_wrong(simulate: Start) -> None:
    simulator = (await simulate("Micra")).simulator
    own = dict(simulator.settings())
    simulator.machine.local_active = False
    simulator.cloud.levers.status = 504
    own["hosts"] = own["hosts"] | {"LM1": "127.0.0.1:9"}
    own["devices"] = [
        {"serial": "GS1", "token": "x", "host": "127.0.0.1:9"},
        {"serial": "GS2", "token": "x", "host": "nowhere:http"},
    ]
    settings = KIND.convert_settings(own)
    found = {check.name: check async for check in KIND.load_doctor()(settings, Clock())}
    assert found["account"].ok
    assert {name: check.ok for name, check in found.items() if name != "account"} == {
        "MR123456: cloud": False,
        "MR123456: local": False,
        "LM1: local": False,
        "GS1: local": False,
        "GS2: local": False,
    }
    assert all(check.remedy for check in found.values() if not check.ok)
    wrong = convert_settings(type(settings), own | {"password": "no"}, subject="x")
    (account, *_rest) = [check async for check in KIND.load_doctor()(wrong, Clock())]
    assert not account.ok


@pytest.mark.real_time
async def test_discovery_by_mdns_and_bluetooth(monkeypatch: pytest.MonkeyPatch) -> None:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

    loopback = functools.partial(browse, interfaces=["127.0.0.1"])
    monkeypatch.setattr(discovery, "browse", loopback)
    serial = f"GS{secrets.randbelow(10**6):06}"  # nobody else's: mDNS is shared by all tests on this computer
    properties = {"type": "machine", "serial_number": serial, "name": "Bar"}
    info = AsyncServiceInfo(
        SERVICE_TYPE, f"{serial}.{SERVICE_TYPE}", addresses=[b"\x7f\0\0\1"], port=8081, properties=properties
    )
    announcer = AsyncZeroconf(interfaces=["127.0.0.1"])
    await announcer.async_register_service(info)
    try:
        async with GatewaySimulator(GatewaySimulator.Options()) as simulator:
            monkeypatch.setenv("HOMEWIRE_BLUETOOTH", simulator.settings()["bluetooth"])
            found = await _first(2, discovery.discover(60.0))
    finally:
        await announcer.async_close()
    assert found[serial].name == "Bar"
    assert found[serial].settings == {"hosts": {serial: "127.0.0.1:8081"}}
    over_the_air = found[simulator.machine.serial]
    assert (over_the_air.model, over_the_air.missing) == ("Linea Micra", ("username", "password"))


async def _first(count: int, search: AsyncGenerator[Discovered, None]) -> dict[str | None, Discovered]:
    """Return as many by serial number; a busy computer may take its time."""
    found: dict[str | None, Discovered] = {}
    async with contextlib.aclosing(search):
        async for each in search:
            found[each.serial] = each
            if len(found) == count:
                break
    return found


async def test_discovery_goes_each_way_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def no_network(_type: str, _timeout_s: float) -> AsyncIterator[Service]:
        nobody: tuple[Service, ...] = ()
        for service in nobody:
            yield service
        raise OSError("no network")

    monkeypatch.setattr(discovery, "browse", no_network)
    monkeypatch.setenv("HOMEWIRE_BLUETOOTH", "virtual:127.0.0.1:9")
    assert [each async for each in discovery.discover(0.5)] == []
    async with GatewaySimulator(GatewaySimulator.Options(models=("GS3 AV",))) as simulator:
        monkeypatch.setenv("HOMEWIRE_BLUETOOTH", simulator.settings()["bluetooth"])
        (found,) = [each async for each in discovery.discover(2)]
        assert found.serial == simulator.machine.serial
        assert set(await _first(1, discovery.discover(3600))) == {simulator.machine.serial}


DOCS = Path(__file__).parents[3] / "docs"


def _python_blocks(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(), re.DOTALL)


@pytest.mark.parametrize("name", ["lamarzocco-gateway.md", "lamarzocco-local-token.md"])
def test_the_docs_examples_are_python(name: str) -> None:
    blocks = _python_blocks(name)
    assert blocks
    for block in blocks:
        compile(block, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


async def test_the_documented_examples_run(
    simulate: Start, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator = (await simulate("Micra")).simulator
    machine, url = simulator.machine, simulator.cloud.url
    monkeypatch.setattr("builtins.input", lambda _prompt: simulator.options.username)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: simulator.options.password)
    account = f'username="ada@example.com", password="espresso", cms_url="{url}", gateway_url="{url}"'
    connecting, *_rest = _python_blocks("lamarzocco-gateway.md")
    example = connecting.replace('username="ada@example.com", password="…"', account).replace(
        "10.0.0.7", ":".join(map(str, simulator.locals[machine.serial].address))
    )
    await _run(example)
    assert machine.is_on
    token, request = _python_blocks("lamarzocco-local-token.md")
    token = token.replace("getpass(", f'cms_url="{url}", gateway_url="{url}", password=getpass(')
    await _run(token.replace("asyncio.run(main())", "await main()"))
    assert machine.key in capsys.readouterr().out
    machine.local_active = False
    await _run(request, {"cloud": (await simulate("Micra")).cloud(cms_url=url, gateway_url=url)})
    await asyncio.sleep(2)
    assert machine.local_active


async def _run(example: str, names: dict[str, Any] | None = None) -> None:
    code = compile(example, "documentation", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = types.FunctionType(code, names if names is not None else {})()
    if inspect.isawaitable(result):
        await result


async def test_the_documented_levers_work() -> None:
    (example,) = [block for block in _python_blocks("lamarzocco-gateway.md") if "GatewaySimulator" in block]
    code = compile(example, "lamarzocco-gateway.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {}
    await types.FunctionType(code, names)()
    simulator = names["simulator"]
    assert simulator.machine.shot is not None
    assert simulator.cloud.levers.calls_left == 10
