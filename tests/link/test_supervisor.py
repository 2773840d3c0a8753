from __future__ import annotations

import asyncio
import logging
import random

import pytest
from tests.example import KettleConnection, KettleSettings

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost
from homewire.link import Backoff, SilenceWatch
from homewire.link.supervisor import LinkState, Supervisor
from homewire.secrets import Secret

SETTINGS = KettleSettings(host="127.0.0.1", password=Secret("right"))


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _opened(supervisor: Supervisor) -> None:
    supervisor.start()
    await supervisor.opened()
    await _settle()


def state(supervisor: Supervisor) -> LinkState:
    """Read the state anew: a type checker would remember what an earlier assertion found."""
    return supervisor.status.state


@pytest.fixture
def connection() -> KettleConnection:
    return KettleConnection(SETTINGS, name="kitchen")


async def test_opens_and_marks_appliances_online(connection: KettleConnection) -> None:
    supervisor = Supervisor(connection)
    await _opened(supervisor)
    assert state(supervisor) is LinkState.ONLINE
    assert connection.appliances["example:kettle"].availability.online
    await supervisor.stop()
    assert state(supervisor) is LinkState.CLOSED
    assert not connection.is_open


async def test_first_failure_reaches_the_caller_and_is_tried_again(connection: KettleConnection) -> None:
    connection.failures = [ConnectionFailed("refused")]
    supervisor = Supervisor(connection)
    supervisor.start()
    with pytest.raises(ConnectionFailed, match="refused"):
        await supervisor.opened()
    assert state(supervisor) is LinkState.WAITING
    await connection.clock.sleep(5)
    assert state(supervisor) is LinkState.ONLINE
    await supervisor.stop()


async def test_lost_link_comes_back_with_one_warning_and_one_line(
    connection: KettleConnection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "homewire.link")
    supervisor = Supervisor(connection)
    await _opened(supervisor)
    connection.failures = [
        ConnectionFailed("refused"),
        ConnectionFailed("refused"),
        ConnectionFailed("refused"),
    ]
    connection.lose(ConnectionLost("the machine hung up"))
    await _settle()
    kettle = connection.appliances["example:kettle"]
    assert (kettle.availability.online, kettle.availability.reason) == (False, "the machine hung up")
    await connection.clock.sleep(60)
    assert kettle.availability.online
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]
    assert connection.opened == 5
    await supervisor.stop()


async def test_wrong_credentials_park_until_settings_change(connection: KettleConnection) -> None:
    connection.failures = [AuthenticationFailed("wrong password")]
    supervisor = Supervisor(connection)
    supervisor.start()
    with pytest.raises(AuthenticationFailed):
        await supervisor.opened()
    await connection.clock.sleep(86400)
    supervisor.wake()
    await connection.clock.sleep(86400)
    assert (supervisor.status.state, connection.opened) == (LinkState.PARKED, 1)
    supervisor.settings_changed(SETTINGS)
    await _settle()
    assert (supervisor.status.state, connection.opened) == (LinkState.ONLINE, 2)
    await supervisor.stop()


async def test_settings_that_change_during_a_rejected_sign_in_are_tried(connection: KettleConnection) -> None:
    supervisor = Supervisor(connection)

    async def rejected() -> None:
        connection.open = opening  # type: ignore[method-assign]  # the real one, from now on
        supervisor.settings_changed(SETTINGS)  # the owner was faster than the peer's answer
        raise AuthenticationFailed("wrong password")

    opening = connection.open
    connection.open = rejected  # type: ignore[method-assign]  # a peer that answers late
    supervisor.start()
    with pytest.raises(AuthenticationFailed):
        await supervisor.opened()
    await _settle()
    assert state(supervisor) is LinkState.ONLINE
    await supervisor.stop()


async def test_a_first_failure_is_told_although_the_next_attempt_runs_already(
    connection: KettleConnection,
) -> None:
    connection.failures = [ConnectionFailed("refused")]
    supervisor = Supervisor(connection)
    opening = connection.open

    async def announced() -> None:
        supervisor.wake()  # the appliance announces itself during the attempt
        await opening()

    connection.open = announced  # type: ignore[method-assign]  # an attempt in which something happens
    supervisor.start()
    with pytest.raises(ConnectionFailed, match="refused"):
        await supervisor.opened()
    await supervisor.stop()


async def test_whoever_waits_for_the_opening_learns_of_the_end(connection: KettleConnection) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    connection.open = hang  # type: ignore[method-assign]  # a peer that accepts and says nothing
    supervisor = Supervisor(connection)
    supervisor.start()
    waiting = asyncio.create_task(supervisor.opened())
    await _settle()
    await supervisor.stop()
    with pytest.raises(ConnectionLost, match="closed before it was open"):
        await waiting


async def test_a_connection_that_cancels_its_own_work_is_opened_again(connection: KettleConnection) -> None:
    supervisor = Supervisor(connection)
    await _opened(supervisor)
    assert connection.lost is not None
    connection.lost.cancel()
    await _settle()
    assert state(supervisor) is LinkState.WAITING
    await connection.clock.sleep(5)
    assert state(supervisor) is LinkState.ONLINE
    await supervisor.stop()


