"""The simulated cloud, rule by rule (section 18 of the protocol page), spoken to with bare frames."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from homewire.clock import Clock
from homewire.homismart.codec import Direction
from homewire.homismart.prefixes import ANSWERS, LIST_REPLIES, RequestPrefix
from homewire.homismart.requests import login, password_digest
from homewire.homismart.simulator import (
    HomismartSimulator,
    Redirection,
    RedirectRule,
    RedirectWhen,
    Refusal,
    SimulatorOptions,
)
from homewire.homismart.simulator.flat import HUB_ID, SECOND_HUB_ID, device
from homewire.homismart.simulator.server import PATH

LIGHT = "02510000000162"
SHUTTER = "04510000000401"
CASES = json.loads((Path(__file__).parents[1] / "vectors" / "homismart.json").read_text())["cases"]


class App:
    """A WebSocket that reads and writes bare frames."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, text: str | bytes) -> None:
        if isinstance(text, str):
            await self.socket.send_str(text)
        else:
            await self.socket.send_bytes(text)

    async def tell(self, prefix: str, body: Any) -> None:
        await self.say(prefix + json.dumps(body))

    async def hear(self, within_s: float = 2.0) -> tuple[str, Any] | None:
        """Return the next frame, None when there is none within the time."""
        with contextlib.suppress(TimeoutError):
            text = await self.socket.receive_str(timeout=within_s)
            return text[:4], json.loads(text[4:])
        return None

    async def ask(self, prefix: str, body: Any) -> tuple[str, Any] | None:
        await self.tell(prefix, body)
        return await self.hear()

    async def log_in(self, cloud: HomismartSimulator, **changed: str) -> tuple[str, Any] | None:
        prefix, body = login(cloud.options.username, password_digest(cloud.options.password))
        return await self.ask(prefix, {**(body or {}), **changed})


Dial = Callable[..., Any]


@pytest.fixture
async def dial(cloud: HomismartSimulator) -> AsyncIterator[Dial]:
    """Return a function that opens a WebSocket to the cloud."""
    assert cloud.certificate is not None
    trust = cloud.certificate.trust()
    async with aiohttp.ClientSession() as http, contextlib.AsyncExitStack() as stack:

        async def opened(query: str = "", **options: Any) -> App:
            socket = await http.ws_connect(cloud.url + query, ssl=trust, autoping=False, **options)
            stack.push_async_callback(socket.close)
            return App(socket)

        yield opened


@pytest.fixture
async def app(cloud: HomismartSimulator, dial: Dial) -> App:
    """Return a WebSocket that is logged in."""
    made: App = await dial()
    assert await made.log_in(cloud) == ("0003", {"result": True, "shouldConfirmTerms": 0})
    return made


def code_of(frame: tuple[str, Any] | None) -> int | None:
    return frame[1]["code"] if frame and frame[0] == "9999" else None


async def test_r1_only_the_path_counts(cloud: HomismartSimulator, dial: Dial) -> None:
    app = await dial("?.homismart.com:443/homismartmain/websocket", compress=15)
    assert await app.log_in(cloud) is not None
    await app.socket.ping(b"are you there")
    answer = await app.socket.receive()
    assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"are you there")
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await dial("/other")
    assert caught.value.status == 404
    cloud.levers.upgrade_status = 502
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await dial()
    assert caught.value.status == 502


async def test_r2_r3_before_the_login(cloud: HomismartSimulator, dial: Dial) -> None:
    app = await dial()
    for ignored in ("0000", "0072{}", "7777{}", "00", "hello"):
        await app.say(ignored)
    assert await app.hear() is None
    assert code_of(await app.ask("0004", {})) == 72
    assert code_of(await app.ask("0006", {"id": LIGHT})) == 72
    assert await app.log_in(cloud) is not None


