"""Every case of the vector file: client frames built from their wish, server frames read to their effect."""

from __future__ import annotations

import collections
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from homewire.homismart import requests
from homewire.homismart.codec import Direction, FrameError, decode, encode
from homewire.homismart.codes import ErrorCode, Group, Kind
from homewire.homismart.devices import CurtainDevice, HomismartDevice, HomismartHub, LockDevice
from homewire.homismart.link import DEFAULT_URL
from homewire.homismart.models import (
    AddResult,
    DeleteResult,
    LoginResult,
    Redirect,
    ServerError,
    malformed_fields,
    read_report,
)
from homewire.homismart.prefixes import RequestPrefix
from homewire.homismart.requests import Request
from homewire.homismart.session import ChangeKind, HomismartSession

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "homismart.json").read_text()
)["cases"]
NOW = dt.datetime(2026, 1, 1, 0, 0, 0, 123000, dt.UTC)

VALID_FROM_CLIENT = [
    c for c in CASES if c["direction"] == "client_to_server" and c["meaning"].get("valid", True)
]
VALID_FROM_SERVER = [
    c for c in CASES if c["direction"] == "server_to_client" and c["meaning"].get("valid", True)
]
INVALID = [c for c in CASES if not c["meaning"].get("valid", True)]


def named(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[c["name"] for c in cases])


def content(case: dict[str, Any]) -> str | bytes:
    return bytes.fromhex(case["binary_hex"]) if "binary_hex" in case else case["text"]


def test_the_file_is_covered() -> None:
    assert len(CASES) == 291
    assert len(VALID_FROM_CLIENT) + len(VALID_FROM_SERVER) + len(INVALID) == 291


def built(meaning: dict[str, Any]) -> Request:
    """Build the request that carries out the wish, from what the client holds."""
    intent = meaning["intent"]
    record: dict[str, Any] = next(
        (r for r in meaning.get("given", ()) if r["id"] == intent.get("device")), {}
    )
    device: str = intent.get("device", "")
    value: Any = intent.get("value")
    empty = {"list_devices", "heartbeat", "timer_list_all", "favourite_list"}
    if intent["action"] in empty:
        return RequestPrefix[intent["action"].upper()], {}
    builders: dict[str, Any] = {
        "login": lambda: requests.login(
            intent["username"], requests.password_digest(meaning["account"]["password"])
        ),
        "accept_terms": lambda: (RequestPrefix.TERMS_ACCEPT, {}),
        "scenario_list": lambda: (RequestPrefix.SCENARIO_LIST, None),
        "turn_on": lambda: requests.power(record, True, NOW),
        "turn_off": lambda: requests.power(record, False, NOW),
        "set_level": lambda: requests.cover(record, intent["level"], NOW),
        "stop": lambda: requests.stop(record, NOW),
        "set_led": lambda: requests.led(device, value),
        "set_closed_position": lambda: requests.closed_position(device, value),
        "rename": lambda: requests.modify(record, name=intent["name"]),
        "set_icon": lambda: requests.modify(record, icon=intent["icon"]),
        "lock": lambda: requests.modify(record, lock=True),
        "unlock": lambda: requests.modify(record, lock=False),
        "delete": lambda: requests.delete(device),
        "control_all": lambda: requests.control_all(group_of(intent["group"]), intent["on"]),
        "timer_query": lambda: requests.timers_of(device),
        "timer_delete": lambda: requests.delete_timer(intent["timer"]),
        "timer_delete_all": lambda: requests.delete_timers_of(device),
        "timer_add": lambda: (RequestPrefix.TIMER_ADD, meaning["payload"]),
        "timer_edit": lambda: (RequestPrefix.TIMER_EDIT, meaning["payload"]),
    }
    request: Request = builders[intent["action"]]()
    return request


def group_of(words: str) -> Group:
    return {"all": Group.ALL, "sockets": Group.SOCKETS}.get(words, Group.COVERS)


@named(VALID_FROM_CLIENT)
def test_a_client_frame_is_what_the_wish_builds(case: dict[str, Any]) -> None:
    meaning = case["meaning"]
    frame = decode(case["text"], Direction.TO_SERVER)
    assert (frame.prefix, frame.body) == (meaning["prefix"], meaning.get("payload") or {})
    assert isinstance(frame.kind, RequestPrefix)
    assert frame.kind.name.lower() == meaning["message"]
    prefix, body = built(meaning)
    assert prefix == meaning["prefix"]
    assert (body or {}) == (meaning.get("payload") or {})
    again = decode(encode(prefix, body), Direction.TO_SERVER)
    assert again == frame