async def test_a_cancelled_stop_is_cancelled_and_still_closes(connection: KettleConnection) -> None:
    before = asyncio.all_tasks()
    supervisor = Supervisor(connection)
    await _opened(supervisor)
    stopping = asyncio.create_task(supervisor.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    await _settle()
    assert asyncio.all_tasks() == before
    assert not connection.is_open


async def test_new_settings_reopen_an_open_link(connection: KettleConnection) -> None:
    supervisor = Supervisor(connection)
    await _opened(supervisor)
    other = KettleSettings(host="127.0.0.2", password=Secret("right"))
    supervisor.settings_changed(other)
    await _settle()
    assert (connection.settings, connection.opened, connection.is_open) == (other, 2, True)
    assert connection.appliances["example:kettle"].availability.online
    await supervisor.stop()


async def test_an_announcement_wakes_it_at_once(connection: KettleConnection) -> None:
    connection.failures = [ConnectionFailed("refused")] * 8
    supervisor = Supervisor(connection, backoff=Backoff(1000, 10000, floor_s=1000))
    supervisor.start()
    for attempt in range(1, 9):
        await _settle()
        assert connection.opened == attempt
        supervisor.wake()
    await _settle()
    assert state(supervisor) is LinkState.ONLINE
    await supervisor.stop()


async def test_backoff_starts_anew_only_after_a_stable_link(connection: KettleConnection) -> None:
    backoff = Backoff(1.0, 64.0)
    supervisor = Supervisor(connection, backoff=backoff)
    await _opened(supervisor)
    for losses in range(1, 4):
        connection.lose(ConnectionLost("gone"))
        await _settle()
        assert backoff.attempts == losses
        supervisor.wake()
        await _settle()
    await connection.clock.sleep(61)
    connection.lose(ConnectionLost("gone"))
    await _settle()
    assert backoff.attempts == 1
    await supervisor.stop()


async def test_a_hanging_open_does_not_hang_the_supervisor(connection: KettleConnection) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    connection.open = hang  # type: ignore[method-assign]  # a peer that accepts and says nothing
    supervisor = Supervisor(connection)
    supervisor.start()
    with pytest.raises(ConnectionLost, match="did not open in time"):
        await supervisor.opened()
    await supervisor.stop()


async def test_a_defect_is_reported_and_survived(
    connection: KettleConnection, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor(connection)
    await _opened(supervisor)
    connection.lose(ZeroDivisionError("a defect"))
    await _settle()
    assert state(supervisor) is LinkState.WAITING
    assert "does not expect" in caplog.text
    await connection.clock.sleep(5)
    assert state(supervisor) is LinkState.ONLINE
    await supervisor.stop()


@pytest.mark.parametrize("steps", range(12))
async def test_stopping_at_any_moment_leaves_nothing(connection: KettleConnection, steps: int) -> None:
    before = asyncio.all_tasks()
    supervisor = Supervisor(connection)
    supervisor.start()
    for _ in range(steps):
        await asyncio.sleep(0)
    await supervisor.stop()
    assert asyncio.all_tasks() == before
    assert not connection.is_open


async def test_failing_status_subscriber_harms_nobody(
    connection: KettleConnection, caplog: pytest.LogCaptureFixture
) -> None:
    supervisor = Supervisor(connection)

    def fail(_status: object) -> None:
        raise RuntimeError("mine")

    unsubscribe = supervisor.subscribe(fail)
    await _opened(supervisor)
    unsubscribe()
    unsubscribe()
    await supervisor.stop()
    assert "A subscriber of kitchen failed" in caplog.text


def test_backoff_doubles_with_full_jitter_up_to_the_ceiling() -> None:
    backoff = Backoff(1.0, 8.0, floor_s=0.0, rng=random.Random(1))
    rounds = []
    for _ in range(300):
        backoff.reset()
        rounds.append([backoff.next_delay_s() for _ in range(6)])
    tops = [max(column) for column in zip(*rounds, strict=True)]
    bottoms = [min(column) for column in zip(*rounds, strict=True)]
    assert tops == pytest.approx([1, 2, 4, 8, 8, 8], rel=0.05)
    assert max(bottoms) < 0.2


async def test_silence_watch_counts_from_the_last_sign_of_life() -> None:
    clock = Clock()
    watch = SilenceWatch(10, clock)
    began = clock.monotonic()
    expired = asyncio.create_task(watch.expired())
    await clock.sleep(7)
    watch.feed()
    await expired
    assert clock.monotonic() - began == pytest.approx(17, abs=0.5)


async def test_a_fast_clock_lives_faster() -> None:
    fast, real = Clock(speed=60), Clock()
    began, began_at, wall = real.monotonic(), fast.now(), fast.monotonic()
    await fast.sleep(60)
    assert real.monotonic() - began == pytest.approx(1, abs=0.1)
    assert (fast.now() - began_at).total_seconds() == pytest.approx(60, abs=5)
    assert fast.monotonic() - wall == pytest.approx(60, abs=5)
    with pytest.raises(TimeoutError):
        async with fast.timeout(6):
            await asyncio.Event().wait()


def test_a_clock_must_run() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Clock(speed=0)
