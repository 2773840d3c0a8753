from __future__ import annotations

import asyncio
import datetime as dt
import gc
import logging
from types import SimpleNamespace

import msgspec
import pytest

from homewire.appliance import Appliance, Change, Identity, Occurrence, Origin
from homewire.commands import Allowance, Stage
from homewire.errors import (
    CommandRejected,
    CommandSuperseded,
    CommandTimeout,
    ConnectionLost,
    InvalidValue,
    NotFound,
    RemoteControlDisabled,
)
from homewire.features import Switch
from tests.example import REFUSED, Kettle


async def test_one_batch_per_message_with_real_changes_only() -> None:
    kettle = Kettle()
    batches: list[Change] = []
    kettle.subscribe(batches.append)
    kettle.publish({"power": True, "temperature": 20.0}, Origin.POLL)
    kettle.publish({"power": True, "temperature": 21.5}, Origin.PUSH)
    kettle.publish({"power": True, "temperature": 21.5}, Origin.PUSH)
    assert [(dict(b.values), b.origin) for b in batches] == [
        ({"power": True, "temperature": 20.0}, Origin.POLL),
        ({"temperature": 21.5}, Origin.PUSH),
    ]
    assert batches[0].at.tzinfo is dt.UTC
    assert kettle.state["temperature"] == 21.5


async def test_unknown_is_none_and_zero_is_not_unknown() -> None:
    kettle = Kettle()
    assert kettle.state["temperature"] is None
    kettle.publish({"temperature": 0}, Origin.POLL)
    assert dict(kettle.state)["temperature"] == 0
    kettle.publish({"power": False}, Origin.POLL)
    assert kettle.state["power"] is False


async def test_buttons_and_events_have_no_state() -> None:
    assert "start" not in Kettle().state
    assert "shot" not in Kettle().state


async def test_an_occurrence_is_told_even_when_no_value_changed() -> None:
    kettle = Kettle()
    batches: list[Change] = []
    kettle.subscribe(batches.append)
    shot = Occurrence(key="shot", type="done", at=kettle.clock.now(), data={"duration": 25.1})
    kettle.publish({}, Origin.PUSH, occurrences=[shot])
    assert batches[0].occurrences == (shot,)


async def test_state_is_read_only() -> None:
    with pytest.raises(TypeError):
        Kettle().state["power"] = True  # type: ignore[index]  # that is the point


async def test_a_failing_subscriber_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    kettle = Kettle()
    heard: list[Change] = []

    def fail(_change: Change) -> None:
        raise RuntimeError("mine")

    kettle.subscribe(fail)
    kettle.subscribe(heard.append)
    kettle.publish({"power": True}, Origin.PUSH)
    assert len(heard) == 1
    assert "A subscriber of example:kettle failed" in caplog.text


async def test_unsubscribing_ends_it() -> None:
    kettle = Kettle()
    heard: list[Change] = []
    unsubscribe = kettle.subscribe(heard.append)
    unsubscribe()
    unsubscribe()
    kettle.publish({"power": True}, Origin.PUSH)
    assert heard == []


async def test_changes_says_how_many_it_dropped() -> None:
    kettle = Kettle()
    async with kettle.changes(limit=2) as stream:
        for degrees in range(5):
            kettle.publish({"temperature": float(degrees)}, Origin.PUSH)
        first, second = await anext(stream), await anext(stream)
    assert (first.dropped, second.dropped) == (3, 0)
    assert [first.values["temperature"], second.values["temperature"]] == [3.0, 4.0]
    assert not kettle._listeners


async def test_changes_ends_after_closing() -> None:
    kettle = Kettle()
    stream = kettle.changes()
    reader = asyncio.create_task(_collect(stream))
    await asyncio.sleep(0)
    kettle.publish({"power": True}, Origin.PUSH)
    stream.close()
    assert len(await reader) == 1


async def _collect(stream: object) -> list[Change]:
    return [change async for change in stream]  # type: ignore[attr-defined]  # any stream of changes


async def test_changes_that_nobody_reads_any_more_end_by_themselves() -> None:
    kettle = Kettle()
    kettle.publish({"temperature": 1.0}, Origin.PUSH)

    async def first() -> float:
        asyncio.get_running_loop().call_soon(kettle.publish, {"temperature": 2.0}, Origin.PUSH)
        async for change in kettle.changes():
            return float(str(change.values["temperature"]))
        return 0.0

    assert await first() == 2.0
    gc.collect()
    assert not kettle._listeners  # nothing is queued for ever for a loop that was left


async def test_availability_is_a_change_and_keeps_its_beginning() -> None:
    kettle = Kettle()
    heard: list[Change] = []
    kettle.subscribe(heard.append)
    kettle.set_availability(True, "connected")
    since = kettle.availability.since
    await kettle.clock.sleep(10)
    kettle.set_availability(True, "connected by Bluetooth")
    kettle.set_availability(True, "connected by Bluetooth")
    assert kettle.availability.since == since
    assert [c.availability and c.availability.reason for c in heard] == [
        "connected",
        "connected by Bluetooth",
    ]


