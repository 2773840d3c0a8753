"""The dashboard in a real Chromium, served by a real bridge with a home behind it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from tests.e2e.home import HomeConnection

from homewire.bridge.editing import ConnectionEditor
from homewire.bridge.events import EventLog
from homewire.bridge.history import History, HistorySettings
from homewire.bridge.history.routes import history_router
from homewire.bridge.http.app import Parts
from homewire.bridge.http.server import HttpOutput
from homewire.bridge.registry import Registry
from homewire.bridge.settings import HttpSettings
from homewire.bridge.web import web_router
from homewire.clock import Clock
from homewire.config import ConnectionEntry
from homewire.kinds import Kind, installed_kinds
from homewire.secrets import Secret

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
HOME = Kind(kind="home", summary="For tests", connection="tests.e2e.home:HomeConnection")


@pytest.fixture(autouse=True)
def home_kind() -> Iterator[None]:
    HomeConnection.made.clear()
    kinds = {**installed_kinds(), "home": HOME}
    with pytest.MonkeyPatch.context() as patch:
        for module in ("homewire.kinds", "homewire.bridge.http.connections"):
            patch.setattr(f"{module}.installed_kinds", lambda: kinds)
        yield


class House:
    """A bridge with history and dashboard."""

    def __init__(self, folder: Path, settings: HttpSettings) -> None:
        self.registry = Registry(clock=Clock())
        url = Secret(f"sqlite:///{folder}/history.sqlite")
        self.history = History(HistorySettings(url=url), registry=self.registry)
        self.settings = settings
        self.output = self._output()

    def _output(self) -> HttpOutput:
        parts = Parts(
            registry=self.registry,
            editor=ConnectionEditor(self.registry),
            event_log=EventLog(self.registry),
            reports=dict,
            ready=lambda: True,
            api_routers=[history_router(self.history)],
            root_routers=[web_router()],
        )
        return HttpOutput(parts, self.settings)

    async def start(self, **connections: dict[str, object]) -> None:
        await self.history.start()
        entries = [ConnectionEntry(kind="home", name=name, values=v) for name, v in connections.items()]
        await self.registry.apply(entries)
        for name in connections:
            await HomeConnection.made[name].ready.wait()
        await self.output.start()

    async def restart(self) -> None:
        """Come back on the same port as a bridge that was started anew."""
        port = self.output.port
        await self.output.stop()
        self.settings = HttpSettings(port=port, requests_per_second=1000, burst=5000)
        self.output = self._output()

    async def stop(self) -> None:
        await self.output.stop()
        await self.registry.stop()
        await self.history.stop()


@pytest.fixture
async def empty_house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path, HttpSettings(port=0, requests_per_second=1000, burst=5000))
    yield house
    await house.stop()


@pytest.fixture
async def house(empty_house: House) -> House:
    await empty_house.start(Kitchen={"sort": "kitchen"}, Flat={"sort": "flat"})
    return empty_house


def find_chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found is not None, "chromium is missing; `make system` installs it"
    return found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        await browser.close()


class Watched:
    """A page whose mistakes, and requests to anywhere else, are collected."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.mistakes: list[str] = []
        page.on("console", lambda m: self.mistakes.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        page.on(
            "request", lambda r: None if _local(r.url, origin) else self.mistakes.append(f"foreign {r.url}")
        )


def _local(url: str, origin: str) -> bool:
    return url.startswith((origin, origin.replace("http", "ws", 1), "data:", "blob:"))


@contextlib.asynccontextmanager
async def opened(
    browser: Browser, house: House, path: str = "/", **options: object
) -> AsyncIterator[Watched]:
    settings: dict[str, object] = {"locale": "en-GB", "viewport": {"width": 1280, "height": 860}, **options}
    context: BrowserContext = await browser.new_context(**settings)  # type: ignore[arg-type]  # by name
    page = await context.new_page()
    watched = Watched(page, house.output.address)
    await page.goto(house.output.address + path)
    try:
        yield watched
    finally:
        await context.close()
