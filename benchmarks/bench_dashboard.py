"""The dashboard with 200 appliances, from the request to cards on the screen, in Chromium on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from tests.e2e.conftest import FLAGS, HOME, House, find_chromium

import homewire.bridge.http.connections
import homewire.kinds
from benchmarks.figure import Figure
from homewire.bridge.settings import HttpSettings
from homewire.kinds import installed_kinds

APPLIANCES = 200
LOADS = 7

_WHEN_SHOWN = """new Promise(done => new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (entry.name === "homewire-shown") done(entry.startTime);
}).observe({type: "mark", buffered: true}))"""


def run() -> list[Figure]:
    kinds = {**installed_kinds(), "home": HOME}
    for module in (homewire.kinds, homewire.bridge.http.connections):
        module.installed_kinds = lambda: kinds  # type: ignore[attr-defined]  # the home is a kind for tests only
    with tempfile.TemporaryDirectory() as folder:
        times = sorted(asyncio.run(_measure(Path(folder))))
    return [
        Figure(
            name=f"{APPLIANCES} appliances shown, median",
            ours=times[LOADS // 2],
            unit="ms",
            aim="under 1,000",
        ),
        Figure(name=f"{APPLIANCES} appliances shown, slowest of {LOADS}", ours=times[-1], unit="ms"),
    ]


async def _measure(folder: Path) -> list[float]:
    house = House(folder, HttpSettings(port=0, requests_per_second=1000, burst=5000))
    await house.start(Hotel={"count": APPLIANCES})
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        times = [await _load(browser, house.output.address) for _ in range(LOADS)]
        await browser.close()
    await house.stop()
    return times


async def _load(browser: Browser, address: str) -> float:
    """Return the milliseconds from navigation to the paint of all cards, with nothing cached."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(address)
    shown: float = await page.evaluate(_WHEN_SHOWN)
    assert await page.locator("hw-card .big").count() == APPLIANCES
    await context.close()
    return shown
