from __future__ import annotations

import asyncio
import socket

import pytest

from homewire.appliance import Origin
from homewire.errors import CommandRejected, ConnectionLost, NotSupported, ProtocolError
from tests.bridge.conftest import Api
from tests.bridge.kitchen import KitchenConnection, Machine

pytestmark = pytest.mark.real_time

KETTLE = "/api/v1/appliances/test:kitchen"


def machine() -> Machine:
    return KitchenConnection.made["Kitchen"].machine


async def test_shows_appliances_in_full(api: Api) -> None:
    machine().publish({"temperature": 93.5, "power": True}, Origin.POLL)
    [shown] = (await api.json("GET", "/api/v1/appliances"))["appliances"]
    assert shown["id"] == shown["identity"]["id"] == "test:kitchen"
    assert shown["connection"] == "Kitchen"
    assert shown["availability"]["online"] is True
    assert shown["state"]["temperature"] == 93.5
    assert shown["state"]["target"] is None
    assert "start" not in shown["state"]
    features = {feature["key"]: feature for feature in shown["features"]}
    assert features["target"]["minimum"] == 85
    assert features["target"]["options"] is None
    assert (features["start"]["dangerous"], features["start"]["permitted"]) == (True, False)
    assert await api.json("GET", KETTLE) == shown
    assert (await api.json("GET", KETTLE + "/features"))["features"] == shown["features"]
    assert (await api.json("GET", KETTLE + "/state"))["values"] == shown["state"]
    assert await api.json("GET", KETTLE + "/state/temperature") == {
        "key": "temperature",
        "value": 93.5,
        "text": "93.5 °C",
    }


async def test_a_state_that_is_known_is_not_sent_again(api: Api) -> None:
    url = api.output.address + KETTLE + "/state"
    async with api.session.get(url) as answer:
        etag = answer.headers["ETag"]
    async with api.session.get(url, headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    machine().publish({"power": False}, Origin.PUSH)
    async with api.session.get(url, headers={"If-None-Match": f'"x", {etag}'}) as answer:
        assert answer.status == 200
        assert answer.headers["ETag"] != etag


async def test_a_command_is_followed_from_accepted_to_confirmed(api: Api) -> None:
    machine().gate.clear()
    order = {"key": "target", "value": 93.5}
    async with api.session.post(api.output.address + KETTLE + "/commands", json=order) as answer:
        assert answer.status == 202
        location = answer.headers["Location"]
        assert (await answer.json())["stage"] == "queued"
    pending = await api.json("GET", location, params={"wait": "0.01"})
    assert (pending["stage"], pending["path"]) == ("accepted", "wire")
    machine().gate.set()
    assert (await api.json("GET", location, params={"wait": "5"}))["stage"] == "confirmed"
    assert [c["key"] for c in (await api.json("GET", KETTLE + "/commands"))["commands"]] == ["target"]


async def test_a_command_may_be_waited_for(api: Api) -> None:
    done = await api.json("POST", KETTLE + "/commands?wait=5", json={"key": "power", "value": "on"})
    assert (done["stage"], done["value"], done["error"]) == ("confirmed", True, None)
    machine().gate.clear()
    late = await api.json("POST", KETTLE + "/commands?wait=0.01", 202, json={"key": "power", "value": False})
    assert late["stage"] == "accepted"
    machine().gate.set()


@pytest.mark.parametrize(
    ("order", "status", "code", "words"),
    [
        ({"key": "target", "value": 300}, 422, "invalid_value", "85 to 100 °C in steps of 0.5"),
        ({"key": "temperature", "value": 3}, 422, "invalid_value", "it can only be read"),
        ({"key": "start"}, 403, "remote_control_disabled", "allow = "),
        ({"key": "targett", "value": 3}, 404, "not_found", "Did you mean target"),
        ({"value": 3}, 400, "bad_request", "key"),
        ({"key": "power", "colour": 3}, 400, "bad_request", "colour"),
    ],
)
async def test_what_cannot_be_right_is_refused_before_anything_is_sent(
    api: Api, order: dict[str, object], status: int, code: str, words: str
) -> None:
    async with api.session.post(api.output.address + KETTLE + "/commands", json=order) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")
        body = await answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:homewire:error:{code}")
    assert words in body["detail"]
    assert machine().written == []


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (CommandRejected("the kettle is empty", reason_code=12), 409, "command_rejected"),
        (ConnectionLost("the link is gone"), 503, "connection_lost"),
        (ProtocolError("nonsense", offset=3), 502, "protocol_error"),
        (NotSupported("too old"), 501, "not_supported"),
        (RuntimeError("a bug"), 500, "error"),
    ],
)
async def test_an_appliances_no_becomes_a_problem(
    api: Api, refusal: Exception, status: int, code: str
) -> None:
    machine().refusal = refusal
    body = await api.json("POST", KETTLE + "/commands?wait=5", status, json={"key": "power", "value": True})
    assert body["code"] == code
    if code == "command_rejected":
        assert (body["appliance"], body["reason_code"]) == ("Kitchen", 12)