async def test_r4_the_login_needs_the_exact_name_and_any_case_of_the_digest(
    cloud: HomismartSimulator, dial: Dial
) -> None:
    app = await dial()
    digest = password_digest(cloud.options.password).upper()
    assert await app.log_in(cloud, password=digest) == ("0003", {"result": True, "shouldConfirmTerms": 0})
    cloud.account.terms_pending = True
    assert await app.log_in(cloud) == ("0003", {"result": True, "shouldConfirmTerms": 1})
    app = await dial()
    assert await app.log_in(cloud, username=cloud.options.username.upper()) == ("0003", {"result": False})
    assert code_of(await app.ask("0002", {"username": "x"})) == 17
    wrong_names: tuple[Any, ...] = (None, [], {"a": 1})
    for username in wrong_names:
        assert code_of(await app.ask("0002", {"username": username, "password": digest})) == 17
    assert code_of(await app.ask("0002", [])) == 17


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_r5_refusals(cloud: HomismartSimulator, dial: Dial, refusal: Refusal) -> None:
    cloud.levers.refusal = refusal
    app = await dial()
    answer = await app.log_in(cloud, password="0" * 32)
    if refusal is Refusal.SILENCE:
        assert answer is None
    elif refusal.value.startswith("error"):
        assert code_of(answer) == 2
    else:
        assert answer == ("0003", {"result": False})
    if refusal.value.endswith("close"):
        assert (await app.socket.receive()).data == 1000


async def test_r6_redirects(cloud: HomismartSimulator, dial: Dial) -> None:
    cloud.levers.redirects.append(RedirectRule(when=RedirectWhen.ON_UPGRADE, to="node2.example"))
    app = await dial()
    assert await app.hear() == ("0039", {"ip": "node2.example", "port": "443"})
    cloud.levers.redirects[:] = [RedirectRule(when=RedirectWhen.ON_LOGIN, to=None, port_field="10227")]
    app = await dial()
    assert await app.log_in(cloud) == ("0039", {"ip": "127.0.0.1", "port": "10227"})
    cloud.levers.redirects[:] = [
        RedirectRule(when=RedirectWhen.AFTER_LOGIN, to="127.0.0.2", after_s=60, only_at="127.0.0.1")
    ]
    app = await dial()
    assert await app.log_in(cloud) == ("0003", {"result": True, "shouldConfirmTerms": 0})
    assert await app.hear(30) is None
    app2 = await dial()
    await app2.log_in(cloud)
    assert await app2.hear(61) == ("0039", {"ip": "127.0.0.2", "port": "443"})


@pytest.mark.parametrize(
    ("redirection", "heard"),
    [
        (Redirection.ON_UPGRADE, ["127.0.0.2", "0003"]),
        (Redirection.ON_LOGIN, ["127.0.0.2", "0003"]),
        (Redirection.AFTER_LOGIN, ["0003", "0003"]),
        (Redirection.TO_ITSELF, ["127.0.0.1", "127.0.0.2"]),
        (Redirection.LOOP, ["127.0.0.2", "127.0.0.1"]),
    ],
)
async def test_r6_redirects_by_one_word(redirection: Redirection, heard: list[str]) -> None:
    options = SimulatorOptions(tls=False, redirect=redirection, refusal=Refusal.ERROR)
    async with HomismartSimulator(options) as cloud, aiohttp.ClientSession() as http:
        answers = []
        for host in ("127.0.0.1", "127.0.0.2"):
            async with http.ws_connect(cloud.url.replace("127.0.0.1", host)) as socket:
                answer = await App(socket).log_in(cloud)
                assert answer is not None
                answers.append(answer[1]["ip"] if answer[0] == "0039" else answer[0])
                if redirection is Redirection.AFTER_LOGIN and host == "127.0.0.1":
                    assert await App(socket).hear(31) == ("0039", {"ip": "127.0.0.2", "port": "443"})
        assert answers == heard
        assert cloud.levers.refusal is Refusal.ERROR


async def test_r7_the_list(cloud: HomismartSimulator, app: App) -> None:
    cloud.account.terms_pending = True
    answer = await app.ask("0004", {})
    assert answer is not None
    assert [known["id"] for known in answer[1]] == list(cloud.account.objects)
    await app.say("0004")
    assert await app.hear() == answer
    cloud.account.objects.clear()
    assert await app.ask("0004", {}) == ("0005", [])


