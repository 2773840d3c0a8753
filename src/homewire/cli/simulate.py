"""`homewire simulate KIND`: the other end of a connection, until Ctrl-C.

Each installed kind is a command of its own, whose options are those of its simulator. A kind's simulator is
imported when its command is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import shlex
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import msgspec
from cyclopts import App, Group, Parameter

from homewire.cli.derived import build, derived_parameters, summary_of
from homewire.cli.output import Output
from homewire.cli.source import ABOVE_ZERO
from homewire.clock import Clock
from homewire.errors import ConnectionFailed
from homewire.kinds import Kind, find_kind, installed_kinds
from homewire.secrets import Secret
from homewire.settings import holds_secret
from homewire.simulation import Simulator

__all__ = ["app"]  # noqa: F822 - made when it is asked for, see __getattr__

_TIME = Group("Time", sort_key=3)
_PREFIX = "kind_"


def __getattr__(name: str) -> Any:
    """Return the group's command line, or the command of the kind of that name."""
    if name == "app":
        return _app()
    if name.startswith(_PREFIX):
        return _command(find_kind(name.removeprefix(_PREFIX)))
    raise AttributeError(name)


def _app() -> App:
    group = App(
        name="simulate", help_epilogue="", help="Simulate the other end of a connection, until Ctrl-C."
    )
    for kind in installed_kinds().values():
        if kind.simulator is not None:
            group.command(f"{__name__}:{_PREFIX}{kind.kind}", name=kind.kind, help=kind.summary)
    return group


def _command(kind: Kind) -> App:
    simulator_type = kind.load_simulator()
    parameters = derived_parameters(simulator_type.Options)

    async def simulate(**values: Any) -> None:
        output: Output = values.pop("output")
        clock = Clock(values.pop("speed", 1.0))
        options = build(simulator_type.Options, values, invented_secrets=True)
        async with _listening(simulator_type(options, clock=clock)) as simulator:
            if output.json:
                output.document("simulator/1", {"kind": kind.kind, "settings": _plain(simulator.settings())})
            else:
                output.line(simulator.describe())
                if how := _how_to_connect(kind, simulator.settings()):
                    output.line(f"Look at it with: {how}")
                output.note("Running; Ctrl-C ends.")
            await asyncio.Event().wait()

    simulate.__signature__ = inspect.Signature([*parameters, _SPEED, _OUTPUT])  # type: ignore[attr-defined]  # how Python lets a function tell its real parameters
    command = App(name=kind.kind, help_epilogue=summary_of(simulator_type.Options), help_format="plaintext")
    command.default(simulate)
    return command


@contextlib.asynccontextmanager
async def _listening(simulator: Simulator) -> AsyncIterator[Simulator]:
    try:
        await simulator.start()
    except (OSError, OverflowError) as error:
        await simulator.stop()
        what = getattr(error, "strerror", None) or error
        raise ConnectionFailed(f"cannot listen: {what}", hint="Choose another port.") from error
    try:
        yield simulator
    finally:
        await simulator.stop()


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with their secrets in the clear: they are invented, and needed to connect."""
    return {key: value.reveal() if isinstance(value, Secret) else value for key, value in settings.items()}


def _how_to_connect(kind: Kind, settings: Mapping[str, Any]) -> str:
    """Return the command that connects to it; nothing where the settings do not fit into an option."""
    fields = msgspec.structs.fields(kind.load_connection().Settings)
    secret = {field.encode_name for field in fields if holds_secret(field.type)}
    given = {key: value for key, value in _plain(settings).items() if value is not None}
    if not all(isinstance(value, str | int | float) and "," not in str(value) for value in given.values()):
        return ""
    variables = [f"{key.upper()}={shlex.quote(str(given[key]))} " for key in given if key in secret]
    words = [f"{key}=env:{key.upper()}" if key in secret else f"{key}={_word(given[key])}" for key in given]
    return f"{''.join(variables)}homewire status -c {shlex.quote(','.join((kind.kind, *words)))}"


def _word(value: str | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_SPEED = inspect.Parameter(
    "speed",
    inspect.Parameter.KEYWORD_ONLY,
    default=1.0,
    annotation=Annotated[
        float, Parameter(group=_TIME, validator=ABOVE_ZERO, help="How fast simulated time runs.")
    ],
)
_OUTPUT = inspect.Parameter(
    "output", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Output, Parameter(parse=False)]
)
