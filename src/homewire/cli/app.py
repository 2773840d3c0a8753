"""The commands of `homewire` and the options that all of them share.

A command is named here with its summary and the place of its code, which is imported when the command is
used: `homewire --help` costs no more than the parser.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

import homewire
from homewire.cli.output import Output

__all__ = ["COMMANDS", "load_command", "make_app"]

LOOK = Group("Look", sort_key=1)
CHANGE = Group("Change", sort_key=2)
SET_UP = Group("Set up and repair", sort_key=3)
WITHOUT = Group("Without hardware", sort_key=4)
GLOBAL = Group("Options of every command", sort_key=9)

COMMANDS: tuple[tuple[str, str, str, Group], ...] = (
    ("list", "homewire.cli.listing:list_appliances", "List connections and appliances.", LOOK),
    ("status", "homewire.cli.status:status", "Read every feature of the appliances once.", LOOK),
    ("watch", "homewire.cli.watching:watch", "Follow changes as they happen.", LOOK),
    ("set", "homewire.cli.changing:set_features", "Set features and wait until they took effect.", CHANGE),
    ("press", "homewire.cli.changing:press", "Press a button feature and wait until it is done.", CHANGE),
    ("console", "homewire.cli.console:console", "Read and change things at a prompt.", CHANGE),
    ("discover", "homewire.cli.discovering:discover", "Find appliances on the network.", SET_UP),
    ("doctor", "homewire.cli.doctor:doctor", "Check every connection and say what to do.", SET_UP),
    ("miele", "homewire.cli.miele:app", "Pair and explore Miele appliances.", SET_UP),
    ("run", "homewire.cli.run:run", "Run the bridge.", SET_UP),
    ("completion", "homewire.cli.completion:completion", "Print or install shell completion.", SET_UP),
    ("demo", "homewire.cli.demo:demo", "Start simulated appliances and watch them live.", WITHOUT),
    ("simulate", "homewire.cli.simulate:app", "Simulate the other end of a connection.", WITHOUT),
    ("decode", "homewire.cli.decode:app", "Decode a capture, offline.", WITHOUT),
)

_HELP = """Read, follow and command the appliances of a home.

Appliances come from homewire.toml, from --connection options, or from --demo.
"""

_EPILOGUE = "Try it without hardware: homewire demo"


def make_app(output: Output) -> App:
    """Return the command line, which prints on `output`."""
    app = App(
        name="homewire",
        help=_HELP,
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version=homewire.__version__,
        default_parameter=Parameter(negative=(), show_default=False),
        verbose=False,
    )
    app["--help"].group = app["--version"].group = GLOBAL
    for name, place, summary, group in COMMANDS:
        if _exists(place):
            app.command(place, name=name, help=summary, group=group)
    app.meta.default(_launcher(app, output))
    return app


def load_command(app: App, words: Sequence[str]) -> None:
    """Import the command that the words name, so that its help is the whole text, not only the summary."""
    name = next((word for word in words if not word.startswith("-")), None)
    if name is None or name not in app:
        return
    command = app[name]
    if command.default_command is not None and command.default_command.__doc__:
        command.help = inspect.cleandoc(command.default_command.__doc__)
    command.help_epilogue = command.help_epilogue or ""


def _exists(place: str) -> bool:
    return importlib.util.find_spec(place.partition(":")[0]) is not None


def _launcher(app: App, output: Output) -> Callable[..., Any]:
    def launch(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        json: Annotated[bool, Parameter(group=GLOBAL, help="Print JSON, one object per line.")] = False,
        no_color: Annotated[
            bool, Parameter(group=GLOBAL, help="Print without colours, as NO_COLOR does.")
        ] = False,
        verbose: Annotated[
            int,
            Parameter(
                name=["--verbose", "-v"], group=GLOBAL, count=True, help="Tell more; -vv tells everything."
            ),
        ] = 0,
        quiet: Annotated[
            bool, Parameter(name=["--quiet", "-q"], group=GLOBAL, help="Tell only errors.")
        ] = False,
        debug: Annotated[bool, Parameter(group=GLOBAL, help="Show the log and tracebacks.")] = False,
    ) -> Any:
        output.json, output.debug = json, debug
        output.color = output.color and not no_color
        output.verbosity = -1 if quiet else verbose
        output.configure_logging()
        command, bound, ignored = app.parse_args(words, exit_on_error=False, print_error=False)
        extra = {name: output for name, kind in ignored.items() if kind is Output}
        return command(*bound.args, **bound.kwargs, **extra)

    return launch
