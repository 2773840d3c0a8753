"""The service: from homewire.toml to a running bridge, and out again within five seconds.

Start: connections begin to open side by side, then every output starts; a table that is wrong or an address
that is taken ends the start with a clear error, a broken connection or an absent broker does not. While it
runs the file is watched. Stop: commands that are running may finish, outputs say goodbye, links close.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from homewire.bridge.editing import ConnectionEditor
from homewire.bridge.events import EventLog
from homewire.bridge.health import Health, health
from homewire.bridge.http.app import Parts
from homewire.bridge.http.server import HttpOutput
from homewire.bridge.metrics import Metrics
from homewire.bridge.notify import Notifier
from homewire.bridge.outputs import Output
from homewire.bridge.registry import Registry
from homewire.bridge.settings import (
    HttpSettings,
    MetricsSettings,
    MqttSettings,
    bridge_settings,
    check_exposure,
    socket_path,
)
from homewire.bridge.watching import FileWatch
from homewire.bridge.web import web_router
from homewire.clock import Clock
from homewire.config import Configuration, ConnectionEntry, load
from homewire.errors import ConfigurationError
from homewire.link.waking import AnnouncementWatch

if TYPE_CHECKING:
    from litestar import Router

    from homewire.bridge.history import History

__all__ = ["Bridge", "collect_rarely", "leave_alone_what_stays"]

_log = logging.getLogger(__name__)

_GOODBYE_S = 1.1
"""What the outputs may take to say goodbye."""

_CLOSE_S = 1.0
"""What the links may take to close; with draining (2 s) that leaves a moment of the promised five seconds."""


class Bridge:
    """Everything that `homewire run` runs. `path` is the file that is watched and edited, if there is one."""

    def __init__(
        self,
        configuration: Configuration,
        *,
        path: Path | None = None,
        entries: Sequence[ConnectionEntry] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.settings = bridge_settings(configuration)
        self._announcements = AnnouncementWatch(enabled=self.settings.announcements, clock=self.clock)
        self.registry = Registry(clock=self.clock, watch=self._announcements)
        self._entries = configuration.connections if entries is None else tuple(entries)
        self._configuration = configuration
        self._path = path
        self._notifier = Notifier(self.clock)
        self._watch = self._make_watch()
        self._outputs: dict[str, Output] = {}
        self._started = False
        self._make_outputs(configuration)

    @property
    def http(self) -> HttpOutput | None:
        """The HTTP output, if there is one."""
        output = self._outputs.get("http")
        return output if isinstance(output, HttpOutput) else None

    def reports(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what each output says of itself."""
        return {name: _report(name, output) for name, output in self._outputs.items()}

    def health(self) -> Health:
        """Return the health report."""
        return health(self.registry, self.reports())

    async def start(self) -> None:
        """Start everything; raise HomewireError when the owner must repair something first."""
        try:
            if self.http is not None:
                self.http.listen()  # first of all: two bridges must not open the same connections
            self._announcements.start()
            await self.registry.apply(self._entries)
            for output in self._outputs.values():
                await output.start()
        except BaseException:
            await self.stop()
            raise
        if self._watch is not None:
            self._watch.start()
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._watch.poke)
        self._started = True
        self._notifier.ready(f"{len(self._entries)} connections")

    async def stop(self) -> None:
        """Drain commands, say goodbye and close everything, within five seconds."""
        self._started = False
        await self._notifier.stopping()
        await self._announcements.stop()
        if self._watch is not None:
            await self._watch.stop()
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        await self.registry.commands.drain(min(self.settings.drain_s, 2.0))
        await self._stop_outputs()
        await self.registry.close(_CLOSE_S)

    async def reload(self) -> None:
        """Read the file again and take over its connections; a wrong file changes nothing and is logged."""
        if self._path is None:
            return
        try:
            configuration = load(self._path)
        except ConfigurationError as error:
            _log.error("The configuration is not taken over: %s", error)
            return
        if configuration.tables != self._configuration.tables:
            _log.warning("Changes outside of [[connections]] take effect at the next start")
        await self.registry.apply(configuration.connections)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    def _make_watch(self) -> FileWatch | None:
        if self._path is None:
            return None
        return FileWatch(self._path, self.settings.watch_s, self.reload, self.clock)

    def _make_outputs(self, configuration: Configuration) -> None:
        """Make the outputs in the order in which they start."""
        history = _make_history(self.registry, configuration)
        if history is not None:
            self._outputs["history"] = history
        mqtt = configuration.table("mqtt", MqttSettings)
        if mqtt is not None and mqtt.enabled:
            from homewire.bridge.mqtt.output import MqttOutput  # noqa: PLC0415 - imported only when wanted

            self._outputs["mqtt"] = MqttOutput(self.registry, mqtt, report=self.reports)
        self._outputs["http"] = self._make_http(configuration, history)

    def _make_http(self, configuration: Configuration, history: History | None) -> HttpOutput:
        settings = configuration.table("http", HttpSettings) or HttpSettings()
        try:
            check_exposure(settings)
        except ConfigurationError as error:
            raise configuration.places.located(error, "http") from error
        metrics = configuration.table("metrics", MetricsSettings) or MetricsSettings()
        file = self._path or configuration.places.file
        parts = Parts(
            registry=self.registry,
            editor=ConnectionEditor(self.registry, self._path),
            event_log=EventLog(self.registry, settings.event_buffer),
            reports=self.reports,
            ready=self._is_ready,
            scrape=Metrics(self.registry).page if metrics.enabled else None,
            api_routers=_history_routes(history),
            root_routers=(web_router(),),
        )
        return HttpOutput(parts, settings, socket_path=socket_path(file, self.settings))

    def _is_ready(self) -> bool:
        return self._started

    async def _stop_outputs(self) -> None:
        stopping = {
            asyncio.ensure_future(output.stop()): name for name, output in reversed(self._outputs.items())
        }
        if not stopping:
            return
        done, late = await asyncio.wait(stopping, timeout=_GOODBYE_S)
        for task in late:
            _log.warning("The output %s did not stop in time", stopping[task])
            task.cancel()
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("The output %s failed while stopping", stopping[task], exc_info=error)
        if late:
            await asyncio.wait(late, timeout=0.2)


