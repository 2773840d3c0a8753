"""What network and cloud can do to a Homismart client, and that it survives or says why, and recovers."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from homewire.errors import CommandTimeout, ConnectionFailed, ConnectionLost, HomewireError
from homewire.homismart.client import HomismartClient
from homewire.homismart.connection import HomismartConnection, HomismartSettings
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.simulator import (
    HomismartSimulator,
    RedirectRule,
    RedirectWhen,
    SimulatorOptions,
)
from homewire.homismart.simulator.server import PATH
from homewire.secrets import Secret
from homewire.simulation.faults import FaultProxy

LIGHT = "02510000000162"
StartProxy = Callable[[str, int], Awaitable[FaultProxy]]
Maker = Callable[..., HomismartClient]


@pytest.fixture
async def cloud() -> AsyncIterator[HomismartSimulator]:
    async with HomismartSimulator(SimulatorOptions(nodes=2)) as simulator:
        yield simulator


@pytest.fixture
async def plain() -> AsyncIterator[HomismartSimulator]:
    """Return a cloud without TLS, so that faults reach the frames."""
    async with HomismartSimulator(SimulatorOptions(tls=False)) as simulator:
        simulator.levers.compress = False
        yield simulator


@pytest.fixture
async def new_client() -> AsyncIterator[Maker]:
    async with contextlib.AsyncExitStack() as stack:

        def make(cloud: HomismartSimulator, port: int | None = None, **more: Any) -> HomismartClient:
            trust = cloud.certificate.trust() if cloud.certificate else True
            url = cloud.url if port is None else cloud.url.replace(f":{cloud.port}", f":{port}")
            options = cloud.options
            client = HomismartClient(options.username, options.password, url=url, ssl=trust, **more)
            stack.push_async_callback(client.disconnect)
            return client

        yield make


def lights(client: HomismartClient) -> dict[str, bool | None]:
    return {device.id: device.is_on for device in client.session.get_all_devices()}


def _split_both(proxy: FaultProxy) -> None:
    proxy.up.split = proxy.down.split = 3


FAULTS: dict[str, Callable[[FaultProxy], object]] = {
    "hang up": lambda proxy: setattr(proxy, "hang_up", True),
    "reset in the upgrade": lambda proxy: setattr(proxy.down, "reset_after", 60),
    "reset in a frame": lambda proxy: setattr(proxy.down, "reset_after", 900),
    "reset by the client's bytes": lambda proxy: setattr(proxy.up, "reset_after", 300),
    "cut in a frame": lambda proxy: setattr(proxy.down, "truncate_after", 900),
    "black hole down": lambda proxy: setattr(proxy.down, "black_hole", True),
    "black hole up": lambda proxy: setattr(proxy.up, "black_hole", True),
    "delay": lambda proxy: setattr(proxy.down, "delay_s", 2.0),
    "long delay": lambda proxy: setattr(proxy.down, "delay_s", 50.0),
    "split": lambda proxy: setattr(proxy.down, "split", 1),
    "split both": _split_both,
    "merge": lambda proxy: setattr(proxy.down, "merge", 150),
    "corrupt": lambda proxy: setattr(proxy.down, "corrupt_every", 97),
    "corrupt up": lambda proxy: setattr(proxy.up, "corrupt_every", 97),
    "garbage": lambda proxy: setattr(proxy.down, "garbage", b"\x00\xff garbage \r\n\r\n"),
    "duplicate": lambda proxy: setattr(proxy.down, "duplicate", True),
    "slow": lambda proxy: setattr(proxy.down, "rate", 400.0),
    "very slow": lambda proxy: setattr(proxy.down, "rate", 20.0),
}
HARMLESS = {"delay", "split", "split both", "slow"}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
async def test_opening_through_a_bad_network(
    cloud: HomismartSimulator,
    plain: HomismartSimulator,
    new_client: Maker,
    fault_proxy: StartProxy,
    fault: str,
    tls: bool,
) -> None:
    target = cloud if tls else plain
    proxy = await fault_proxy("127.0.0.1", target.port)
    client = new_client(target, proxy.port)
    FAULTS[fault](proxy)
    outcome: HomewireError | None = None
    began = asyncio.get_running_loop().time()
    try:
        await client.connect(timeout=60)
    except HomewireError as error:
        outcome = error
    assert asyncio.get_running_loop().time() - began < 90
    if fault in HARMLESS:
        assert outcome is None
    if outcome is not None:
        assert isinstance(outcome, ConnectionFailed)
        assert client.is_connected is False
    proxy.heal()
    proxy.reset()
    await client.connect()
    await asyncio.sleep(60)
    assert len(lights(client)) == 9


@pytest.mark.parametrize("fault", [f for f in FAULTS if f != "very slow"])
async def test_a_working_link_turns_bad_and_comes_back(
    plain: HomismartSimulator, new_client: Maker, fault_proxy: StartProxy, fault: str
) -> None:
    proxy = await fault_proxy("127.0.0.1", plain.port)
    client = new_client(plain, proxy.port)
    await client.connect()
    light = client.session.get_device_by_id(LIGHT)
    assert light is not None
    FAULTS[fault](proxy)
    with contextlib.suppress(HomewireError):
        await client.commands.switch(light, True)
        assert light.is_on is True
    await asyncio.sleep(120)
    proxy.heal()
    proxy.reset()
    plain.account.objects[LIGHT]["power"] = False
    await asyncio.sleep(400)
    assert client.is_logged_in
    assert light.is_on is False
    await client.commands.switch(light, True)


async def test_a_refused_port(cloud: HomismartSimulator, new_client: Maker, fault_proxy: StartProxy) -> None:
    proxy = await fault_proxy("127.0.0.1", cloud.port)
    await proxy.refuse()
    client = new_client(cloud, proxy.port)
    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        await client.connect()


async def test_a_certificate_of_somebody_else(cloud: HomismartSimulator) -> None:
    client = HomismartClient("a", "b", url=cloud.url, ssl=False)  # switching verification off is not possible
    with pytest.raises(ConnectionFailed, match=r"certificate of 127\.0\.0\.1 is not trusted"):
        await client.connect()
    assert cloud.upgrades == 0


@pytest.mark.parametrize("status", [200, 301, 401, 404, 503])
async def test_something_else_than_a_websocket(
    cloud: HomismartSimulator, new_client: Maker, status: int
) -> None:
    cloud.levers.upgrade_status = status
    with pytest.raises(ConnectionFailed, match=f"status {status}"):
        await new_client(cloud).connect()


async def test_an_http_redirect_out_of_tls_is_refused_before_the_login(
    cloud: HomismartSimulator, plain: HomismartSimulator, new_client: Maker
) -> None:
    cloud.levers.upgrade_status = 302
    cloud.levers.upgrade_location = plain.url.replace("ws://", "http://")
    with pytest.raises(ConnectionFailed, match="without TLS"):
        await new_client(cloud).connect()
    assert plain.received() == []


async def test_half_open_is_noticed_within_40_seconds(
    plain: HomismartSimulator, new_client: Maker, fault_proxy: StartProxy
) -> None:
    proxy = await fault_proxy("127.0.0.1", plain.port)
    client = new_client(plain, proxy.port)
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    proxy.down.black_hole = proxy.up.black_hole = True
    await asyncio.sleep(35)
    assert lost == []
    await asyncio.sleep(10)
    assert "silent" in str(lost[0])
    proxy.heal()
    await asyncio.sleep(60)
    assert client.is_logged_in


async def test_pings_that_are_not_answered(cloud: HomismartSimulator, new_client: Maker) -> None:
    client = new_client(cloud)
    await client.connect()
    cloud.levers.answer_pings = False
    cloud.account.report(LIGHT, frozenset())
    await asyncio.sleep(30)
    assert client.is_logged_in
    await asyncio.sleep(30)
    assert cloud.upgrades == 2


async def test_the_servers_pings_are_answered(cloud: HomismartSimulator, new_client: Maker) -> None:
    client = new_client(cloud)
    await client.connect()
    await cloud.connections[0].ping()
    await asyncio.sleep(1)
    assert cloud.connections[0].pongs == 1


async def test_a_peer_that_takes_no_data_any_more(
    plain: HomismartSimulator, new_client: Maker, fault_proxy: StartProxy
) -> None:
    proxy = await fault_proxy("127.0.0.1", plain.port)
    client = new_client(plain, proxy.port)
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    proxy.up.rate = 1.0
    with pytest.raises(ConnectionLost, match="takes no data any more"):
        await client.send_command_raw(RequestPrefix.SCENARIO_MODIFY, {"scene": "x" * 20_000_000})
    proxy.up.rate = None
    await asyncio.sleep(12)  # what was cut off cannot be gone on with: the link begins anew
    assert "takes no data any more" in str(lost[0])
    assert client.is_logged_in


async def test_hanging_up_on_a_peer_that_takes_no_data_frees_everything(
    plain: HomismartSimulator, fault_proxy: StartProxy
) -> None:
    proxy = await fault_proxy("127.0.0.1", plain.port)
    client = HomismartClient(
        plain.options.username,
        plain.options.password,
        url=plain.url.replace(f":{plain.port}", f":{proxy.port}"),
    )
    await client.open()
    http = client._http
    assert http is not None
    proxy.up.rate = 1.0
    with pytest.raises(ConnectionLost, match="takes no data any more"):
        await client.send_command_raw(RequestPrefix.SCENARIO_MODIFY, {"scene": "x" * 20_000_000})
    began = asyncio.get_running_loop().time()
    await client.close()
    assert asyncio.get_running_loop().time() - began < 4.5  # the supervisor grants five seconds
    assert http.closed


async def test_any_message_is_a_sign_of_life(cloud: HomismartSimulator, new_client: Maker) -> None:
    client = new_client(cloud)
    await client.connect()
    cloud.levers.answer_pings = False
    for _ in range(20):
        await asyncio.sleep(15)
        cloud.broadcast("1234{}")
    assert cloud.upgrades == 1


async def test_a_server_that_answers_nothing_after_login(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    cloud.levers.silent_after_login = True
    client = new_client(cloud)
    with pytest.raises(ConnectionFailed, match="sends no device list"):
        await client.connect(timeout=120)


async def test_a_server_that_falls_silent_later_is_found_out(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    client = new_client(cloud)
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    cloud.levers.silent_after_login = True
    light = client.session.get_device_by_id(LIGHT)
    assert light is not None
    with pytest.raises(CommandTimeout):
        await client.commands.switch(light, True)
    await asyncio.sleep(640)
    assert "does not answer" in str(lost[0])


async def test_a_redirect_loop_ends_after_five_hops(cloud: HomismartSimulator, new_client: Maker) -> None:
    cloud.levers.redirects += [
        RedirectRule(when=RedirectWhen.ON_LOGIN, to="127.0.0.2", only_at="127.0.0.1"),
        RedirectRule(when=RedirectWhen.ON_LOGIN, to="127.0.0.1", only_at="127.0.0.2"),
    ]
    with pytest.raises(ConnectionFailed, match="redirected more than 5 times"):
        await new_client(cloud).connect()
    assert cloud.upgrades == 6


@pytest.mark.parametrize("when", [RedirectWhen.ON_UPGRADE, RedirectWhen.ON_LOGIN])
async def test_a_redirect_to_itself_ends_too(
    cloud: HomismartSimulator, new_client: Maker, when: RedirectWhen
) -> None:
    cloud.levers.redirects.append(RedirectRule(when=when, to=None))
    with pytest.raises(ConnectionFailed, match="redirected"):
        await new_client(cloud).connect()
    assert cloud.upgrades == 6


async def test_a_redirect_is_followed_and_forgotten(cloud: HomismartSimulator, new_client: Maker) -> None:
    rule = RedirectRule(when=RedirectWhen.ON_LOGIN, to="127.0.0.2", only_at="127.0.0.1")
    cloud.levers.redirects.append(rule)
    client = new_client(cloud)
    await client.connect()
    assert client.host == "127.0.0.2"
    cloud.levers.redirects.clear()
    cloud.drop_all()
    await asyncio.sleep(10)
    assert client.host == "127.0.0.1"  # a fresh start begins at the configured host
    assert client.is_logged_in


async def test_a_dead_redirect_target_falls_back_to_the_configured_host(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    cloud.levers.redirects.append(RedirectRule(when=RedirectWhen.ON_LOGIN, to="127.0.0.9"))
    client = new_client(cloud)
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.9 cannot be reached"):
        await client.connect()
    assert cloud.upgrades == 2
    cloud.levers.redirects[:] = [RedirectRule(when=RedirectWhen.AFTER_LOGIN, to="127.0.0.9", after_s=5)]
    await client.connect()
    cloud.levers.redirects.clear()
    await asyncio.sleep(10)
    assert client.host == "127.0.0.1"
    assert client.is_logged_in


@pytest.mark.parametrize(
    "host", ["evil.example/x?", "user@evil", "a b", "127.0.0.1:8443", "-", "\N{SNOWMAN}"]
)
async def test_a_redirect_to_no_host_is_refused(
    cloud: HomismartSimulator, new_client: Maker, host: str
) -> None:
    cloud.levers.redirects.append(RedirectRule(when=RedirectWhen.ON_LOGIN, to=host))
    with pytest.raises(ConnectionFailed, match="which is no host"):
        await new_client(cloud).connect()


async def test_an_address_is_verified_against_the_configured_name(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    cloud.levers.redirects.append(
        RedirectRule(when=RedirectWhen.ON_LOGIN, to="127.0.0.2", only_at="127.0.0.1")
    )
    client = new_client(cloud)
    client._url = client._url.replace("127.0.0.1", "localhost")
    await client.connect()
    assert client.host == "127.0.0.2"


@pytest.mark.parametrize("after_s", [0.0, 30.0])
async def test_a_redirect_after_the_login_moves_the_session(
    cloud: HomismartSimulator, new_client: Maker, after_s: float
) -> None:
    cloud.levers.redirects.append(
        RedirectRule(when=RedirectWhen.AFTER_LOGIN, to="127.0.0.2", only_at="127.0.0.1", after_s=after_s)
    )
    lost: list[ConnectionLost] = []
    client = new_client(cloud)
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    await asyncio.sleep(after_s + 1)
    assert client.host == "127.0.0.2"
    assert client.is_logged_in
    assert lost == []
    light = client.session.get_device_by_id(LIGHT)
    assert light is not None
    await client.commands.switch(light, True)


async def test_a_redirect_while_the_list_is_read_again_is_followed(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    client = new_client(cloud)
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    cloud.levers.reply_delay_s = 5.0
    await asyncio.sleep(602)
    cloud.broadcast('0039{"ip":"127.0.0.2","port":"443"}')
    cloud.levers.reply_delay_s = 0.0
    await asyncio.sleep(2)
    assert client.host == "127.0.0.2"
    assert client.is_logged_in
    assert lost == []


async def test_being_sent_around_after_every_login_ends(cloud: HomismartSimulator, new_client: Maker) -> None:
    cloud.levers.redirects.append(RedirectRule(when=RedirectWhen.AFTER_LOGIN, to=None, after_s=1.0))
    client = new_client(cloud)
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    await asyncio.sleep(8)
    assert "more than 5 times in a minute" in str(lost[0])


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
async def test_a_close_of_any_kind_is_told_and_repaired(
    cloud: HomismartSimulator, new_client: Maker, code: int
) -> None:
    client = new_client(cloud)
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    cloud.close_all(code)
    await asyncio.sleep(5)
    assert f"code {code}" in str(lost[0])
    assert client.is_logged_in


async def test_a_device_list_of_five_mebibytes(new_client: Maker) -> None:
    async with HomismartSimulator(SimulatorOptions(lights=20_000)) as big:
        client = new_client(big)
        await client.connect()
        assert len(lights(client)) == 20_009
        listed = next(entry.text for entry in big.journal if entry.text.startswith("0005"))
        assert len(listed) > 5 * 1024 * 1024
        light = client.session.get_device_by_id("02520000000007")
        assert light is not None
        await client.commands.switch(light, True)
        await client.refresh()
        await client.disconnect()


async def test_a_frame_beyond_every_limit_ends_the_link(
    cloud: HomismartSimulator, new_client: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("homewire.homismart.link.MAX_FRAME_BYTES", 100_000)
    client = new_client(cloud)
    lost: list[ConnectionLost] = []
    client.session.register_event_listener("connection_lost", lost.append)
    await client.connect()
    cloud.broadcast("0009" + "x" * 200_000)
    await asyncio.sleep(10)
    assert len(lost) == 1
    assert client.is_logged_in


async def test_ten_thousand_pushes_in_a_second(cloud: HomismartSimulator, new_client: Maker) -> None:
    cloud.levers.compress = False
    client = new_client(cloud)
    everything = asyncio.Event()
    updates, ticks = 0, 0

    def count(_device: object) -> None:
        nonlocal updates
        updates += 1
        if updates == 10_000:
            everything.set()

    client.session.register_event_listener("device_updated", count)
    await client.connect()

    async def others() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    living = asyncio.ensure_future(others())
    cloud.levers.push_delay_s = 0.0
    for number in range(10_000):
        cloud.account.change(LIGHT, led=number % 101, power=number % 2 == 1)
    light = client.session.get_device_by_id(LIGHT)
    assert light is not None
    await everything.wait()
    living.cancel()
    assert (light.led_state, light.is_on) == (9_999 % 101, True)
    assert ticks > 100
    assert client.is_logged_in
    await client.commands.switch(light, False)


async def test_a_flood_of_nonsense_does_not_grow(cloud: HomismartSimulator, new_client: Maker) -> None:
    client = new_client(cloud)
    await client.connect()
    for number in range(3000):
        cloud.broadcast(f"{number % 10000:04d}{{")
        cloud.broadcast(f"{(number + 5000) % 10000:04d}[]")
    light = client.session.get_device_by_id(LIGHT)
    assert light is not None
    await client.commands.switch(light, True)
    assert len(client.session.unknowns.report()) <= 1000
    assert len(lights(client)) == 9


async def test_frames_in_any_order(cloud: HomismartSimulator, new_client: Maker) -> None:
    client = new_client(cloud)
    cloud.levers.reply_delay_s = 1.0
    connecting = asyncio.ensure_future(client.connect())
    await asyncio.sleep(0.5)
    cloud.broadcast('0009{"id":"02519999000777","name":"Early","type":2,"power":true}')
    for prefix in ("0005null", "0223{}", "0013{}", "0015{}", "0003null"):
        cloud.broadcast(prefix)
    with contextlib.suppress(HomewireError):
        await connecting
    await client.connect()
    assert client.session.get_device_by_id("02519999000777") is None  # the list is complete


@pytest.mark.parametrize("seed", range(3))
async def test_commands_cancelled_at_any_moment_leave_nothing(
    cloud: HomismartSimulator, new_client: Maker, seed: int
) -> None:
    client = new_client(cloud)
    await client.connect()
    rng, commands = random.Random(seed), client.commands
    known = client.session.get_all_devices()
    switches = [device for device in known if device.kind.switchable]
    covers = [device for device in known if device.kind.cover]
    tasks = set(asyncio.all_tasks())
    storm: list[asyncio.Future[Any]] = []
    for _ in range(300):
        switch, cover = rng.choice(switches), rng.choice(covers)
        deed = rng.choice(
            (
                lambda switch=switch: commands.toggle(switch),
                lambda switch=switch: commands.set_led(switch, rng.randrange(101)),
                lambda switch=switch: commands.modify(switch, name=f"Lamp {rng.random()}"),
                lambda cover=cover: commands.move(cover, rng.randrange(101)),
                lambda cover=cover: commands.stop(cover),
                client.refresh,
                client.timers,
            )
        )
        storm.append(asyncio.ensure_future(deed()))
        if rng.random() < 0.5:
            asyncio.get_running_loop().call_later(rng.uniform(0, 2), storm[-1].cancel)
        if rng.random() < 0.02:
            cloud.drop_all()
        await asyncio.sleep(rng.choice((0, 0, 0.05, 0.5)))
    outcomes = await asyncio.gather(*storm, return_exceptions=True)
    strange = [o for o in outcomes if not isinstance(o, HomewireError | asyncio.CancelledError | list | None)]
    assert strange == []
    await asyncio.sleep(60)
    assert client.is_logged_in
    assert (client._book._open, client._book._errors, client._outbox._lanes) == ([], [], {})
    assert commands._wished_power == {}
    assert len(asyncio.all_tasks()) <= len(tasks) + 2
    for switch in switches:
        await commands.switch(switch, True)


async def test_a_borrowed_http_session_stays_open(cloud: HomismartSimulator, new_client: Maker) -> None:
    async with aiohttp.ClientSession() as http:
        client = new_client(cloud, http_session=http)
        await client.connect()
        await client.disconnect()
        assert not http.closed


async def test_a_borrowed_http_session_that_verifies_nothing_carries_no_login(
    cloud: HomismartSimulator, new_client: Maker
) -> None:
    careless = aiohttp.TCPConnector(ssl=False)
    async with aiohttp.ClientSession(connector=careless) as http:
        client = new_client(cloud, http_session=http)
        client._trust = True
        with pytest.raises(ConnectionFailed, match="without a look at its certificate"):
            await client.connect()
    assert cloud.received() == []


async def test_the_connection_closes_in_every_state(cloud: HomismartSimulator) -> None:
    assert cloud.certificate is not None
    settings = HomismartSettings(
        username=cloud.options.username,
        password=Secret(cloud.options.password),
        url=cloud.url,
        ca_file=str(cloud.certificate.ca_file),
    )
    connection = HomismartConnection(settings)
    await connection.close()
    with pytest.raises(ConnectionLost):
        await connection.serve()
    await connection.open()
    serving = asyncio.ensure_future(connection.serve())
    await asyncio.sleep(1)
    await connection.close()
    await connection.close()
    with pytest.raises(ConnectionLost):
        await serving
    assert PATH in connection.client._url
    assert [f.kind for f in cloud.received()] == [RequestPrefix.LOGIN, RequestPrefix.LIST_DEVICES]