async def test_r8_control(cloud: HomismartSimulator, app: App) -> None:
    pushed = await app.ask(
        "0006", {"id": LIGHT, "power": True, "lastOn": "2026-01-01 00:00:00", "name": "x", "updateTime": 1}
    )
    assert pushed is not None
    assert pushed[0] == "0009"
    assert (pushed[1]["power"], pushed[1]["lastOn"]) == (True, "2026-01-01 00:00:00")
    assert pushed[1]["name"] == "Office light"
    assert abs(pushed[1]["updateTime"] / 1000 - cloud.clock.now().timestamp()) < 5
    wrong: tuple[Any, ...] = ([], {"power": True}, {"id": "02510000009999"}, {"id": 7})
    for bad in wrong:
        assert code_of(await app.ask("0006", bad)) == 17
    pushed = await app.ask("0006", {"id": LIGHT, "power": "false"})
    assert pushed is not None
    assert pushed[1]["power"] is True
    cloud.account.objects[LIGHT]["onLine"] = False
    assert code_of(await app.ask("0006", {"id": LIGHT})) == 40
    cloud.account.objects[HUB_ID]["onLine"] = False
    assert code_of(await app.ask("0006", {"id": LIGHT})) == 5
    assert code_of(await app.ask("0006", {"id": SHUTTER, "curtainState": "50"})) == 5


async def test_r8_whoever_cannot_be_reached_takes_nothing(cloud: HomismartSimulator, app: App) -> None:
    every = {
        "0006": {"id": SHUTTER, "curtainState": "50"},
        "0016": {"devid": SHUTTER, "name": "x", "lock": "1", "iconId": "1"},
        "0030": {"devid": SHUTTER, "ledDevice": 1},
        "0144": {"deviceSN": SHUTTER, "closedPosition": 1},
        "0156": {"id": SHUTTER, "operationTime": 1},
    }
    before = dict(cloud.account.objects[SHUTTER])
    cloud.account.forbidden.add(SHUTTER)
    assert [code_of(await app.ask(prefix, body)) for prefix, body in every.items()] == [72] * 5
    cloud.account.objects[SHUTTER]["onLine"] = False
    assert [code_of(await app.ask(prefix, body)) for prefix, body in every.items()] == [40] * 5
    cloud.account.objects[HUB_ID]["onLine"] = False
    assert [code_of(await app.ask(prefix, body)) for prefix, body in every.items()] == [5] * 5
    renamed = {"devid": HUB_ID, "name": "x", "lock": "1", "iconId": "1"}
    assert code_of(await app.ask("0016", renamed)) == 5
    assert cloud.account.objects[SHUTTER] == before | {"onLine": False}
    odd = device("02519999000777", "Odd", 2) | {"pid": ["x"]}
    assert await app.ask("0012", odd) is not None
    assert code_of(await app.ask("0030", {"devid": odd["id"], "ledDevice": 9})) is None


async def test_r9_covers_travel_and_stop(cloud: HomismartSimulator, app: App) -> None:
    seen = []
    answer = await app.ask("0006", {"id": SHUTTER, "curtainState": "25"})
    while answer is not None:
        seen.append(answer[1]["curtainState"])
        answer = await app.hear()
    assert seen == ["0", "10", "20", "25"]
    await app.tell("0006", {"id": SHUTTER, "curtainState": "100"})
    await asyncio.sleep(2.5)
    assert cloud.account.moving == {SHUTTER}
    await app.tell("0006", {"id": SHUTTER, "curtainState": "99"})
    heard = [await app.hear() for _ in range(4)]
    assert [frame[1]["curtainState"] for frame in heard if frame] == ["25", "35", "45", "245"]
    assert cloud.account.moving == frozenset()
    for bad in ("101", "-1", "x", 50, "245.0"):
        assert code_of(await app.ask("0006", {"id": SHUTTER, "curtainState": bad})) == 17
    assert (await app.ask("0006", {"id": SHUTTER, "curtainState": "245"})) is not None
    cloud.account.motion = False
    answer = await app.ask("0006", {"id": SHUTTER, "curtainState": "100"})
    assert answer is not None
    assert answer[1]["curtainState"] == "100"


async def test_r9_the_place_that_it_passes_is_a_target_as_any_other(
    cloud: HomismartSimulator, app: App
) -> None:
    await app.tell("0006", {"id": SHUTTER, "curtainState": "100"})
    await asyncio.sleep(3.5)
    here = cloud.account.objects[SHUTTER]["curtainState"]
    await app.tell("0006", {"id": SHUTTER, "curtainState": here})
    await asyncio.sleep(5)
    assert cloud.account.objects[SHUTTER]["curtainState"] == here == "30"
    assert cloud.account.moving == frozenset()