async def test_danger_can_be_consented_to_for_one_call(api: Api) -> None:
    order = {"key": "start", "dangerous": True}
    assert (await api.json("POST", KETTLE + "/commands?wait=5", json=order))["stage"] == "confirmed"
    assert machine().written == [("start", None)]


async def test_repeating_a_command_with_its_key_does_not_do_it_twice(api: Api) -> None:
    async def give(key: str) -> str:
        order = {"key": "rinse"}
        answer = await api.json(
            "POST", KETTLE + "/commands?wait=5", json=order, headers={"Idempotency-Key": key}
        )
        return str(answer["id"])

    assert await give("a") == await give("a") != await give("b")
    assert machine().written == [("rinse", None)] * 2
    order = {"key": "power", "value": True}
    other = await api.json("POST", KETTLE + "/commands", 422, json=order, headers={"Idempotency-Key": "a"})
    assert other["code"] == "idempotency_key_reused"
    assert machine().written == [("rinse", None)] * 2


async def test_a_command_may_depend_on_the_state(api: Api) -> None:
    order = {"key": "rinse"}
    body = await api.json("POST", KETTLE + "/commands", 412, json=order, headers={"If-Match": '"old"'})
    assert body["code"] == "precondition_failed"
    async with api.session.get(api.output.address + KETTLE + "/state") as answer:
        etag = answer.headers["ETag"]
    await api.json("POST", KETTLE + "/commands?wait=5", json=order, headers={"If-Match": etag})


async def test_refresh_diagnostics_resources_and_the_overview(api: Api) -> None:
    await api.json("POST", KETTLE + "/refresh", 204)
    started = await api.json("GET", KETTLE + "/state/started")
    assert started["value"] == "2026-11-21T08:00:00+00:00"
    assert (await api.json("GET", KETTLE + "/diagnostics"))["state"]["temperature"] == 93.5
    [offered] = (await api.json("GET", KETTLE + "/resources"))["resources"]
    assert offered["name"] == "memory/{page}"
    assert (await api.json("GET", KETTLE + "/resources/memory/1"))["data"]["bytes"] == "00ff"
    assert (await api.json("GET", KETTLE + "/resources/memory/2", 404))["code"] == "not_found"
    overview = await api.json("GET", "/api/v1")
    assert (overview["appliances"], overview["connections"]) == (1, 1)
    assert (await api.json("GET", "/api/v1/health"))["ok"] is True


