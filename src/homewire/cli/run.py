"""`homewire run`: the bridge, in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from cyclopts import Parameter

from homewire.cli.output import Output
from homewire.cli.source import ABOVE_ZERO
from homewire.config import default_path, load, parse
from homewire.errors import ConnectionFailed

if TYPE_CHECKING:
    from homewire.config import ConnectionEntry
    from homewire.kinds import Kind

_SETTLED_S = 60.0
"""By then the bridge has what it will have for most of its life."""

_NO_TABLES: Mapping[str, Mapping[str, Any]] = MappingProxyType({})

__all__ = ["demo_home", "run", "running_demo"]


async def run(
    *,
    config: Annotated[
        Path | None, Parameter(help="Read this file instead of the usual homewire.toml.")
    ] = None,
    demo: Annotated[
        bool, Parameter(help="Bridge the simulated demo home; connections of the file are left alone.")
    ] = False,
    speed: Annotated[
        float, Parameter(show_default=True, validator=ABOVE_ZERO, help="How fast the demo home lives.")
    ] = 10.0,
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
    bridge = _demo(speed, port, config, output) if demo else _configured(config or default_path(), port)
    async with bridge as address:
        if address:
            output.note(f"homewire runs at {address}")
        await asyncio.get_running_loop().create_future()
    return 0


@contextlib.asynccontextmanager
async def _configured(path: Path, port: int | None) -> AsyncIterator[str]:
    """Run the bridge that a file describes; yield its address, empty without HTTP."""
    from homewire.bridge.service import (  # noqa: PLC0415 - brings the server
        Bridge,
        collect_rarely,
        leave_alone_what_stays,
    )

    collect_rarely()
    configuration = load(path)
    if port is not None:
        tables = {**configuration.tables, "http": {**configuration.tables.get("http", {}), "port": port}}
        configuration = msgspec.structs.replace(configuration, tables=tables)
    async with Bridge(configuration, path=path) as bridge:
        settled = asyncio.get_running_loop().call_later(_SETTLED_S, leave_alone_what_stays)
        try:
            yield bridge.http.address if bridge.http is not None and bridge.http.port else ""
        finally:
            settled.cancel()


@contextlib.asynccontextmanager
async def _demo(speed: float, port: int | None, config: Path | None, output: Output) -> AsyncIterator[str]:
    tables = load(config).tables if config else {}
    async with demo_home(speed, output) as entries, running_demo(entries, port, tables) as (address, _):
        yield address


@contextlib.asynccontextmanager
async def running_demo(
    entries: Sequence[ConnectionEntry], port: int | None, tables: Mapping[str, Mapping[str, Any]] = _NO_TABLES
) -> AsyncIterator[tuple[str, Path]]:
    """Run a bridge that leaves nothing behind; yield its address and its socket for the command line.

    Without a port it takes the usual one, or any when that is taken. `tables` of a file, such as its broker,
    are taken over as they are. It does not listen for announcements: the demo's appliances make none.
    """
    from homewire.bridge.service import Bridge  # noqa: PLC0415 - brings the server
    from homewire.bridge.settings import DEFAULT_PORT  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix="homewire-demo-", ignore_cleanup_errors=True) as folder:
        socket_path = Path(folder) / "bridge.sock"
        http = {"port": DEFAULT_PORT} | dict(tables.get("http", {}))
        demo_tables = {
            "history": {"url": f"sqlite:///{folder}/history.sqlite"},
            **tables,
            "bridge": {**tables.get("bridge", {}), "socket": str(socket_path), "announcements": False},
            "http": http if port is None else http | {"port": port},
        }
        configuration = msgspec.structs.replace(parse("", "demo"), tables=demo_tables)
        bridge = Bridge(configuration, entries=entries)
        try:
            await bridge.start()
        except ConnectionFailed:
            if port is not None:
                raise
            elsewhere = {**demo_tables, "http": http | {"port": 0}}
            bridge = Bridge(msgspec.structs.replace(configuration, tables=elsewhere), entries=entries)
            await bridge.start()
        try:
            yield bridge.http.address if bridge.http is not None else "", socket_path
        finally:
            await bridge.stop()


@contextlib.asynccontextmanager
async def demo_home(
    speed: float, output: Output, kinds: Sequence[Kind] | None = None
) -> AsyncIterator[list[ConnectionEntry]]:
    """Start the virtual home; yield its connections as entries of homewire.toml."""
    from homewire.clock import Clock  # noqa: PLC0415 - imports every simulator
    from homewire.simulation.home import VirtualHome  # noqa: PLC0415 - as above

    async with VirtualHome(kinds, clock=Clock(speed)) as home:
        for problem in home.problems:
            output.warning(problem)
        yield home.entries()