async def test_r9_a_position_is_never_reported_as_the_stop_code(cloud: HomismartSimulator, app: App) -> None:
    cloud.account.objects[SHUTTER]["curtainState"] = "89"
    await app.tell("0006", {"id": SHUTTER, "curtainState": "100"})
    heard = [await app.hear() for _ in range(3)]
    assert [frame[1]["curtainState"] for frame in heard if frame] == ["89", "98", "100"]


async def test_r10_modify(cloud: HomismartSimulator, app: App) -> None:
    full = {"devid": HUB_ID, "name": "House", "lock": "1", "iconId": "3"}
    answer = await app.ask("0016", full)
    assert answer is not None
    assert (answer[1]["name"], answer[1]["iconId"]) == ("House", "3")
    assert "lock" not in cloud.account.objects[HUB_ID]
    for missing in full:
        assert code_of(await app.ask("0016", {k: v for k, v in full.items() if k != missing})) == 17
    assert code_of(await app.ask("0016", full | {"lock": "3"})) == 17


async def test_r11_led_and_calibration(app: App) -> None:
    for led in (101, -1, True, "5", None):
        assert code_of(await app.ask("0030", {"devid": LIGHT, "ledDevice": led})) == 17
    answer = await app.ask("0030", {"devid": LIGHT, "ledDevice": 100})
    assert answer is not None
    assert answer[1]["led"] == 100
    for position in (11, True, "5"):
        wrong = {"deviceSN": SHUTTER, "closedPosition": position}
        assert code_of(await app.ask("0144", wrong)) == 17
    assert code_of(await app.ask("0144", {"deviceSN": LIGHT, "closedPosition": 5})) == 17
    answer = await app.ask("0144", {"deviceSN": SHUTTER, "closedPosition": 5})
    assert answer is not None
    assert answer[1]["closedPosition"] == 5
    answer = await app.ask("0156", {"id": "09510000000901", "operationTime": 30})
    assert answer is not None
    assert answer[1]["operationTime"] == 30


async def test_r12_groups(cloud: HomismartSimulator, app: App) -> None:
    cloud.account.motion = False
    cloud.account.objects["05510000000501"]["onLine"] = False
    answer = await app.ask("0138", {"action": "0", "type": 45})
    assert answer is not None
    assert (answer[1]["id"], answer[1]["curtainState"]) == (SHUTTER, "100")
    assert await app.hear() is None
    await app.tell("0138", {"action": "1", "type": 2})
    heard = [await app.hear() for _ in range(2)]
    assert all(frame and frame[1]["type"] == 2 and frame[1]["power"] is True for frame in heard)
    for bad in (
        {"action": 1, "type": 10},
        {"action": "1", "type": "10"},
        {"action": "2", "type": 10},
        {"action": "1", "type": True},
    ):
        assert code_of(await app.ask("0138", bad)) == 17


async def test_r13_reports_go_to_every_ready_connection(
    cloud: HomismartSimulator, app: App, dial: Dial
) -> None:
    cloud.account.objects[LIGHT] |= {"shared": True, "permission": {"a": 1}, "allowedTime": [1]}
    second, fresh = await dial(), await dial()
    await second.log_in(cloud)
    other = cloud.add_account("else@example.com", "x", [])
    stranger = await dial()
    await stranger.log_in(cloud, username="else@example.com", password=other.digest)
    first = await app.ask("0030", {"devid": LIGHT, "ledDevice": 9})
    assert first == await second.hear()
    assert first is not None
    assert not {"permission", "allowedTime"} & first[1].keys()
    assert await fresh.hear() is None
    assert await stranger.hear() is None
    cloud.levers.partial_pushes = True
    partial = await app.ask("0030", {"devid": LIGHT, "ledDevice": 10})
    assert partial is not None
    assert partial[1].keys() == {"id", "led", "updateTime"}
    cloud.levers.push_sender = False
    cloud.levers.lost_pushes = 1
    assert await app.ask("0030", {"devid": LIGHT, "ledDevice": 11}) is None
    assert await app.ask("0030", {"devid": LIGHT, "ledDevice": 12}) is None
    await second.hear()
    heard = await second.hear()
    assert heard is not None
    assert heard[1]["led"] == 12


