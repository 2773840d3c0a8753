"""What a person does with the dashboard, in a real browser."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.e2e.conftest import House, opened
from tests.e2e.home import HomeAppliance, HomeConnection, live_through

from homewire.appliance import Occurrence, Origin, Problem
from homewire.bridge.settings import HttpSettings
from homewire.errors import AuthenticationFailed, CommandRejected
from homewire.secrets import Secret

pytestmark = [pytest.mark.real_time, pytest.mark.system, pytest.mark.xdist_group("browser")]

AXE = (Path(__file__).parent / "vendor/axe/axe.min.js").read_text()

COFFEE = "document.querySelector('hw-history')?.data?.series.find((one) => one.key === 'coffee_temperature')"
"""What the charts hold of the coffee boiler."""


@pytest.fixture
def espresso(house: House) -> HomeAppliance:  # noqa: ARG001 - furnishes the kitchen
    return HomeConnection.made["Kitchen"].get("Espresso machine")


@pytest.fixture
def door(house: House) -> HomeAppliance:  # noqa: ARG001 - furnishes the flat
    return HomeConnection.made["Flat"].get("Front door")


def card(page: Page, name: str) -> Locator:
    return page.locator("hw-card", has=page.get_by_role("link", name=name, exact=True))


def row(page: Page, name: str) -> Locator:
    return page.locator("hw-control", has=page.locator(".name", has_text=name))


def page_of(appliance: HomeAppliance) -> str:
    return f"/#/appliance/{appliance.identity.id}"


async def until(page: Page, expression: str) -> None:
    """Wait until an expression is true in the page, which forbids Playwright's own way of waiting for it."""
    async with asyncio.timeout(10):
        while not await page.evaluate(expression):
            await page.evaluate("new Promise((done) => requestAnimationFrame(done))")


async def assert_accessible(page: Page) -> None:
    """Run axe with every rule of WCAG 2.2 A and AA and its best practices."""
    await page.evaluate(f"{AXE}; undefined")
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    broken = {v["id"]: [node["html"][:160] for node in v["nodes"]] for v in found["violations"]}
    assert broken == {}, json.dumps(broken, indent=2)


