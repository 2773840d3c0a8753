"""The program `homewire`: parse, run, and end with the documented exit code and one clear line.

Exit codes (docs/commands.md): 0 done; 1 something else; 2 wrong usage; 3 to 9 the error family of
`homewire.errors`; 130 and 143 when stopped by Ctrl-C or SIGTERM (or
by SIGHUP, when the terminal closes); 141 when the reader of a pipe went away.
"""

from __future__ import annotations

import inspect
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from homewire.errors import HomewireError

if TYPE_CHECKING:
    from homewire.cli.output import Output

__all__ = ["INTERRUPTED", "PIPE_CLOSED", "TERMINATED", "Terminated", "finish", "main", "run"]

INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
PIPE_CLOSED = 128 + signal.SIGPIPE

_ENDING = (signal.SIGTERM, signal.SIGHUP)
"""A service is told to end, a terminal closes; the bridge takes the second for reading its file again."""


class Terminated(BaseException):
    """SIGTERM asked the program to end; everything is closed on the way out."""


def main() -> None:
    """Run the command that was typed and end the process."""
    sys.exit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run a command in an event loop of its own and return the exit code."""
    try:
        import cyclopts  # noqa: F401, PLC0415 - comes with the extra "cli"; nothing works without it

        from homewire.cli.output import Output  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        print(  # noqa: T201 - nothing is there yet that could print
            f"homewire: the Python package {error.name} is not installed. "
            "Install it with: pip install 'homewire[cli]'",
            file=sys.stderr,
        )
        return 1
    output = Output()
    try:
        return _guarded(words, output)
    except BrokenPipeError:
        # Whoever read our output went away. Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED


def _guarded(words: Sequence[str], output: Output) -> int:
    try:
        result = prepare(words, output)
        if inspect.iscoroutine(result):
            result = _run_loop(result)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        raise
    except BaseException as error:
        return failure(error, output)
    return result if isinstance(result, int) else 0


def prepare(words: Sequence[str], output: Output) -> Any:
    """Parse the words and run the command; return its exit code, or a coroutine that does."""
    from homewire.cli.app import load_command, make_app  # noqa: PLC0415 - brings the parser

    app = make_app(output)
    load_command(app, words)
    return app.meta(list(words), exit_on_error=False, print_error=False, result_action="return_value")


def failure(error: BaseException, output: Output) -> int:
    """Show what went wrong in one line and return its exit code; raise what is no `Exception`."""
    from cyclopts import CycloptsError  # noqa: PLC0415 - brings the parser

    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if not isinstance(error, Exception):
        raise error
    if isinstance(error, CycloptsError):
        output.usage_error(error)
        return 2
    if output.debug:
        output.traceback(error)
    output.error(error)
    return error.exit_code if isinstance(error, HomewireError) else 1


async def finish(words: Sequence[str], output: Output) -> int:
    """Run a command inside a running event loop and return its exit code."""
    try:
        result = prepare(words, output)
        if inspect.iscoroutine(result):
            result = await result
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return failure(error, output)
    except SystemExit as error:
        return failure(error, output)
    return result if isinstance(result, int) else 0


def _run_loop(command: Coroutine[Any, Any, Any]) -> Any:
    """Run the coroutine; Ctrl-C, SIGTERM and SIGHUP cancel it, so that every link is closed properly."""
    import asyncio  # noqa: PLC0415 - not needed for --help

    stopped = False

    async def stoppable() -> Any:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()

        def stop() -> None:
            nonlocal stopped
            stopped = True
            if task is not None:
                task.cancel()

        for number in _ENDING:
            loop.add_signal_handler(number, stop)
        try:
            return await command
        finally:
            for number in _ENDING:
                loop.remove_signal_handler(number)

    try:
        return asyncio.run(stoppable())
    except asyncio.CancelledError:
        if stopped:
            raise Terminated from None
        raise KeyboardInterrupt from None
