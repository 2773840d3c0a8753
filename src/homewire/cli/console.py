"""`homewire console`: a prompt that completes features and values, and shows changes as they come.

Without a terminal it reads the same language from standard input, one command per line, and stops at the
first that fails: a script.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from homewire.appliance import Change
from homewire.cli.dashboard import newsworthy
from homewire.cli.interpreter import Interpreter
from homewire.cli.names import connections
from homewire.cli.opening import open_session
from homewire.cli.output import Output
from homewire.cli.session import Session
from homewire.cli.source import Source
from homewire.cli.targets import find_appliance, prominent
from homewire.cli.views import value_text
from homewire.errors import HomewireError

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession

__all__ = ["console", "prompt", "prompt_session", "script"]

_TOOLBAR_EVERY_S = 0.5


async def console(
    appliance: Annotated[
        str | None, Parameter(completer=connections, help="The appliance to begin with.")
    ] = None,
    /,
    *,
    source: Source | None = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> None:
    """Read and change things at a prompt: `power on`, `coffee_target_temperature=93.5`, `status`, `help`.

    The Tab key completes features and values. Without a terminal, commands are read from standard input.
    """
    async with open_session(source or Source(), output, keep_trying=True, only=appliance) as session:
        first = find_appliance(session, appliance).identity.id if appliance else None
        if output.interactive:
            output.note("Type help for what can be done, Ctrl-D to end.")
            await prompt(session, output, first)
        else:
            await script(Interpreter(session, output, first), sys.stdin)


async def script(interpreter: Interpreter, lines: Iterable[str]) -> None:
    """Carry out the lines until one says quit; raise what the first that fails raises."""
    reading = iter(lines)
    while (line := await asyncio.to_thread(next, reading, None)) is not None:
        if not await interpreter.run(line):
            return


async def prompt(session: Session, output: Output, first: str | None = None) -> None:
    """Read commands from the terminal until it is closed; errors are shown and it goes on."""
    from prompt_toolkit.patch_stdout import patch_stdout  # noqa: PLC0415 - for a terminal only

    with patch_stdout(raw=True):  # from here on, what is printed appears above the prompt
        above = output.on(sys.stdout, sys.stdout)
        interpreter = Interpreter(session, above, first)
        unsubscribe = session.subscribe(lambda change: _print_news(session, interpreter, change, above))
        try:
            await _read(prompt_session(interpreter), interpreter, above)
        finally:
            unsubscribe()


async def _read(prompting: PromptSession[str], interpreter: Interpreter, output: Output) -> None:
    while True:
        try:
            if not await interpreter.run(await prompting.prompt_async(interpreter.prompt)):
                return
        except HomewireError as error:
            output.error(error)
        except KeyboardInterrupt:
            if not prompting.default_buffer.text:  # else it only takes the line back, as shells do
                raise
        except EOFError:
            return


def prompt_session(interpreter: Interpreter, **options: Any) -> PromptSession[str]:
    """Return the prompt: completion, history, and a toolbar with the current appliance's readings."""
    from prompt_toolkit import PromptSession  # noqa: PLC0415 - for a terminal only

    from homewire.cli.completing import Suggestions  # noqa: PLC0415 - as above

    return PromptSession(
        completer=Suggestions(interpreter),
        complete_while_typing=True,
        bottom_toolbar=lambda: toolbar(interpreter),
        refresh_interval=_TOOLBAR_EVERY_S,
        **options,
    )


def toolbar(interpreter: Interpreter) -> str:
    """Return the current appliance's state in one line."""
    appliance = interpreter.current
    if appliance is None:
        return " no appliance"
    if not appliance.availability.online:
        return f" {appliance.identity.name}: {appliance.availability.reason}"
    shown = [f"{one.name} {value_text(one, appliance.state[one.key]).plain}" for one in prominent(appliance)]
    width = shutil.get_terminal_size().columns
    return f" {appliance.identity.name}: {' · '.join(shown)}"[: width - 1]


def _print_news(session: Session, interpreter: Interpreter, change: Change, output: Output) -> None:
    current = interpreter.current
    if current is None or current.identity.id != change.appliance:
        return
    for line in newsworthy(session.appliances.get(change.appliance), change):
        with contextlib.suppress(ValueError):  # the terminal is being closed
            output.console.print(line)
