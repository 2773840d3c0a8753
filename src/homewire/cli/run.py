"""`homewire run`: the bridge, in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from homewire.cli.output import Output

if TYPE_CHECKING:
    from homewire.bridge.service import Bridge
    from homewire.config import Configuration, ConnectionEntry

__all__ = ["run"]


async def run(
    *,
    config: Annotated[
        Path | None, Parameter(help="Read this file instead of the usual homewire.toml.")
    ] = None,
    demo: Annotated[
        bool, Parameter(help="Bridge the simulated demo home; connections of the file are left alone.")
    ] = False,
    speed: Annotated[float, Parameter(show_default=True, help="How fast the demo home lives.")] = 10.0,
    port: Annotated[
        int | None, Parameter(help="Serve HTTP on this port instead of the configured one.")
    ] = None,
    output: Annotated[Output, Parameter(parse=False)],
) -> int:
    """Run the bridge: MQTT, HTTP API, metrics, history and dashboard, as homewire.toml says.

    Changes of connections in the file take effect without a restart.
    """
    if output.verbosity == 0:
        logging.getLogger("homewire").setLevel(logging.INFO)
    async with _bridge(config, demo=demo, speed=speed, port=port, output=output) as bridge:
        if bridge.http is not None and bridge.http.port:
            output.note(f"homewire runs at {bridge.http.address}")
        await asyncio.get_running_loop().create_future()
    return 0


@contextlib.asynccontextmanager
async def _bridge(
    config: Path | None, *, demo: bool, speed: float, port: int | None, output: Output
) -> AsyncIterator[Bridge]:
    from homewire.bridge.service import Bridge  # noqa: PLC0415 - brings the server

    async with contextlib.AsyncExitStack() as stack:
        configuration, path = _configuration(config, demo=demo)
        entries = None
        if demo:
            entries = await stack.enter_async_context(_demo_home(speed, output))
        if port is not None:
            configuration = _with_port(configuration, port)
        yield await stack.enter_async_context(Bridge(configuration, path=path, entries=entries))


def _configuration(config: Path | None, *, demo: bool) -> tuple[Configuration, Path | None]:
    """Return the configuration and the file to watch; a demo needs no file and changes none."""
    from homewire.config import default_path, load, parse  # noqa: PLC0415 - reads TOML

    path = config or default_path()
    if demo:
        return (load(path) if config else parse("", "demo")), None
    return load(path), path


def _with_port(configuration: Configuration, port: int) -> Configuration:
    tables = {**configuration.tables, "http": {**configuration.tables.get("http", {}), "port": port}}
    return msgspec.structs.replace(configuration, tables=tables)


@contextlib.asynccontextmanager
async def _demo_home(speed: float, output: Output) -> AsyncIterator[list[ConnectionEntry]]:
    from homewire.link.clock import Clock  # noqa: PLC0415 - as above
    from homewire.simulation.home import VirtualHome  # noqa: PLC0415 - imports every simulator

    async with VirtualHome(clock=Clock(speed)) as home:
        for problem in home.problems:
            output.warning(problem)
        yield home.entries()