async def test_write_returns_confirmed() -> None:
    kettle = Kettle()
    command = await kettle.write("target", "93.5")
    assert command.stage is Stage.CONFIRMED
    assert command.path == "wire"
    assert list(command.times) == [Stage.QUEUED, Stage.SENT, Stage.ACCEPTED, Stage.CONFIRMED]
    assert kettle.written == [("target", 93.5)]


async def test_nothing_leaves_for_an_invalid_value() -> None:
    kettle = Kettle()
    with pytest.raises(InvalidValue, match=r"85 to 100 °C in steps of 0\.5") as caught:
        await kettle.write("target", 20)
    assert caught.value.appliance == "Kettle"
    assert kettle.written == []


async def test_unknown_feature_suggests_the_nearest() -> None:
    with pytest.raises(NotFound, match="Did you mean power"):
        await Kettle().write("powr", True)
    with pytest.raises(NotFound, match="homewire status"):
        await Kettle().write("zzz", True)


async def test_dangerous_is_refused_until_enabled() -> None:
    with pytest.raises(RemoteControlDisabled, match="example:kettle/start"):
        await Kettle().press("start")
    with pytest.raises(RemoteControlDisabled):
        await Kettle().write("lock", "unlock")
    await Kettle().write("lock", "lock")
    await Kettle().press("start", dangerous=True)
    for pattern in ("start", "example:kettle/start", "Kettle/*"):
        assert (await Kettle(allow=Allowance([pattern])).press("start")).stage is Stage.CONFIRMED
    with pytest.raises(RemoteControlDisabled):
        await Kettle(allow=Allowance(["Other/start"])).press("start")


async def test_rejection_reaches_the_caller_with_the_appliance() -> None:
    kettle = Kettle()
    kettle.refusal = REFUSED
    command = kettle.prepare("power", True)
    with pytest.raises(CommandRejected, match="Kettle: the kettle is empty"):
        await kettle.execute(command)
    assert command.stage is Stage.REJECTED
    assert kettle.state["power"] is None
    assert command.describe()["error"]["reason_code"] == 12


async def test_silence_becomes_a_timeout() -> None:
    kettle = Kettle()
    kettle.gate.clear()
    command = kettle.prepare("power", True)
    with pytest.raises(CommandTimeout):
        await kettle.execute(command)
    assert command.stage is Stage.TIMED_OUT
    assert command.latency_s == pytest.approx(60, abs=1)


async def test_lost_link_fails_the_command() -> None:
    kettle = Kettle()
    kettle.refusal = ConnectionLost("gone")
    command = kettle.prepare("power", True)
    with pytest.raises(ConnectionLost):
        await kettle.execute(command)
    assert command.stage is Stage.FAILED


async def test_commands_keep_their_order_and_newer_supersede_waiting() -> None:
    kettle = Kettle()
    kettle.gate.clear()
    running = asyncio.create_task(kettle.write("target", 90))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(kettle.write("target", 91))
    other = asyncio.create_task(kettle.write("power", True))
    await asyncio.sleep(0)
    newest = asyncio.create_task(kettle.write("target", 92))
    await asyncio.sleep(0)
    assert kettle.queued_commands == 2
    kettle.gate.set()
    with pytest.raises(CommandSuperseded):
        await waiting
    await asyncio.gather(running, other, newest)
    assert kettle.written == [("target", 90), ("power", True), ("target", 92)]


async def test_stopping_a_cover_overtakes() -> None:
    kettle = Kettle()
    kettle.gate.clear()
    opening = asyncio.create_task(kettle.write("cover", "open"))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(kettle.write("cover", "stop"))
    await asyncio.sleep(0)
    assert kettle.queued_commands == 0
    kettle.gate.set()
    await asyncio.gather(opening, stopping)


async def test_a_stopped_cover_does_not_move_on_to_what_waited() -> None:
    kettle = Kettle()
    kettle.gate.clear()
    opening = asyncio.create_task(kettle.write("cover", "open"))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(kettle.write("cover", 50))
    await asyncio.sleep(0)
    stopping = asyncio.create_task(kettle.write("cover", "stop"))
    await asyncio.sleep(0)
    kettle.gate.set()
    with pytest.raises(CommandSuperseded):
        await waiting
    await asyncio.gather(opening, stopping)
    assert ("cover", 50) not in kettle.written


async def test_cancelled_commands_give_their_turn_away() -> None:
    kettle = Kettle()
    kettle.gate.clear()
    tasks = [asyncio.create_task(kettle.write(key, value)) for key, value in _WISHES]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[1].cancel()
    await asyncio.sleep(0)
    kettle.gate.set()
    assert (await tasks[2]).stage is Stage.CONFIRMED
    assert kettle.written == [("mode", "eco")]
    assert (await kettle.write("power", False)).stage is Stage.CONFIRMED


