"""A bridge of kettles: connections of the example kind, and an HTTP output on a free loopback port."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from homewire.bridge.editing import ConnectionEditor
from homewire.bridge.events import EventLog
from homewire.bridge.http.app import Parts
from homewire.bridge.http.server import HttpOutput
from homewire.bridge.registry import Registry
from homewire.bridge.settings import HttpSettings
from homewire.clock import Clock
from homewire.config import ConnectionEntry
from homewire.kinds import Kind, installed_kinds
from tests.bridge.kitchen import KitchenConnection, entry

KITCHEN = Kind(kind="kitchen", summary="For tests", connection="tests.bridge.kitchen:KitchenConnection")


@pytest.fixture(autouse=True)
def kitchen_kind() -> Iterator[None]:
    KitchenConnection.made.clear()
    KitchenConnection.failure.clear()
    KitchenConnection.slow.clear()
    kinds = {**installed_kinds(), "kitchen": KITCHEN}
    with pytest.MonkeyPatch.context() as patch:
        for module in ("homewire.kinds", "homewire.bridge.http.connections"):
            patch.setattr(f"{module}.installed_kinds", lambda: kinds)
        yield


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    registry = Registry(clock=Clock())
    yield registry
    await registry.stop()


class Api:
    """A running HTTP output and a client of it."""

    def __init__(self, output: HttpOutput, session: aiohttp.ClientSession, parts: Parts) -> None:
        self.output = output
        self.session = session
        self.parts = parts
        self.registry = parts.registry

    async def json(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        async with self.session.request(method, self.output.address + path, **options) as answer:
            body = await answer.json(content_type=None) if answer.status != 204 else None
            assert answer.status == status, body
            return body


@contextlib.asynccontextmanager
async def running_api(
    registry: Registry, settings: HttpSettings | None = None, path: Path | None = None, **parts: Any
) -> AsyncIterator[Api]:
    made = Parts(
        registry=registry,
        editor=ConnectionEditor(registry),
        event_log=EventLog(registry),
        reports=dict,
        ready=lambda: True,
    )
    for name, value in parts.items():
        setattr(made, name, value)
    output = HttpOutput(made, settings or HttpSettings(port=0), socket_path=path)
    await output.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Api(output, session, made)
    finally:
        await output.stop()


@pytest.fixture
async def api(registry: Registry) -> AsyncIterator[Api]:
    """An API with one connection, Kitchen, that has one kettle."""
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    async with running_api(registry) as running:
        yield running


def entries(*names: str) -> list[ConnectionEntry]:
    return [entry(name) for name in names]
