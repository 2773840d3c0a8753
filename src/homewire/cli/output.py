"""What the commands print: data on standard output, everything else on standard error.

With `--json`, standard output carries JSON only, one object per line; each names its schema and version
(`homewire.status/1`), and errors are JSON lines on standard error. Colours follow the terminal, NO_COLOR and
`--no-color`.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from homewire.errors import HomewireError

if TYPE_CHECKING:
    from cyclopts import CycloptsError
    from rich.console import Console, RenderableType

__all__ = ["Output", "UsageError"]

_LEVELS = (logging.ERROR, logging.INFO, logging.DEBUG)
"""For no -v, -v and -vv: losses of a link are told by the commands themselves."""


_PIPE_WIDTH = 160
"""Tables that go into a file or a pipe need not fold at the width of a terminal."""


class UsageError(HomewireError):
    """The command was typed wrongly in a way that only shows once its words are understood."""

    code = "usage"
    exit_code = 2


class Output:
    """The two streams and how to write on them; options of the command line change it before it is used."""

    def __init__(self, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr
        self.json = False
        self.color = True
        self.verbosity = 0
        self.debug = False
        self._consoles: dict[bool, Console] = {}

    def on(self, stdout: TextIO, stderr: TextIO) -> Output:
        """Return the same on other streams."""
        other = Output(stdout, stderr)
        other.json, other.color, other.verbosity, other.debug = (
            self.json,
            self.color,
            self.verbosity,
            self.debug,
        )
        return other

    @property
    def interactive(self) -> bool:
        """Whether a person sits at both ends: live views and prompts are welcome."""
        return not self.json and self.stdout.isatty() and sys.stdin.isatty()

    @property
    def console(self) -> Console:
        """The rich console on standard output."""
        return self._console(errors=False)

    @property
    def error_console(self) -> Console:
        """The rich console on standard error."""
        return self._console(errors=True)

    def _console(self, *, errors: bool) -> Console:
        if errors not in self._consoles:
            from rich.console import Console  # noqa: PLC0415 - JSON needs none

            stream = self.stderr if errors else self.stdout
            options: dict[str, Any] = {"file": stream, "highlight": False, "markup": False, "emoji": False}
            options |= {} if self.color else {"no_color": True, "color_system": None}
            if not stream.isatty() and "COLUMNS" not in os.environ:
                options["width"] = _PIPE_WIDTH
            console = self._consoles[errors] = Console(**options)
            console.on_broken_pipe = _raise_broken_pipe  # type: ignore[method-assign]  # rich would exit with 1
        return self._consoles[errors]

    def show(self, renderable: RenderableType) -> None:
        """Print a table or another renderable as data."""
        self.console.print(renderable)

    def line(self, text: str) -> None:
        """Print one line of data."""
        self.stdout.write(f"{text}\n")
        self.stdout.flush()

    def document(self, schema: str, content: Mapping[str, Any]) -> None:
        """Print one JSON object with its schema and version, on one line."""
        self.line(_json({"schema": f"homewire.{schema}", **content}))

    def note(self, text: str) -> None:
        """Tell the person something beside the data, unless told to be quiet."""
        if self.verbosity >= 0 and not self.json:
            self._tell(text, "dim")

    def warning(self, text: str) -> None:
        """Tell what is not as it should be, unless told to be quiet."""
        if self.verbosity >= 0:
            self._tell(f"warning: {text}", "yellow")

    def error(self, error: Exception) -> None:
        """Tell in one line what went wrong."""
        if self.json:
            self._error_document(error)
            return
        text = str(error) or type(error).__name__
        expected = isinstance(error, HomewireError)
        advice = "" if expected else f" ({type(error).__name__}; --debug shows where)"
        self._tell(f"error: {' '.join(text.split())}{advice}", "red")

    def usage_error(self, error: CycloptsError) -> None:
        """Tell in one line what is wrong with the command, and where its help is."""
        chain = " ".join(("homewire", *(error.command_chain or ())))
        text = _unknown_command(error) or " ".join(str(error).split())
        self.error(UsageError(text, hint=f"See: {chain} --help"))

    def traceback(self, error: BaseException) -> None:
        """Show where it went wrong, for --debug."""
        import traceback  # noqa: PLC0415 - for --debug only

        from homewire.secrets import redact  # noqa: PLC0415 - as above

        self.stderr.write(redact("".join(traceback.format_exception(error))))

    def configure_logging(self) -> None:
        """Send the library's log to standard error, without secrets, as -v, -q and --debug ask for."""
        from homewire.secrets import RedactingFilter  # noqa: PLC0415 - not needed for --help

        level = logging.CRITICAL if self.verbosity < 0 else _LEVELS[min(self.verbosity, len(_LEVELS) - 1)]
        handler = logging.StreamHandler(self.stderr)
        handler.addFilter(RedactingFilter())
        handler.setFormatter(_Formatter(debug=self.debug))
        logger = logging.getLogger("homewire")
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.DEBUG if self.debug else level)

    def _tell(self, text: str, style: str) -> None:
        self.error_console.print(text, style=style, soft_wrap=True)

    def _error_document(self, error: Exception) -> None:
        details = error.details() if isinstance(error, HomewireError) else _unexpected(error)
        self.stderr.write(_json({"schema": "homewire.error/1", **details}) + "\n")


def _raise_broken_pipe() -> None:
    raise BrokenPipeError


class _Formatter(logging.Formatter):
    """One line per record; tracebacks only for --debug."""

    def __init__(self, *, debug: bool) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s" if debug else "%(message)s")
        self._debug = debug

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, or the record in full for --debug."""
        if self._debug:
            return super().format(record)
        from homewire.secrets import redact  # noqa: PLC0415 - as above

        cause = record.exc_info[1] if record.exc_info else None
        return redact(f"{record.getMessage()}: {cause!r}") if cause is not None else record.getMessage()


def _unknown_command(error: CycloptsError) -> str | None:
    """Name the nearest commands; the parser's own text would import every command to tell."""
    import difflib  # noqa: PLC0415 - for a mistake only

    from cyclopts import UnknownCommandError  # noqa: PLC0415 - as above

    if not isinstance(error, UnknownCommandError) or not error.unused_tokens or error.app is None:
        return None
    word = error.unused_tokens[0]
    known = [name for name in error.app if not name.startswith("-")]
    near = difflib.get_close_matches(word, known, n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There is: {', '.join(known)}."
    return f"there is no command {word!r}. {hint}"


def _unexpected(error: Exception) -> dict[str, Any]:
    return {"code": "error", "message": f"{type(error).__name__}: {error}"}


def _json(content: Mapping[str, Any]) -> str:
    import msgspec  # noqa: PLC0415 - not needed for --help

    return msgspec.json.encode(content, enc_hook=str).decode()