class Told:
    """A session with what it was given, and what it told afterwards."""

    def __init__(self, given: list[dict[str, Any]]) -> None:
        self.session = HomismartSession()
        self.session.dispatch_message("0005", json.loads(json.dumps(given)))
        self.before = {d.id: d.raw for d in self.session.all_objects()}
        self.changes: list[tuple[ChangeKind, str]] = []
        self.events: collections.Counter[str] = collections.Counter()
        self.session.subscribe(lambda change: self.changes.append((change.kind, change.device.id)))
        self.session.register_event_listener("session_error", lambda _: self.events.update(["error"]))

    @property
    def state(self) -> dict[str, dict[str, Any]]:
        return {d.id: d.raw for d in self.session.all_objects()}


def normalised(device: HomismartDevice) -> dict[str, Any]:
    """Describe a device in the words of the vector file, read as the released client reads it."""
    hub = isinstance(device, HomismartHub)
    view = {
        "id": device.id,
        "role": "hub" if hub else "device",
        "kind": device.kind.value,
        "type": device.device_type_code,
        "hub": device.pid,
        "name": device.name,
        "online": device.is_online,
        "on": device.is_on,
        "led": device.led_state,
        "icon": device.icon_id,
        "shared": device.shared,
    }
    if isinstance(device, CurtainDevice):
        reading = device.reading
        view |= {
            "level_raw": reading.raw,
            "level": reading.level,
            "level_vendor_ui": reading.vendor_level,
            "stopped": reading.stopped,
            "closed_position": device.closed_position_calibration,
        }
    if isinstance(device, LockDevice):
        view["locked"] = device.is_locked
    return view


def expected(view: dict[str, Any]) -> dict[str, Any]:
    """Apply the page's advice for new clients: a reported 1 is open (section 8.5)."""
    return view | {"level": 0} if view.get("level") == 1 else view


@named(VALID_FROM_SERVER)
def test_a_server_frame_has_its_effect(case: dict[str, Any]) -> None:
    meaning = case["meaning"]
    told = Told(meaning.get("given", []))
    frame = decode(case["text"], Direction.TO_CLIENT)
    assert frame.kind is not None
    assert frame.kind.name.lower() == meaning["message"]
    if "redirect" in meaning["effect"] and meaning["effect"]["redirect"] is None:
        with pytest.raises(FrameError):
            read_report(frame)
        return
    report = read_report(frame)
    told.session.take(report)
    checks: dict[str, Any] = {
        "login": check_login,
        "redirect": check_redirect,
        "hubs": check_list,
        "device": check_push,
        "added": check_added,
        "error": check_error,
        "state_change": check_nothing,
    }
    effect = meaning["effect"]
    check = next((checks[key] for key in checks if key in effect), check_deleted)
    check(effect, report, told)


def check_login(effect: dict[str, Any], report: Any, _told: Told) -> None:
    assert isinstance(report, LoginResult)
    assert report.accepted == (effect["login"] == "accepted")
    assert report.terms_pending == effect["terms_required"]


def check_redirect(effect: dict[str, Any], report: Any, _told: Told) -> None:
    assert isinstance(report, Redirect)
    assert report.host == effect["redirect"]["host"]
    assert report.port_field == effect["redirect"]["port_field"]
    target = URL(DEFAULT_URL.format(subdomain="prod")).with_host(report.host)
    assert target == URL(effect["redirect"]["dial"])


def check_list(effect: dict[str, Any], _report: Any, told: Told) -> None:
    assert [normalised(h) for h in told.session.get_all_hubs()] == effect["hubs"]
    shown = {d.id: normalised(d) for d in told.session.get_all_devices()}
    assert shown == {view["id"]: expected(view) for view in effect["devices"]}
    assert [i for k, i in told.changes if k is ChangeKind.REMOVED] == sorted(
        effect["removed"], key=lambda i: i.startswith("00")
    )


def check_push(effect: dict[str, Any], _report: Any, told: Told) -> None:
    view = expected(effect["device"])
    device = told.session.get_device_by_id(view["id"]) or told.session.get_hub_by_id(view["id"])
    assert device is not None
    assert normalised(device) == view
    kinds = [kind for kind, _ in told.changes]
    if effect["created"]:
        assert kinds == [ChangeKind.ADDED]
    elif effect["kind_changed"]:
        assert kinds == [ChangeKind.REPLACED]
    else:
        assert kinds == ([ChangeKind.UPDATED] if told.state != told.before else [])