async def test_unknown_places_methods_and_bodies_are_problems(api: Api) -> None:
    assert (await api.json("GET", "/api/v1/nothing", 404))["code"] == "not_found"
    assert (await api.json("GET", "/api/v1/appliances/test:kitchn", 404))[
        "hint"
    ] == "Did you mean test:kitchen?"
    assert (await api.json("DELETE", "/api/v1/appliances", 405))["code"] == "method_not_allowed"
    assert (await api.json("GET", KETTLE + "/state/start", 404))["code"] == "not_found"
    bad = await api.json(
        "POST", KETTLE + "/commands", 400, data=b"{", headers={"Content-Type": "application/json"}
    )
    assert bad["code"] == "bad_request"
    plain = await api.json(
        "POST", KETTLE + "/commands", 415, data=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert plain["code"] == "unsupported_media_type"
    huge = await api.json("POST", KETTLE + "/commands", 413, data=b"x" * 300_000)
    assert huge["code"] == "too_large"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"key": "po\xffwer"}', "not UTF-8"),
        (b'{"key": "power", "value": ' + b"[" * 50_000, "nested too deeply"),
        (b'{"key": "power", "value": NaN}', "malformed"),
        (b"", "a body is needed"),
    ],
)
async def test_a_body_that_is_no_json_is_the_clients_mistake(api: Api, body: bytes, words: str) -> None:
    headers = {"Content-Type": "application/json"}
    told = await api.json("POST", KETTLE + "/commands", 400, data=body, headers=headers)
    assert told["code"] == "bad_request"
    assert words in told["detail"]


async def test_health_and_readiness(api: Api) -> None:
    for path in ("/healthz", "/readyz"):
        async with api.session.get(api.output.address + path) as answer:
            assert answer.status == 200
    api.parts.ready = lambda: False
    async with api.session.get(api.output.address + "/readyz") as answer:
        assert answer.status == 503


async def test_connections_are_added_changed_and_removed_at_run_time(api: Api) -> None:
    body = {"kind": "kitchen", "settings": {"password": "hunter2"}}
    shown = await api.json("PUT", "/api/v1/connections/Cellar", json=body)
    assert shown["settings"]["password"] == "••••••"
    await KitchenConnection.made["Cellar"].ready.wait()
    assert {a["id"] for a in (await api.json("GET", "/api/v1/appliances"))["appliances"]} == {
        "test:kitchen",
        "test:cellar",
    }
    body["settings"] = {"password": "••••••", "machines": 2}
    await api.json("PUT", "/api/v1/connections/Cellar", json=body)
    await KitchenConnection.made["Cellar"].ready.wait()
    assert KitchenConnection.made["Cellar"].settings.password.reveal() == "hunter2"  # type: ignore[union-attr]  # it was given
    assert len((await api.json("GET", "/api/v1/connections/Cellar"))["appliances"]) == 2
    await api.json("DELETE", "/api/v1/connections/Cellar", 204)
    await api.json("GET", "/api/v1/connections/Cellar", 404)
    assert len((await api.json("GET", "/api/v1/connections"))["connections"]) == 1
    wrong = await api.json(
        "PUT", "/api/v1/connections/X", 422, json={"kind": "kitchen", "settings": {"hots": 1}}
    )
    assert (wrong["code"], "Did you mean host?" in wrong["detail"]) == ("configuration_error", True)
    await api.json("POST", "/api/v1/connections/Kitchen/retry", 204)


async def test_kinds_show_what_settings_they_take(api: Api) -> None:
    kinds = {kind["kind"]: kind for kind in (await api.json("GET", "/api/v1/kinds"))["kinds"]}
    schema = kinds["kitchen"]["settings"]["$defs"]["KitchenSettings"]["properties"]
    assert schema["password"]["anyOf"][0]["format"] == "password"


async def test_a_lost_link_shows(api: Api) -> None:
    KitchenConnection.failure["Kitchen"] = ConnectionLost("no answer")
    KitchenConnection.made["Kitchen"].lose(ConnectionLost("the cable is out"))
    while (link := await api.json("GET", "/api/v1/connections/Kitchen"))["state"] == "online":  # noqa: ASYNC110 - asks over HTTP
        await asyncio.sleep(0)
    assert link["error"] is None or link["error"]["code"] == "connection_lost"
    shown = await api.json("GET", KETTLE)
    assert shown["availability"]["online"] is False
    assert shown["availability"]["reason"] in ("the cable is out", "no answer")


async def test_an_answer_does_not_wait_for_acknowledgements(api: Api) -> None:
    [listener] = api.output._sockets
    assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
