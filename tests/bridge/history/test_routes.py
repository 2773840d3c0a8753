"""The history over HTTP, with a bridge that records a kettle."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.bridge.conftest import Api, running_api
from tests.bridge.kitchen import KitchenConnection, entry

from homewire.appliance import Origin
from homewire.bridge.history import History, HistorySettings
from homewire.bridge.history.routes import history_router
from homewire.bridge.registry import Registry
from homewire.secrets import Secret

pytestmark = pytest.mark.real_time

T0 = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
RANGE = {"from": "2026-03-01T12:00:00Z", "to": "2026-03-01T13:00:00+00:00"}
KETTLE = {"appliance": "test:kitchen"}


@pytest.fixture
async def history(registry: Registry, tmp_path: Path) -> AsyncIterator[History]:
    made = History(HistorySettings(url=Secret(f"sqlite:///{tmp_path}/h.sqlite")), registry=registry)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def api(registry: Registry, history: History) -> AsyncIterator[Api]:
    await registry.apply([entry("Kitchen")])
    connection = KitchenConnection.made["Kitchen"]
    await connection.ready.wait()
    for second, value in ((0, 90.0), (60, 94.5)):
        at = T0 + dt.timedelta(seconds=second)
        connection.machine.publish({"temperature": value}, Origin.PUSH, at=at)
    connection.machine.shot(27.5)
    await history.flush()
    async with running_api(registry, api_routers=[history_router(history)]) as running:
        yield running


async def test_series_are_listed(api: Api) -> None:
    listed = await api.json("GET", "/api/v1/history/series", params=KETTLE)
    temperature = {**KETTLE, "key": "temperature", "kind": "sensor", "name": "Temperature", "unit": "°C"}
    assert temperature in listed["series"]
    assert (await api.json("GET", "/api/v1/history/series?appliance=no"))["series"] == []


async def test_points_come_as_columns(api: Api) -> None:
    query = {**KETTLE, **RANGE, "key": "temperature"}
    raw = await api.json("GET", "/api/v1/history/points", params=query)
    assert raw["columns"] == {"at": [T0.timestamp(), T0.timestamp() + 60], "value": [90, 94.5]}
    wide = await api.json("GET", "/api/v1/history/points", params={**query, "resolution": 3600})
    assert wide["columns"]["mean"] == [pytest.approx(94.425)]
    assert wide["resolution_s"] == 3600


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"key": "taste"}, 404, "not_found"),
        ({"key": "temperature", "from": "2026-03-02T00:00:00Z"}, 422, "invalid_value"),
        ({"key": "temperature", "resolution": "-1"}, 400, "bad_request"),
        ({"key": "temperature", "from": "yesterday"}, 400, "bad_request"),
        ({"key": "temperature", "resolution": "1", "to": "2026-06-01T00:00:00Z"}, 422, "invalid_value"),
        ({}, 400, "bad_request"),
    ],
)
async def test_wrong_questions_are_told_why(api: Api, query: dict[str, str], status: int, code: str) -> None:
    params = {**KETTLE, **RANGE, **query}
    answer = await api.json("GET", "/api/v1/history/points", status, params=params)
    assert answer["code"] == code
    assert answer["detail"]


@pytest.mark.parametrize(
    ("route", "query"),
    [
        ("points", {"key": "temperature", "to": "0001-01-01T00:00:00Z"}),
        ("points", {"key": "temperature", "from": "2026-03-01T12:00:00"}),
        ("events", {"from": "2026-03-01T12:00:00"}),
        ("events", {"from": "2026-03-02T12:00:00Z", "to": "2026-03-01T12:00:00Z"}),
        ("export", {"from": "2026-03-02T12:00:00Z", "to": "2026-03-01T12:00:00Z"}),
        ("export", {"from": "2026-03-01T12:00:00"}),
    ],
)
async def test_ranges_that_are_none_are_refused(api: Api, route: str, query: dict[str, str]) -> None:
    answer = await api.json("GET", f"/api/v1/history/{route}", 422, params={**KETTLE, **query})
    assert answer["code"] == "invalid_value"


async def test_the_whole_of_time_can_be_asked_for(api: Api) -> None:
    ever = {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59-12:00"}
    for route in ("points", "events", "export"):
        async with api.session.get(
            f"{api.output.address}/api/v1/history/{route}", params={**KETTLE, "key": "temperature", **ever}
        ) as answer:
            assert answer.status == 200, await answer.text()


async def test_a_broken_database_is_told_without_its_words(
    api: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "h.sqlite")) as database:
        database.execute("DROP TABLE occurrences")
    answer = await api.json("GET", "/api/v1/history/events", 503)
    assert (answer["code"], "occurrences" in str(answer)) == ("connection_failed", False)
    assert "occurrences" in caplog.text


async def test_events_come_newest_first(api: Api) -> None:
    (event,) = (await api.json("GET", "/api/v1/history/events", params=KETTLE))["events"]
    assert (event["key"], event["type"], event["data"]) == ("shot", "done", {"seconds": 27.5})


async def test_exports_are_files(api: Api) -> None:
    for form, begin in (("csv", b"at,appliance,key,value,unit\r\n"), ("json", b'[\n{"at":"2026-03-01T')):
        params = {**RANGE, "format": form}
        async with api.session.get(f"{api.output.address}/api/v1/history/export", params=params) as answer:
            body = await answer.read()
            assert (
                answer.headers["Content-Disposition"]
                == f'attachment; filename="homewire-20260301-20260301.{form}"'
            )
        assert body.startswith(begin)
        assert b"94.5" in body


async def test_removed_and_replaced_appliances_are_followed(
    api: Api, registry: Registry, history: History
) -> None:
    await registry.put(entry("Kitchen", host="other"))
    connection = KitchenConnection.made["Kitchen"]
    await connection.ready.wait()
    connection.machine.publish({"temperature": 97}, Origin.PUSH)
    await history.flush()
    latest = await api.json("GET", "/api/v1/history/points", params={**KETTLE, "key": "temperature"})
    assert latest["columns"]["value"][-1] == 97
    machine = connection.machine
    await registry.remove("Kitchen")
    await history.flush()
    machine.publish({"temperature": 98}, Origin.PUSH)
    assert history.report()["buffered"] == 0


async def test_a_history_that_cannot_be_read_says_so(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History(HistorySettings(url=Secret(f"sqlite:///{tmp_path}/file/h.sqlite")), registry=registry)
    await history.start()
    async with running_api(registry, api_routers=[history_router(history)]) as api:
        answer = await api.json("GET", "/api/v1/history/series", 503)
    assert answer["code"] == "connection_failed"
    await history.stop()