async def test_r14_r15_deleting_terms_and_silence(cloud: HomismartSimulator, app: App) -> None:
    await app.tell("0006", {"id": SHUTTER, "curtainState": "100"})
    await app.hear()
    gone = ("0015", {"result": True, "status": {"id": SHUTTER}})
    assert await app.ask("0014", {"devid": SHUTTER}) == gone
    assert await app.ask("0014", {"devid": SHUTTER}) == ("0015", {"result": False})
    assert cloud.account.moving == frozenset()
    cloud.account.terms_pending = True
    assert await app.ask("0222", {}) == ("0223", {})
    assert not cloud.account.terms_pending
    assert await app.ask("0072", {}) is None
    cloud.levers.heartbeat_reply = True
    assert await app.ask("0072", {}) == ("0049", {"mac": HUB_ID, "onLine": True})


async def test_r16_every_other_request_gets_its_reply(app: App) -> None:
    served = {"0002", "0004", "0006", "0012", "0014", "0016", "0030", "0138", "0144", "0156", "0222"}
    for request in RequestPrefix:
        if request.value in served:
            continue
        reply = ANSWERS.get(request)
        answer = await app.ask(request.value, {})
        if reply is None:
            assert answer is None, request
        else:
            assert answer == (reply.value, [] if reply in LIST_REPLIES else {"result": True})


async def test_adding(cloud: HomismartSimulator, app: App) -> None:
    answer = await app.ask("0012", device("02519999000777", "New lamp", 2))
    assert answer is not None
    assert answer[1]["status"]["name"] == "New lamp"
    assert "02519999000777" in cloud.account.objects
    assert code_of(await app.ask("0012", device("02519999000777", "New lamp", 2))) == 33
    assert await app.ask("0012", {"id": ""}) == ("0013", {"result": False})


BAD = [c for c in CASES if "suggested_server_reply" in c["meaning"].get("effect", {})]


@pytest.mark.parametrize("case", BAD, ids=[c["name"] for c in BAD])
async def test_r17_bad_frames_never_close(
    cloud: HomismartSimulator, dial: Dial, case: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "homewire.homismart.simulator")
    app: App = await dial()
    if case["name"] not in ("server_gets_list_before_login", "server_gets_login_without_password"):
        await app.log_in(cloud)
    await app.say(case["text"] if case["text"] is not None else bytes.fromhex(case["binary_hex"]))
    wanted = case["meaning"]["effect"]["suggested_server_reply"]
    assert code_of(await app.hear()) == (int(wanted.split()[2]) if wanted else None)
    if not wanted:
        assert len(caplog.records) == 1
    assert await app.log_in(cloud) is not None


async def test_r18_hooks(cloud: HomismartSimulator, app: App) -> None:
    cloud.press_wall_button(LIGHT)
    heard = await app.hear()
    assert heard is not None
    assert heard[1]["power"] is True
    cloud.press_wall_button(LIGHT)
    await app.hear()
    cloud.set_online(SECOND_HUB_ID, False)
    frames = [await app.hear() for _ in range(2)]
    assert [frame and (frame[1]["id"], frame[1]["onLine"]) for frame in frames] == [
        (SECOND_HUB_ID, False),
        ("08510000000801", False),
    ]
    cloud.levers.hub_status = True
    cloud.set_online(SECOND_HUB_ID, True)
    frames = [await app.hear() for _ in range(3)]
    assert frames[1] == ("0049", {"mac": SECOND_HUB_ID, "onLine": True})
    cloud.account.put(device("02519999000777", "New lamp", 2))
    heard = await app.hear()
    assert heard is not None
    assert heard[1]["name"] == "New lamp"
    cloud.account.change("02519999000777", shared=True, type=5)
    heard = await app.hear()
    assert heard is not None
    assert (heard[1]["shared"], heard[1]["type"]) == (True, 5)
    cloud.account.remove("02519999000777")
    cloud.account.report("02519999000777", frozenset())  # a report of what is gone is none
    cloud.broadcast(b"\x00\x01")
    assert (await app.socket.receive()).data == b"\x00\x01"
    cloud.levers.answer_pings = False
    await app.socket.ping()
    assert await app.hear() is None
    cloud.levers.errors.append(94)
    cloud.levers.error_names_request = True
    refused = await app.ask("0030", {"devid": LIGHT, "ledDevice": 9})
    assert refused is not None
    assert refused[1]["cmd"] == "0030"
    cloud.levers.silent_after_login = True
    assert await app.ask("0004", {}) is None
    cloud.close_all(4001)
    assert (await app.socket.receive()).data == 4001


