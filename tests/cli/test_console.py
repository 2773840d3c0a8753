"""The language of the prompt, its completion, the prompt itself and the demo's screen."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import io
import types
from collections.abc import AsyncIterator
from typing import cast

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from tests.cli.conftest import Cli, Kettle

from homewire.appliance import Appliance, Identity, Origin
from homewire.cli.console import prompt, prompt_session, toolbar
from homewire.cli.dashboard import Dashboard
from homewire.cli.demo import demo_session
from homewire.cli.interpreter import Interpreter
from homewire.cli.output import Output, UsageError
from homewire.cli.screen import Screen
from homewire.cli.session import Session
from homewire.errors import InvalidValue, NotFound, RemoteControlDisabled
from homewire.features import Sensor


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    async with demo_session((), 1.0, Output(io.StringIO(), io.StringIO()), keep_trying=True) as session:
        yield session


def _interpreter(session: Session) -> tuple[Interpreter, io.StringIO]:
    out = io.StringIO()
    return Interpreter(session, Output(out, out)), out


async def test_a_script_is_carried_out_line_by_line(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    script = "power on  # warm up\n\ntarget=95 mode=fast\npress whistle\npower\nquit\npower off\n"
    result = await cli("console", *running.words, stdin=script)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[-2:] == ["Tea Kettle: Whistle done", "on"]
    assert running.simulator.written == [{"power": True}, {"target": 95}, {"mode": "fast"}, {"whistle": None}]


async def test_a_script_stops_at_the_first_failure(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    result = await cli("console", "tea", *running.words, stdin="target 5\npower on\n")
    assert result.code == 7
    assert running.simulator.written == []


@pytest.mark.parametrize(
    ("line", "error", "complaint"),
    [
        ("mode slow", InvalidValue, "Tea Kettle: Mode .* Allowed: eco, fast"),
        ("press power", InvalidValue, "not something to press"),
        ("press descale", RemoteControlDisabled, "is dangerous"),
        ("powr", NotFound, "Did you mean power"),
        ("use toaster", NotFound, "no appliance 'toaster'"),
        ("whistle", UsageError, "Press it with: press whistle"),
        ("dangerous maybe", UsageError, "on or off"),
        ('mode "fast', UsageError, "the line is not complete"),
    ],
)
async def test_what_is_wrong_at_the_prompt_is_named(
    session: Session, line: str, error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        await _interpreter(session)[0].run(line)


async def test_consent_lasts_until_it_is_withdrawn_and_shows(session: Session) -> None:
    interpreter, out = _interpreter(session)
    assert interpreter.prompt == "tea-kettle> "
    await interpreter.run("dangerous on")
    assert interpreter.prompt == "tea-kettle!> "
    await interpreter.run("press descale")
    await interpreter.run("dangerous off")
    with pytest.raises(RemoteControlDisabled):
        await interpreter.run("press descale")
    assert out.getvalue() == "Tea Kettle: Descale done\n"


async def test_help_list_status_and_refresh(session: Session) -> None:
    interpreter, out = _interpreter(session)
    for line in ("help", "help target", "list", "status", "status all", "refresh", "use tea"):
        assert await interpreter.run(line)
    shown = out.getvalue()
    for text in ("FEATURE: press it", "It takes: 40 to 100 °C in steps of 0.5.", "tin-kettle:K1", "Starts"):
        assert text in shown
    assert not await interpreter.run("exit")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("po", {"power"}),
        ("pr", {"press"}),
        ("set m", {"mode"}),
        ("set mode ", {"eco", "fast"}),
        ("mode f", {"fast"}),
        ("power o", {"on", "off"}),
        ("lid ", {"lock", "unlock"}),
        ("target ", {"90.0"}),
        ("press ", {"whistle", "descale"}),
        ("use ", {"tea-kettle"}),
        ("help te", {"temperature"}),
        ("dangerous ", {"on", "off"}),
        ("status ", {"all"}),
        ("temperature ", set()),
    ],
)
async def test_completion_suggests_features_and_values(
    session: Session, line: str, expected: set[str]
) -> None:
    found = {word for word, _ in _interpreter(session)[0].suggestions(line)}
    assert found == expected


async def test_the_prompt_completes_and_its_toolbar_is_live(session: Session) -> None:
    interpreter, _ = _interpreter(session)
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        prompting = prompt_session(interpreter)
        keys.send_text("set mode fast\r")
        assert await prompting.prompt_async(interpreter.prompt) == "set mode fast"
        completer = prompting.completer
    assert completer is not None
    asked = completer.get_completions(Document("set mode f"), CompleteEvent(completion_requested=True))
    assert [(one.text, one.start_position) for one in asked] == [("fast", -1)]
    assert not list(completer.get_completions(Document(""), CompleteEvent(text_inserted=True)))
    assert toolbar(interpreter).startswith(" Tea Kettle: Power on · Temperature ")
    await interpreter.run("mode eco")


async def test_the_prompt_goes_on_after_mistakes_and_shows_news_above(session: Session) -> None:
    out = io.StringIO()
    with (
        create_pipe_input() as keys,
        create_app_session(input=keys, output=DummyOutput()),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("prompt_toolkit.patch_stdout.patch_stdout", lambda **_: contextlib.redirect_stdout(out))
        keys.send_text("mode slow\rmode fast\r")
        prompting = asyncio.ensure_future(prompt(session, Output(out, out)))
        await asyncio.sleep(20)
        keys.send_text("\x04")
        await prompting
    for text in ("Allowed: eco, fast.", "Tea Kettle: Mode is fast", "Boiled  done (seconds 90.5)"):
        assert text in out.getvalue()


async def test_the_toolbar_says_why_an_appliance_is_offline(session: Session) -> None:
    interpreter, _ = _interpreter(session)
    [kettle] = session.appliances.values()
    kettle.set_availability(False, "unplugged")  # type: ignore[attr-defined]  # a view of a real appliance
    assert toolbar(interpreter) == " Tea Kettle: unplugged"


async def test_the_screen_shows_cards_and_obeys(session: Session) -> None:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        screen = Screen(session, color=False)
        showing = asyncio.ensure_future(screen.run())
        keys.send_text("mode fast\r")
        async with asyncio.timeout(10), session.changes() as changes:
            async for change in changes:
                if change.values.get("mode") == "fast":
                    break
        keys.send_text("mode slow\r")
        await asyncio.sleep(1)
        assert "Allowed: eco, fast" in screen.answers
        keys.send_text("\x1b[6~\x1b[5~quit\r")
        async with asyncio.timeout(10):
            await showing


async def test_the_cards_show_values_courses_and_news(session: Session) -> None:
    dashboard = Dashboard(session)
    with dashboard.following():
        await dashboard.seen(5)
        shown = _drawn(dashboard)
    assert "Tea Kettle" in shown
    assert "45.0 °C ▁▃▅▆█" in shown
    assert "Waiting for the first change" in shown
    await session.press("tin-kettle:K1", "whistle")
    with dashboard.following():
        await dashboard.seen(14)
    assert "Power  off" in _drawn(dashboard)
    assert "Boiled  done" in _drawn(dashboard)


async def test_an_offline_appliance_says_why_on_its_card(session: Session) -> None:
    [kettle] = session.appliances.values()
    dashboard = Dashboard(session, ["tin-kettle:K1"])
    kettle.set_availability(False, "unplugged")  # type: ignore[attr-defined]  # a view of a real appliance
    assert "unplugged" in _drawn(dashboard)


async def test_a_small_terminal_shows_a_part_of_several_cards_and_says_of_how_many() -> None:
    readings = tuple(Sensor(key=f"reading_{n}", name=f"Reading {n}") for n in range(30))
    appliances = [
        Appliance(Identity(id=f"t:{n}", vendor="T", model="M", name=f"Machine {n}"), readings)
        for n in range(6)
    ]
    for one in appliances:
        one.publish({feature.key: 1 for feature in readings}, Origin.POLL)
        one.set_availability(one.identity.name != "Machine 1", "told by the test")
    session = cast("Session", types.SimpleNamespace(appliances={one.identity.id: one for one in appliances}))
    dashboard = Dashboard(session, [one.identity.id for one in appliances])
    shown = _drawn(dashboard)
    assert len(shown.splitlines()) <= 24
    assert all(f"Machine {n}" in shown for n in range(4))
    assert "4 of 6 shown" in shown
    dashboard.scroll(5)
    assert "Machine 5" in _drawn(dashboard)
    assert "1 of 6 shown" in _drawn(dashboard)


def _drawn(dashboard: Dashboard) -> str:
    console = importlib.import_module("rich.console").Console(
        file=io.StringIO(), width=80, height=24, force_terminal=True, color_system=None
    )
    with console.capture() as capture:
        console.print(dashboard)
    text: str = capture.get()
    return text