def _report(name: str, output: Output) -> Mapping[str, Any]:
    """Return what an output says of itself; one that cannot tell harms no other."""
    try:
        return output.report()
    except Exception as error:
        _log.exception("The output %s cannot tell how it is", name)
        return {"ok": False, "problem": repr(error)}


def _make_history(registry: Registry, configuration: Configuration) -> History | None:
    """Return the history as its table says; the database is only needed, and imported, where it is wanted."""
    if not configuration.tables.get("history", {}).get("enabled", True):
        return None
    from homewire.bridge.history import History, HistorySettings  # noqa: PLC0415 - see above

    settings = configuration.table("history", HistorySettings)
    try:
        return History(settings, registry=registry, clock=registry.clock)
    except ConfigurationError as error:
        raise configuration.places.located(error, "history") from error


def collect_rarely() -> None:
    """Have Python look for garbage a tenth as often; for a process that is nothing but a bridge.

    Hardly any of its objects are garbage, but with a thousand appliances each look at all of them holds
    everything up for a tenth of a second, and at Python's usual pace they take half of its time.
    """
    gc.set_threshold(10_000, 10, 50)


def leave_alone_what_stays() -> None:
    """Have Python never again look for garbage among what exists now; for a process that has started.

    What stays for life is then not looked at whenever what passes by (rows, messages) has piled up.
    """
    gc.collect()
    gc.freeze()


def _history_routes(history: History | None) -> tuple[Router, ...]:
    if history is None:
        return ()
    from homewire.bridge.history.routes import history_router  # noqa: PLC0415 - imported only when wanted

    return (history_router(history),)
