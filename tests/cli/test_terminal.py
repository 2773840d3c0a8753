"""The live views and prompts on a real (pseudo) terminal, as a person sees them."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import PLUGIN

pytestmark = pytest.mark.real_time

_WITHIN_S = 30.0
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][0-9A-Z]?")


class Terminal:
    """A program on a pseudo terminal of 100 columns and 30 lines."""

    def __init__(self, words: tuple[str, ...], folder: Path) -> None:
        self._master, slave = pty.openpty()
        self.shown = ""
        environment = os.environ | {
            "PYTHONPATH": str(PLUGIN),
            "XDG_CONFIG_HOME": str(folder),
            "TERM": "xterm-256color",
            "COLUMNS": "100",
            "LINES": "30",
            "PROMPT_TOOLKIT_NO_CPR": "1",
        }
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "homewire.cli", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def see(self, wanted: str) -> None:
        """Read until the text appears on the screen."""
        deadline = time.monotonic() + _WITHIN_S
        while wanted not in self.shown:
            left_s = deadline - time.monotonic()
            assert left_s > 0, f"{wanted!r} did not appear in …{self.shown[-3000:]!r}"
            self._read(left_s)

    def end(self) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + _WITHIN_S
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while time.monotonic() < deadline and self._read(_WITHIN_S):
                pass
        return self.process.wait(_WITHIN_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def _read(self, within_s: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], within_s)
        chunk = os.read(self._master, 65536) if ready else b""
        self.shown += _ESCAPES.sub("", chunk.decode(errors="replace"))
        return bool(chunk)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*words: str) -> Terminal:
        opened.append(Terminal(words, tmp_path))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_the_demo_shows_cards_and_obeys_at_its_prompt(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("demo", "tin-kettle", "--speed", "1")
    screen.see("Tea Kettle")
    screen.type("mode fast\r")
    screen.see("Tea Kettle: Mode is fast")
    screen.type("\x03")
    assert screen.end() == 130


def test_ctrl_d_and_quit_end_the_demo_in_peace(terminal: Callable[..., Terminal]) -> None:
    for keys in ("\x04", "quit\r"):
        screen = terminal("demo", "tin-kettle")
        screen.see("tea-kettle>")
        screen.type(keys)
        assert screen.end() == 0


def test_watch_is_live_and_ends_with_130(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("watch", "--demo", "tin-kettle:K1")
    screen.see("Tea Kettle")
    screen.see("▁")  # the course of a value that changes while it is watched
    screen.process.send_signal(signal.SIGINT)
    assert screen.end() == 130
    assert "Traceback" not in screen.shown


def test_the_console_completes_shows_news_and_goes_on_after_a_mistake(
    terminal: Callable[..., Terminal],
) -> None:
    screen = terminal("console", "tin-kettle:K1", "--demo")
    screen.see("tea-kettle>")
    screen.type("mode slow\r")
    screen.see("Allowed: eco, fast.")
    screen.type("target 95\r")
    screen.see("Target temperature is 95 °C")
    screen.type("quit\r")
    assert screen.end() == 0


def test_ctrl_c_ends_the_console(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("console", "tin-kettle:K1", "--demo")
    screen.see("tea-kettle>")
    screen.type("\x03")
    assert screen.end() == 130


def test_ctrl_c_takes_a_typed_line_back(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("console", "tin-kettle:K1", "--demo")
    screen.see("tea-kettle>")
    screen.type("mode slow")
    screen.see("mode slow")
    screen.type("\x03")
    screen.type("target 95\r")
    screen.see("Target temperature is 95 °C")
    screen.type("quit\r")
    assert screen.end() == 0


def test_progress_is_shown_on_a_terminal_and_then_gone(terminal: Callable[..., Terminal]) -> None:
    screen = terminal("set", "tin-kettle:K1", "power", "off", "--demo", "--no-color")
    assert screen.end() == 0
    assert "Tea Kettle: Power is off" in screen.shown