async def test_values_and_availability_are_live(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    async with opened(browser, house) as watched:
        mine = card(watched.page, "Espresso machine")
        await expect(mine.locator(".big")).to_have_text("93.4")
        await expect(watched.page.locator("h1")).to_have_text("8 appliances all online")
        espresso.publish({"coffee_temperature": 88.25}, Origin.PUSH)
        await expect(mine.locator(".big")).to_have_text("88.3")
        espresso.publish({"coffee_temperature": None}, Origin.PUSH)
        await expect(mine).to_contain_text("126.1 °C")
        espresso.set_availability(False, "it does not answer")
        await expect(mine).to_contain_text("it does not answer")
        await expect(watched.page.locator("h1")).to_have_text("8 appliances 7 online")
        assert watched.mistakes == []


async def test_a_command_is_pending_until_the_appliance_confirms_it(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    async with opened(browser, house, page_of(espresso)) as watched:
        toggle = watched.page.get_by_role("switch", name="Power")
        await expect(toggle).to_be_checked()
        espresso.gate.clear()
        await toggle.click()
        power = row(watched.page, "Power")
        await expect(power).to_contain_text("Off · Sent, waiting for the appliance…")
        await expect(toggle).to_have_attribute("aria-busy", "true")
        await expect(toggle).to_be_checked()  # a wish is not the state
        assert espresso.state["power"] is True
        espresso.gate.set()
        await expect(power).to_contain_text("Confirmed")
        await expect(toggle).not_to_be_checked()
        await expect(power.locator(".outcome")).to_be_empty()
        assert watched.mistakes == []


async def test_a_refusal_says_why_and_the_state_stays(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    espresso.refusal = CommandRejected("the machine is descaling", hint="Wait until it is done.")
    async with opened(browser, house, page_of(espresso)) as watched:
        mode = row(watched.page, "Pre-brewing")
        await mode.locator("select").select_option("off")
        await expect(mode).to_contain_text("Refused. The machine is descaling. Wait until it is done.")
        await expect(mode.locator("select")).to_have_value("pre_infusion")
        await mode.get_by_role("button", name="Dismiss").click()
        await expect(mode.locator(".outcome")).to_be_empty()
        assert watched.mistakes == []


async def test_a_value_out_of_range_is_refused_by_the_bridge(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    async with opened(browser, house, page_of(espresso)) as watched:
        target = row(watched.page, "Coffee target")
        await target.locator("form").evaluate("form => form.noValidate = true")
        await target.get_by_role("spinbutton").fill("300")
        await target.get_by_role("button", name="Set").click()
        await expect(target).to_contain_text("Allowed: 85 to 104 °C in steps of 0.1.")
        assert espresso.state["coffee_target"] == 93.5


async def test_a_number_is_set_by_keyboard_alone(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    async with opened(browser, house, page_of(espresso)) as watched:
        target = row(watched.page, "Coffee target")
        field = target.get_by_role("spinbutton")
        await field.focus()
        await field.press("ArrowUp")
        await field.press("ArrowUp")
        await field.press("Escape")
        await expect(field).to_have_value("93.5")
        await field.press("ArrowUp")
        await field.press("Enter")
        await expect(target).to_contain_text("Confirmed")
        assert espresso.state["coffee_target"] == 93.6


async def test_every_kind_of_control_reaches_the_appliance(browser: Browser, house: House) -> None:
    espresso = HomeConnection.made["Kitchen"].get("Espresso machine")
    curtain = HomeConnection.made["Flat"].get("Living room curtain")
    async with opened(browser, house, page_of(espresso)) as watched:
        label, wake = row(watched.page, "Label"), row(watched.page, "Wake up at")
        await label.get_by_role("textbox").fill("By the window")
        await label.get_by_role("textbox").press("Enter")
        await expect(label).to_contain_text("Confirmed")
        await wake.locator("input").fill("05:45")
        await wake.get_by_role("button", name="Set").click()
        await expect(wake).to_contain_text("Confirmed")
        await row(watched.page, "Newest firmware").get_by_role("button", name="Install").click()
        await expect(row(watched.page, "Newest firmware")).to_contain_text("Confirmed")
        await row(watched.page, "Standby after").get_by_role("button", name="More Standby after").click()
        await row(watched.page, "Standby after").get_by_role("button", name="Set").click()
        await expect(row(watched.page, "Standby after")).to_contain_text("Confirmed")
    assert (espresso.state["label"], str(espresso.state["wake_at"])) == ("By the window", "05:45:00")
    assert espresso.state["standby"] == 40
    async with opened(browser, house, page_of(curtain)) as watched:
        cover = row(watched.page, "Curtain")
        await cover.get_by_role("button", name="Close").click()
        await expect(cover.locator(".value")).to_have_text("Closed")
        await cover.get_by_role("slider").fill("30")
        await expect(cover.locator(".value")).to_have_text("30 % open")
    assert curtain.state["cover"] == 30


async def test_something_dangerous_asks_first(browser: Browser, house: House, door: HomeAppliance) -> None:
    async with opened(browser, house, page_of(door)) as watched:
        page, lock = watched.page, row(watched.page, "Lock")
        await lock.get_by_role("button", name="Unlock…").click()
        dialog = page.get_by_role("dialog", name="Unlock Front door?")
        await expect(dialog).to_contain_text(f'allow = ["{door.identity.id}/lock"]')
        await assert_accessible(page)
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(lock.locator(".value")).to_have_text("Locked")
        await lock.get_by_role("button", name="Unlock…").click()
        await dialog.get_by_role("button", name="Unlock this once").click()
        await expect(lock.locator(".value")).to_have_text("Unlocked")
        await lock.get_by_role("button", name="Lock", exact=True).click()  # locking needs no consent
        await expect(lock.locator(".value")).to_have_text("Locked")
        assert watched.mistakes == []


async def test_the_stream_comes_back_after_a_restart(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    async with opened(browser, house) as watched:
        link = watched.page.locator("hw-link")
        await expect(link).to_contain_text("Live")
        await house.restart()
        await expect(link).to_contain_text("Disconnected")
        await expect(watched.page.locator(".stale")).to_contain_text("The bridge does not answer.")
        await assert_accessible(watched.page)
        await never_again_by_itself(watched.page)
        espresso.publish({"coffee_temperature": 71.5}, Origin.PUSH)  # while nobody listens
        await house.output.start()
        await link.get_by_role("button", name="Reconnect now").click()
        await expect(link).to_contain_text("Live")
        await expect(card(watched.page, "Espresso machine").locator(".big")).to_have_text("71.5")
        await expect(watched.page.locator(".stale")).to_have_count(0)


async def never_again_by_itself(page: Page) -> None:
    """Let a page that is disconnected wait for ever until it is told to try again."""
    await page.evaluate("window.setTimeout = () => (window.waits = 1)")
    await page.wait_for_function("window.waits")


async def test_what_an_appliance_out_of_reach_said_last_is_marked_as_such(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    espresso.set_availability(False, "no answer for 30 seconds")
    async with opened(browser, house, page_of(espresso)) as watched:
        page = watched.page
        await expect(page.get_by_role("region", name="Last known")).to_contain_text("93.4 °C")
        await expect(page.locator(".state")).to_contain_text("no answer for 30 seconds")
        await expect(page.get_by_role("switch", name="Power")).to_be_disabled()
        await page.locator("hw-history .panel-foot").wait_for()
        await assert_accessible(page)
        espresso.set_availability(True, "connected")
        await expect(page.get_by_role("region", name="Now")).to_contain_text("93.4 °C")
        await expect(page.get_by_role("switch", name="Power")).to_be_enabled()


async def test_appliances_and_troubles_come_and_go(browser: Browser, house: House) -> None:
    async with opened(browser, house) as watched:
        flat = HomeConnection.made["Flat"]
        assert flat.lost is not None
        flat.lost.set_exception(AuthenticationFailed("the password is wrong", hint="Sign in again."))
        trouble = watched.page.get_by_role("region", name="Connections in trouble")
        await expect(trouble).to_contain_text("Flat")
        await expect(trouble).to_contain_text("The password is wrong. Sign in again.")
        await expect(watched.page.locator("h1")).to_have_text("8 appliances 3 online")
        await house.registry.remove("Flat")
        await expect(watched.page.locator("h1")).to_have_text("3 appliances all online")
        await expect(watched.page.locator("hw-card")).to_have_count(3)
        await expect(trouble).to_have_count(0)


async def test_search_and_filter(browser: Browser, house: House) -> None:
    HomeConnection.made["Flat"].get("Hall lamp").set_availability(False, "unplugged")
    async with opened(browser, house) as watched:
        page = watched.page
        await page.get_by_role("searchbox").fill("curt bed")
        await expect(page.locator("hw-card")).to_have_count(1)
        await page.get_by_role("searchbox").fill("submarine")
        await expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
        await page.get_by_role("button", name="Show all").click()
        await page.get_by_role("button", name="Offline").click()
        await expect(page.locator("hw-card h3")).to_have_text(["Hall lamp"])


async def test_history_events_and_diagnostics(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    live_through(espresso, house.registry.clock.now())
    espresso.trouble = (Problem(key="descale", message="Descaling is due", remedy="Run the programme."),)
    await house.history.flush()
    async with opened(browser, house, page_of(espresso)) as watched:
        page = watched.page
        await expect(page.locator("hw-chart canvas")).to_have_count(2)
        await expect(page.locator("hw-chart").first).to_contain_text("Coffee boiler 93.4")
        await expect(page.locator(".lane")).to_contain_text(["Power", "Brewing"])
        await expect(page.locator(".events li")).to_have_count(len(await house.history.reader.events()))
        espresso.publish({"coffee_temperature": 95.1}, Origin.PUSH)
        await expect(page.locator("hw-chart").first).to_contain_text("Coffee boiler 95.1")
        now = house.registry.clock.now()
        shot = Occurrence(key="shot", type="aborted", at=now, data={"duration_s": 3.25})
        espresso.publish({}, Origin.PUSH, occurrences=[shot])
        await expect(page.locator(".events li").first).to_contain_text("3.25 s")
        await page.get_by_role("button", name="7 d").click()
        await expect(page.get_by_role("button", name="7 d")).to_have_attribute("aria-pressed", "true")
        await page.get_by_role("button", name="Show everything").click()
        await expect(page.locator("hw-chart")).to_have_count(4)
        async with page.expect_download() as download:
            await page.get_by_role("button", name="Save as CSV").click()
        saved = (await (await download.value).path()).read_text()
        assert saved.startswith("at,appliance,key,value,unit")
        await page.locator("summary").click()
        await expect(page.locator(".diagnostics pre")).to_contain_text(espresso.identity.id)
        await assert_accessible(page)
        assert watched.mistakes == []


async def test_a_token_is_asked_for(browser: Browser, empty_house: House) -> None:
    settings = HttpSettings(port=0, token=Secret("s3cret-token"), read_token=Secret("only-look"))
    empty_house.settings = settings
    empty_house.output = empty_house._output()
    await empty_house.start(Kitchen={})
    async with opened(browser, empty_house) as watched:
        page = watched.page
        await page.get_by_label("Token").fill("guess")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_have_text("The bridge does not know this token.")
        await assert_accessible(page)
        await page.get_by_label("Token").fill("only-look")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.locator("hw-card")).to_have_count(3)
        await page.get_by_role("switch", name="Espresso machine: Power").click()
        await page.get_by_role("link", name="Espresso machine").click()
        await expect(row(page, "Power")).to_contain_text("Refused. This token may only read.")


async def test_an_empty_home_says_what_to_do(browser: Browser, empty_house: House) -> None:
    await empty_house.start()
    async with opened(browser, empty_house) as watched:
        await expect(watched.page.get_by_role("heading", name="Nothing is connected yet")).to_be_visible()
        await assert_accessible(watched.page)
        await watched.page.goto(f"{empty_house.output.address}/#/appliance/none:1")
        await expect(watched.page.get_by_role("heading", name="This appliance is not here")).to_be_visible()
        assert watched.mistakes == []


async def test_keyboard_reaches_everything(browser: Browser, house: House) -> None:
    async with opened(browser, house) as watched:
        page = watched.page
        await page.locator("hw-card").first.wait_for()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("main")).to_be_focused()
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.get_by_role("link", name="Espresso machine").evaluate(
                "e => e === document.activeElement"
            ):
                break
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Espresso machine", level=1)).to_be_visible()
        await expect(page.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_it_is_accessible_and_fits(
    browser: Browser, house: House, espresso: HomeAppliance, scheme: str, width: int
) -> None:
    HomeConnection.made["Flat"].get("Terrace lamp").set_availability(False, "unplugged")
    view = {"width": width, "height": 800}
    async with opened(browser, house, color_scheme=scheme, viewport=view) as watched:
        page = watched.page
        await page.locator("hw-card").first.wait_for()
        await assert_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.goto(house.output.address + page_of(espresso))
        await page.locator("hw-history .panel-foot").wait_for()
        await assert_accessible(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.mistakes == []


async def test_two_hundred_appliances_are_shown(browser: Browser, empty_house: House) -> None:
    await empty_house.start(Hotel={"count": 200})
    async with opened(browser, empty_house) as watched:
        await expect(watched.page.locator("hw-card")).to_have_count(200)
        await expect(watched.page.locator("h1")).to_have_text("200 appliances all online")
        last = HomeConnection.made["Hotel"].get("Lamp 199")
        last.publish({"watts": 77}, Origin.PUSH)
        await expect(card(watched.page, "Lamp 199").locator(".big")).to_have_text("77")
        assert watched.mistakes == []


async def test_hostile_names_and_values_are_only_text(browser: Browser, empty_house: House) -> None:
    await empty_house.start(Evil={"sort": "hostile"})
    evil, long = HomeConnection.made["Evil"].appliances.values()
    assert isinstance(evil, HomeAppliance)
    async with opened(browser, empty_house, viewport={"width": 390, "height": 800}) as watched:
        page = watched.page
        await expect(page.locator("hw-card")).to_have_count(2)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.locator("hw-card h3 a").first.click()
        await expect(page.locator("h1")).to_have_text(evil.identity.name)
        shot = Occurrence(key="shot", type="x", at=evil.clock.now(), data={"<i>": evil.identity.name})
        evil.publish({}, Origin.PUSH, occurrences=[shot])
        await expect(page.locator(".events li")).to_contain_text("onerror")
        evil.refusal = CommandRejected(evil.identity.name)
        await row(page, "Mode").locator("select").select_option("calm")
        await expect(row(page, "Mode").locator(".refused")).to_contain_text("<img src=x")
        await page.locator("summary").click()
        await expect(page.locator(".diagnostics pre")).to_contain_text("onerror")
        assert await page.locator("main img, main script").count() == 0
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.title() == f"{evil.identity.name} · homewire"
        await page.goto(empty_house.output.address + page_of(evil).replace(evil.identity.id, "%E0%A4%A"))
        await expect(page.get_by_role("heading", name="This appliance is not here")).to_be_visible()
        await page.goto(f"{empty_house.output.address}/#/appliance/{long.identity.id}")
        await expect(page.locator("h1")).to_have_text(long.identity.name)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert watched.mistakes == []


async def test_the_browser_refuses_what_the_policy_forbids(browser: Browser, house: House) -> None:
    async with opened(browser, house) as watched:
        page = watched.page
        await page.locator("hw-card").first.wait_for()
        inject = "document.body.insertAdjacentHTML('beforeend', '<b id=x>')"
        refused = await page.evaluate(f"() => {{ try {{ {inject} }} catch (error) {{ return error.name }} }}")
        assert refused == "TypeError"
        assert await page.evaluate("fetch('http://127.0.0.1:1/').catch((error) => error.name)") == "TypeError"
        assert await page.locator("#x").count() == 0


async def test_a_tab_that_stays_open_does_not_grow(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    async with opened(browser, house, page_of(espresso)) as watched:
        page = watched.page
        await page.locator("hw-history .panel-foot").wait_for()
        for number in range(3000):
            shot = Occurrence(key="shot", type="finished", at=espresso.clock.now(), data={"n": number})
            values = {"coffee_temperature": 90 + number % 50 / 10}
            espresso.publish(values, Origin.PUSH, occurrences=[shot] if number % 3 == 0 else [])
            if number % 100 == 0:
                await page.evaluate("1")
        await house.history.flush()
        await expect(page.locator("hw-chart").first).to_contain_text("Coffee boiler 94.9")
        await until(page, f"{COFFEE}?.at.length < 2100")
        await expect(page.locator(".events li")).to_have_count(500)
        await expect(page.get_by_role("button", name="Earlier")).to_be_visible()


async def test_charts_ask_for_what_they_show_only(browser: Browser, empty_house: House) -> None:
    await empty_house.start(Bar={"sort": "busy"})
    dispenser = HomeConnection.made["Bar"].get("Dispenser")
    live_through(dispenser, empty_house.registry.clock.now())
    await empty_house.history.flush()
    async with opened(browser, empty_house) as watched:
        page, asked = watched.page, list[str]()
        page.on("request", lambda r: asked.append(r.url) if "/history/points" in r.url else None)
        await page.goto(empty_house.output.address + page_of(dispenser))
        await page.locator("hw-chart canvas").first.wait_for()
        assert len(asked) < 12
        await page.get_by_role("button", name="Show everything").click()
        await expect(page.locator(".lane, hw-chart")).not_to_have_count(0)
        await expect(page.get_by_role("button", name="Show less")).to_be_visible()
        await until(page, "document.querySelector('hw-history').data?.series.length > 60")


async def test_a_chart_has_a_gap_where_nobody_knew(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    live_through(espresso, house.registry.clock.now())
    await house.history.flush()
    held = f"{COFFEE}?.values.slice(-3)"
    async with opened(browser, house, page_of(espresso)) as watched:
        await watched.page.locator("hw-chart canvas").first.wait_for()
        before = await watched.page.evaluate(f"{held}.at(-1)")
        espresso.set_availability(False, "unplugged")
        espresso.set_availability(True, "connected")
        await until(watched.page, f"JSON.stringify({held}) === '[{before},null,{before}]'")
        await house.history.flush()
        await watched.page.reload()  # the bridge remembers the same
        await until(watched.page, f"JSON.stringify({held}) === '[{before},null,{before}]'")
        assert watched.mistakes == []


async def test_charts_make_up_for_what_was_missed(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    live_through(espresso, house.registry.clock.now())
    await house.history.flush()
    async with opened(browser, house, page_of(espresso)) as watched:
        link = watched.page.locator("hw-link")
        await watched.page.locator("hw-chart canvas").first.wait_for()
        await house.restart()
        await expect(link).to_contain_text("Disconnected")
        for value in (71.5, 72.5):
            espresso.publish({"coffee_temperature": value}, Origin.PUSH)
        await house.history.flush()
        await house.output.start()
        await expect(link).to_contain_text("Live", timeout=20_000)
        await expect(watched.page.locator("hw-chart").first).to_contain_text("Coffee boiler 72.5")
        await until(watched.page, f"{COFFEE}?.values.includes(71.5)")


async def test_a_network_that_is_gone_shows(browser: Browser, house: House, espresso: HomeAppliance) -> None:
    """An open WebSocket says nothing about a network that swallows everything."""
    async with opened(browser, house) as watched:
        link = watched.page.locator("hw-link")
        await expect(link).to_contain_text("Live")
        await watched.page.context.set_offline(True)
        await expect(link).to_contain_text("Disconnected")
        espresso.publish({"coffee_temperature": 71.5}, Origin.PUSH)
        await watched.page.context.set_offline(False)
        await expect(link).to_contain_text("Live")
        await expect(card(watched.page, "Espresso machine").locator(".big")).to_have_text("71.5")


async def test_connections_with_one_appliance_share_a_group(browser: Browser, empty_house: House) -> None:
    await empty_house.start(Hall={"count": 1}, Attic={"count": 1, "first": 9}, Flat={})
    async with opened(browser, empty_house) as watched:
        groups = watched.page.locator(".group h2")
        await expect(groups).to_have_text(["Glow2", "Flat3"])


async def test_nothing_is_offered_for_installation_that_is_installed(
    browser: Browser, house: House, espresso: HomeAppliance
) -> None:
    async with opened(browser, house, page_of(espresso)) as watched:
        update = row(watched.page, "Newest firmware")
        await expect(update.get_by_role("button", name="Install")).to_be_visible()
        espresso.publish({"firmware": "2.5.0"}, Origin.PUSH)
        await expect(update).to_contain_text("Up to date")
        await expect(update.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [("desktop", 1280, 860), ("phone", 390, 844)])
async def test_screenshots(
    browser: Browser,
    house: House,
    espresso: HomeAppliance,
    scheme: str,
    size: tuple[str, int, int],
    tmp_path: Path,
) -> None:
    """With HOMEWIRE_SCREENSHOTS=docs/images, renew the pictures of the guide."""
    folder = Path(os.environ.get("HOMEWIRE_SCREENSHOTS") or tmp_path)
    live_through(espresso, house.registry.clock.now())
    HomeConnection.made["Flat"].get("Terrace lamp").set_availability(False, "no answer since the last poll")
    await house.history.flush()
    name, width, height = size
    view = {"width": width, "height": height}
    async with opened(browser, house, color_scheme=scheme, viewport=view, device_scale_factor=1.5) as watched:
        page = watched.page
        await expect(page.locator("hw-card")).to_have_count(8)
        await page.evaluate("document.fonts.ready")
        shots = [await page.screenshot(path=folder / f"dashboard-{name}-{scheme}.png")]
        await page.goto(house.output.address + page_of(espresso))
        await page.locator("hw-chart canvas").first.wait_for()
        await expect(page.locator(".events li")).not_to_have_count(0)
        shots += [await page.screenshot(path=folder / f"dashboard-appliance-{name}-{scheme}.png")]
    assert all(shot.startswith(b"\x89PNG") for shot in shots)
