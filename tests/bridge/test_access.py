from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from homewire.bridge.http.gate import Rates
from homewire.bridge.registry import Registry
from homewire.bridge.settings import HttpSettings
from homewire.clock import Clock
from homewire.errors import ConfigurationError
from homewire.secrets import Secret
from tests.bridge.conftest import Api, running_api
from tests.bridge.kitchen import KitchenConnection, entry

pytestmark = pytest.mark.real_time

KETTLE = "/api/v1/appliances/test:kitchen"
TOKENS = HttpSettings(port=0, token=Secret("control-me"), read_token=Secret("read-me"))


@pytest.fixture
def place() -> Iterator[Path]:
    """A path that is short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="hw") as folder:
        yield Path(folder) / "bridge.sock"


@pytest.fixture
async def guarded(registry: Registry, place: Path) -> AsyncIterator[Api]:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    async with running_api(registry, TOKENS, place) as running:
        yield running


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_without_a_known_token_nobody_comes_in(guarded: Api) -> None:
    assert (await guarded.json("GET", KETTLE, 401))["code"] == "unauthorized"
    assert (await guarded.json("GET", KETTLE, 401, headers=bearer("wrong")))["code"] == "unauthorized"
    assert (await guarded.json("GET", "/metrics", 401))["code"] == "unauthorized"
    async with guarded.session.get(guarded.output.address + "/healthz") as answer:
        assert answer.status == 200


async def test_a_reading_token_reads_and_a_control_token_does_everything(guarded: Api) -> None:
    order = {"key": "power", "value": True}
    await guarded.json("GET", KETTLE, headers=bearer("read-me"))
    refused = await guarded.json("POST", KETTLE + "/commands", 403, json=order, headers=bearer("read-me"))
    assert refused["code"] == "forbidden"
    await guarded.json("POST", KETTLE + "/commands?wait=5", json=order, headers=bearer("control-me"))


@pytest.mark.usefixtures("guarded")
async def test_the_owners_socket_needs_no_token(place: Path) -> None:
    connector = aiohttp.UnixConnector(str(place))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://localhost/api/v1/health") as answer,
    ):
        assert answer.status == 200


async def test_a_browser_gives_its_token_with_the_subprotocol(
    guarded: Api, caplog: pytest.LogCaptureFixture
) -> None:
    url = guarded.output.address + "/api/v1/events"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await guarded.session.ws_connect(url)
    assert refused.value.status == 401
    assert not caplog.records, "anybody could fill the log"
    async with guarded.session.ws_connect(url, protocols=("homewire", "homewire.token.read-me")) as socket:
        assert socket.protocol == "homewire"
        assert (await socket.receive_json())["type"] == "hello"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8421", "127.0.0.1.evil.example", "", "[::1"])
async def test_a_foreign_host_name_is_refused(api: Api, host: str) -> None:
    body = await api.json("GET", KETTLE, 421, headers={"Host": host})
    assert body["code"] == "misdirected"


@pytest.mark.parametrize("host", ["localhost", "localhost:8421", "127.0.0.1", "[::1]:8421"])
async def test_loopback_names_are_fine(api: Api, host: str) -> None:
    await api.json("GET", KETTLE, headers={"Host": host})


async def test_a_configured_name_is_fine(registry: Registry) -> None:
    async with running_api(registry, HttpSettings(port=0, allowed_hosts=("home.example",))) as api:
        await api.json("GET", "/api/v1", headers={"Host": "home.example"})
        await api.json("GET", "/api/v1", headers={"Host": "home.example", "Origin": "https://home.example"})


async def test_another_web_site_cannot_use_a_visitors_browser(api: Api) -> None:
    order = {"key": "power", "value": True}
    evil = {"Origin": "https://evil.example"}
    assert (await api.json("POST", KETTLE + "/commands", 403, json=order, headers=evil))[
        "code"
    ] == "forbidden"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await api.session.ws_connect(api.output.address + "/api/v1/events", headers=evil)
    assert refused.value.status == 403
    own = {"Origin": api.output.address}
    async with api.session.post(api.output.address + KETTLE + "/commands", json=order, headers=own) as answer:
        assert answer.status == 202
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_too_many_requests_are_told_to_wait(registry: Registry) -> None:
    async with running_api(registry, HttpSettings(port=0, requests_per_second=0.1, burst=3)) as api:
        for _ in range(3):
            await api.json("GET", "/api/v1")
        async with api.session.get(api.output.address + "/api/v1") as answer:
            assert answer.status == 429
            assert int(answer.headers["Retry-After"]) >= 9


async def test_a_bucket_fills_again_and_clients_are_apart() -> None:
    clock = Clock(speed=1000)
    rates = Rates(10, 1, clock)
    assert rates.wait_s("a") == 0
    assert rates.wait_s("a") > 0
    assert rates.wait_s("b") == 0
    await clock.sleep(1)
    assert rates.wait_s("a") == 0


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "bridge.example"])
async def test_other_addresses_demand_a_token(registry: Registry, host: str) -> None:
    with pytest.raises(ConfigurationError, match="no token is set"):
        async with running_api(registry, HttpSettings(host=host, port=0)):
            pass
