"""The full screen of the demo: live cards above, a prompt below that commands the appliances.

prompt_toolkit owns the terminal; rich draws the cards into it. What the commands print goes to the line above
the prompt.
"""

from __future__ import annotations

import asyncio
import io
import time

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.data_structures import Size
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import Dimension, Float, FloatContainer, HSplit, Layout, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import BeforeInput
from rich.console import Console

from homewire.cli.completing import Suggestions
from homewire.cli.dashboard import Dashboard, pause_s
from homewire.cli.interpreter import Interpreter
from homewire.cli.output import Output
from homewire.cli.session import Session
from homewire.errors import HomewireError

__all__ = ["Screen"]

_REFRESH_S = 0.25
_ANSWER_LINES = 12
_HINT = "Try: power on · help · use NAME · Tab completes · PageDown · Ctrl-C ends"
"""One line on a terminal of 80 columns."""


class Screen:
    """Shows the session's appliances and lets the person command them until Ctrl-C, Ctrl-D or quit."""

    def __init__(self, session: Session, *, color: bool = True, note: str = "") -> None:
        self._dashboard = Dashboard(session)
        self.answers = "\n".join(line for line in (note, _HINT) if line)
        self._color = color
        self._answer_stream = io.StringIO()
        output = Output(self._answer_stream, self._answer_stream)
        output.verbosity = -1
        self._interpreter = Interpreter(session, output)
        self._output = output
        self._running: set[asyncio.Task[None]] = set()
        self._drawn = ANSI("")
        self._drawn_for: object = None
        self._draw_after = 0.0
        self._buffer = Buffer(
            completer=Suggestions(self._interpreter),
            complete_while_typing=True,
            history=InMemoryHistory(),
            multiline=False,
            accept_handler=self._accept,
        )
        self._application: Application[None] = Application(
            layout=self._layout(), key_bindings=self._keys(), full_screen=True, refresh_interval=_REFRESH_S
        )

    async def run(self) -> None:
        """Show the screen until the person ends it."""
        try:
            with self._dashboard.following():
                await self._application.run_async()
        finally:
            for task in self._running:
                task.cancel()

    def _layout(self) -> Layout:
        cards = Window(FormattedTextControl(self._cards), wrap_lines=False)
        answers = Window(
            FormattedTextControl(lambda: ANSI(self.answers)),
            height=Dimension(min=1, max=_ANSWER_LINES),
            dont_extend_height=True,
            wrap_lines=True,
        )
        line = BufferControl(self._buffer, [BeforeInput(lambda: self._interpreter.prompt, style="bold")])
        rows = HSplit([cards, answers, Window(line, height=1)])
        menu = Float(CompletionsMenu(max_height=8, scroll_offset=1), xcursor=True, ycursor=True)
        return Layout(FloatContainer(rows, [menu]), focused_element=line)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("c-c")
        def _interrupt(event: KeyPressEvent) -> None:
            event.app.exit(exception=KeyboardInterrupt)

        @keys.add("c-d")
        def _end(event: KeyPressEvent) -> None:
            event.app.exit()

        @keys.add("pagedown")
        def _down(_event: KeyPressEvent) -> None:
            self._scroll(1)

        @keys.add("pageup")
        def _up(_event: KeyPressEvent) -> None:
            self._scroll(-1)

        return keys

    def _scroll(self, cards: int) -> None:
        self._dashboard.scroll(cards)
        self._drawn_for = None

    def _cards(self) -> ANSI:
        """Return the cards; those drawn a moment ago when little time has passed, as between two keys."""
        size, now = self._application.output.get_size(), time.monotonic()
        if (size, self.answers) != self._drawn_for or now >= self._draw_after:
            self._drawn, self._drawn_for = self._draw(size), (size, self.answers)
            done = time.monotonic()
            self._draw_after = done + pause_s(done - now)
        return self._drawn

    def _draw(self, size: Size) -> ANSI:
        answered = min(
            sum(1 + len(line) // size.columns for line in self.answers.splitlines()), _ANSWER_LINES
        )
        height = max(size.rows - answered - 1, 5)
        canvas = Console(
            file=io.StringIO(),
            force_terminal=True,
            color_system="256" if self._color else None,
            width=size.columns,
            height=height,
            highlight=False,
            emoji=False,
        )
        with canvas.capture() as capture:
            canvas.print(self._dashboard, end="")
        return ANSI(capture.get())

    def _accept(self, buffer: Buffer) -> bool:
        task = asyncio.ensure_future(self._carry_out(buffer.text))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return False

    async def _carry_out(self, line: str) -> None:
        self.answers = "…"
        try:
            going_on = await self._interpreter.run(line)
        except HomewireError as error:
            self._output.error(error)
            going_on = True
        text = self._answer_stream.getvalue().strip()
        self.answers = text or _HINT
        self._answer_stream.seek(0)
        self._answer_stream.truncate()
        if not going_on:
            self._application.exit()