_WISHES: tuple[tuple[str, str | bool | int], ...] = (("power", True), ("target", 90), ("mode", "eco"))


async def test_command_listeners_see_every_stage() -> None:
    kettle = Kettle()
    stages: list[Stage] = []
    kettle.subscribe_commands(lambda command: stages.append(command.stage))
    await kettle.write("power", True)
    assert stages == [Stage.QUEUED, Stage.SENT, Stage.ACCEPTED, Stage.CONFIRMED]


async def test_a_failing_command_listener_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    kettle = Kettle()

    def fail(_command: object) -> None:
        raise RuntimeError("mine")

    stages: list[Stage] = []
    kettle.subscribe_commands(fail)
    kettle.subscribe_commands(lambda command: stages.append(command.stage))
    assert (await kettle.write("power", True)).stage is Stage.CONFIRMED
    assert stages == [Stage.QUEUED, Stage.SENT, Stage.ACCEPTED, Stage.CONFIRMED]
    assert "observer" in caplog.text


async def test_a_failing_observer_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    kettle = Kettle()

    def fail(_command: object) -> None:
        raise RuntimeError("mine")

    command = kettle.prepare("power", True)
    command.observe(fail)
    await kettle.execute(command)
    assert "An observer of command" in caplog.text


async def test_diagnostics_are_plain_and_hide_secrets() -> None:
    kettle = Kettle()
    kettle._diagnostics = lambda: {"password": "hunter2", "note": "token=abcdef"}  # type: ignore[method-assign]
    kettle.unknowns.note("programme", 187)
    text = msgspec.json.encode(kettle.diagnostics()).decode()
    assert "hunter2" not in text
    assert "abcdef" not in text
    assert '"value":"187"' in text


async def test_new_declaration_keeps_values() -> None:
    kettle = Kettle()
    kettle.publish({"power": True}, Origin.POLL)
    kettle.replace_features([Switch(key="power", name="Power"), Switch(key="light", name="Light")])
    assert dict(kettle.state) == {"power": True, "light": None}


async def test_a_slow_subscriber_is_named_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(100))
    monkeypatch.setattr("homewire.appliance.time", SimpleNamespace(perf_counter=lambda: float(next(ticks))))
    kettle = Kettle()
    kettle.subscribe(lambda _change: None)
    with caplog.at_level(logging.WARNING):
        kettle.publish({"power": True}, Origin.PUSH)
        kettle.publish({"power": False}, Origin.PUSH)
    assert caplog.text.count("is slow") == 1


async def test_refresh_and_reading_alone_need_no_vendor_code() -> None:
    appliance = Appliance(
        Identity(id="x:1", vendor="X", model="1", name="Plain"), [Switch(key="power", name="P")]
    )
    await appliance.refresh()
    with pytest.raises(InvalidValue, match="power cannot be set"):
        await appliance.write("power", True)
    assert appliance.problems == ()
    assert repr(appliance) == "<Appliance x:1 'Plain'>"


async def test_what_becomes_known_later_is_taken_over() -> None:
    kettle = Kettle()
    kettle.update_identity(firmware="1.40", name="Kitchen")
    assert (kettle.identity.firmware, kettle.identity.name, kettle.identity.model) == (
        "1.40",
        "Kitchen",
        "One",
    )
    assert list(kettle.features) == list(Kettle().features)


async def test_a_turn_that_comes_with_the_cancellation_is_passed_on() -> None:
    kettle = Kettle()
    kettle.gate.clear()
    first = asyncio.create_task(kettle.write("power", True))
    await asyncio.sleep(0)
    second = asyncio.create_task(kettle.write("target", 90))
    third = asyncio.create_task(kettle.write("mode", "eco"))
    await asyncio.sleep(0)
    first.cancel()
    for _ in range(3):  # the turn is given to the second, and its cancellation arrives with it
        await asyncio.sleep(0)
        second.cancel()
    kettle.gate.set()
    assert (await third).stage is Stage.CONFIRMED
    assert "Command" in repr(await third)


def test_tells_when_identity_or_features_are_others_and_only_then() -> None:
    kettle = Kettle()
    told: list[bool] = []
    kettle.subscribe(lambda change: told.append(change.declared))
    kettle.update_identity(firmware="2.0")
    kettle.update_identity(firmware="2.0")
    assert told == [True]
    kettle.replace_features(list(kettle.features.values()))
    assert told == [True]
    kettle.replace_features([Switch(key="power", name="Power")])
    assert told == [True, True]


async def test_an_unknown_resource_is_not_found() -> None:
    with pytest.raises(NotFound, match=r"Kettle: there is no resource 'x'. It has: none."):
        await Kettle().read_resource("x")