async def test_r18_the_upgrade_can_be_delayed(cloud: HomismartSimulator, dial: Dial) -> None:
    cloud.levers.upgrade_delay_s = 7.0
    began = asyncio.get_running_loop().time()
    await dial()
    assert 7 <= asyncio.get_running_loop().time() - began < 8


async def test_r18_dropping_tcp(cloud: HomismartSimulator, app: App) -> None:
    cloud.drop_all()
    assert (await app.socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_a_client_that_leaves_during_the_upgrade_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with HomismartSimulator(SimulatorOptions(tls=False)) as cloud:
        reader, writer = await asyncio.open_connection("127.0.0.1", cloud.port)
        upgrade = {
            "Host": "a",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
        }
        upgrade["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
        lines = [f"GET {PATH} HTTP/1.1", *(f"{key}: {value}" for key, value in upgrade.items()), "", ""]
        writer.write("\r\n".join(lines).encode())
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        assert cloud.upgrades == 1
        assert cloud.connections == []
    assert caplog.records == []


async def test_r19_the_clock_is_settable() -> None:
    import datetime as dt

    clock = Clock(start=dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
    async with HomismartSimulator(SimulatorOptions(tls=False), clock=clock) as cloud:
        cloud.account.change(LIGHT, power=True)
        assert cloud.account.objects[LIGHT]["updateTime"] // 1000 == 1893456000
        assert "ws://127.0.0.1" in cloud.describe()
        assert "ca_file" not in cloud.settings()


async def test_r19_the_time_zone_is_settable() -> None:
    import datetime as dt

    clock = Clock(start=dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
    options = SimulatorOptions(tls=False, time_zone="Asia/Tokyo")
    async with HomismartSimulator(options, clock=clock) as cloud:
        cloud.press_wall_button(LIGHT)
        assert cloud.account.objects[LIGHT]["lastOn"].startswith("2030-01-01 09:00:0")


async def test_r20_whatever_is_wrong_with_a_frame_its_password_is_blanked(
    cloud: HomismartSimulator, app: App
) -> None:
    for frame in (
        '0002{"username":"a","password":"one \\" secret',
        '0002 {"password" : "one secret", "x": 1}',
        '0002{"password":secret}',
        '0040{"oldPassword":"secret","newPassword":"secret"}',
    ):
        await app.say(frame)
        await app.hear()
    assert "secret" not in repr(cloud.journal)
    assert sum(entry.text.startswith("0002") for entry in cloud.journal) == 4


async def test_r20_the_record_has_no_password(cloud: HomismartSimulator, app: App) -> None:
    await app.say(b"\xff")
    await app.hear()
    entries = [(entry.direction, entry.text[:30]) for entry in cloud.journal]
    assert entries[0][0] is Direction.TO_SERVER
    assert entries[1] == (Direction.TO_CLIENT, '0003{"result":true,"shouldConf')
    assert entries[2][1] == "ff"
    assert cloud.account.digest not in repr(cloud.journal)
    assert [frame.prefix for frame in cloud.received()] == ["0002"]


async def test_a_second_app_lives_on_its_own(cloud: HomismartSimulator, app: App) -> None:
    cloud.app.start()
    cloud.app.start()
    await asyncio.sleep(600)
    await cloud.app.stop()
    assert 20 <= cloud.app.deeds <= 60
    heard = set()
    while (frame := await app.hear()) is not None:
        heard.add(frame[1]["type"])
    assert {2, 4, 5, 9} <= heard
    for known in cloud.account.objects.values():
        known["onLine"] = False
    assert cloud.app.act() is None


async def test_the_demo_brings_a_living_flat() -> None:
    clock = Clock()
    (cloud,) = HomismartSimulator.demo(clock)
    async with cloud:
        assert isinstance(cloud, HomismartSimulator)
        await asyncio.sleep(120)
        assert cloud.app.deeds > 2
        assert cloud.settings()["username"] in cloud.describe()
    await cloud.stop()