def check_added(effect: dict[str, Any], report: Any, told: Told) -> None:
    assert isinstance(report, AddResult)
    assert (report.record is not None) == effect["ok"]
    if effect["added"] is not None:
        check_push({"device": effect["added"], "created": True, "kind_changed": False}, report, told)
    else:
        assert told.state == told.before


def check_deleted(effect: dict[str, Any], report: Any, told: Told) -> None:
    assert isinstance(report, DeleteResult)
    assert (report.deleted is not None) == effect["ok"]
    gone = [i for k, i in told.changes if k is ChangeKind.REMOVED]
    assert gone == ([effect["removed"]] if effect["removed"] else [])


def check_error(effect: dict[str, Any], report: Any, told: Told) -> None:
    wanted = effect["error"]
    assert isinstance(report, ServerError)
    assert report.code is not None
    assert int(report.code) == wanted["code"]
    assert report.info == wanted["info"]
    if wanted["name"] == "unknown_code":
        assert report.code.name == f"UNKNOWN_{wanted['code']}"
    else:
        assert report.code.main.name.lower() == wanted["name"]
    main = wanted["alias_of"] if wanted["alias_of"] is not None else wanted["code"]
    assert report.code.main == ErrorCode(main)
    assert told.events["error"] == 1


def check_nothing(_effect: dict[str, Any], _report: Any, told: Told) -> None:
    assert told.state == told.before
    assert told.changes == []


OUR_WORD = {
    # Four characters that are no digits are no prefix; the file calls the same frames bad JSON.
    "bad_leading_space": "unknown_prefix",
    "bad_byte_order_mark": "unknown_prefix",
    # A kept entry or field is no fault of the frame; it is counted where it is merged.
}


@named(INVALID)
def test_a_bad_frame_is_survived_and_named(case: dict[str, Any]) -> None:
    meaning, effect = case["meaning"], case["meaning"]["effect"]
    from_server = case["direction"] == "server_to_client"
    direction = Direction.TO_CLIENT if from_server else Direction.TO_SERVER
    told = Told(meaning.get("given", []))
    problem = None
    try:
        frame = decode(content(case), direction)
        if frame.kind is None:
            problem = "unknown_prefix"
        elif from_server:
            report = read_report(frame)
            told.session.take(report)
            problem = getattr(report, "problem", None) or found_in_session(told)
            assert getattr(report, "accepted", False) is False
    except FrameError as error:
        problem = error.problem
    if from_server:
        check_state(case["name"], effect, told)
    if problem is None:
        assert case["name"] in LEFT_TO_THE_MEANING
    else:
        assert problem == OUR_WORD.get(case["name"], effect["problem"])


LEFT_TO_THE_MEANING = {
    # Read without complaint; that the last of two equal keys wins is what the file wants, too.
    "bad_duplicate_keys",
    # Well-formed requests that the server refuses: proven against the simulator (test_simulator.py).
    "server_gets_control_without_body",
    "server_gets_control_for_unknown_id",
    "server_gets_led_out_of_range",
    "server_gets_closed_position_out_of_range",
    "server_gets_login_without_password",
    "server_gets_list_before_login",
    # Values that the file allows to be read as what they mean.
    "bad_type_is_text",
    "bad_power_is_number",
    "bad_icon_number",
}


def found_in_session(told: Told) -> str | None:
    """Return what the session counted, or a changed device cannot read, as the problem that it is."""
    malformed = any(device.malformed_fields for device in told.session.all_objects())
    return "wrong_type" if malformed or told.session.unknowns.report() else None


def check_state(name: str, effect: dict[str, Any], told: Told) -> None:
    kept = effect.get("kept_entries")
    if kept is not None:
        assert set(kept) <= set(told.state)
    change = effect["state_change"]
    if change is False and name != "bad_duplicate_keys":
        assert told.state == told.before
        assert told.changes == []
    light = told.session.get_device_by_id("02510000000162")
    if name == "bad_power_is_text":
        assert light is not None
        assert light.is_on is None
        assert malformed_fields(light.raw) == ["power"]
    if change == "position becomes unknown":
        shutter = told.session.get_device_by_id("04510000000401")
        assert isinstance(shutter, CurtainDevice)
        assert shutter.current_level is None


def test_every_kind_of_the_file_is_known() -> None:
    kinds = {c["meaning"]["intent"].get("kind") for c in VALID_FROM_CLIENT} - {None}
    assert kinds == {kind.value for kind in Kind}
