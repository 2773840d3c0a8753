"""One configured connection in the bridge: its entry in the file, its supervisor, and how it is.

A link whose configuration is wrong exists all the same, says what is wrong, and keeps nobody else from
starting.
"""

from __future__ import annotations

import collections
import datetime as dt
import statistics
from collections.abc import Callable
from typing import Any

import msgspec

from homewire.clock import Clock
from homewire.config import ConnectionEntry
from homewire.errors import ConfigurationError, HomewireError
from homewire.link.connection import Connection
from homewire.link.supervisor import LinkStatus, Supervisor
from homewire.link.waking import AnnouncementWatch
from homewire.secrets import redact

__all__ = ["Link", "LinkReport", "same_entry"]

_LATENCIES = 100
"""Commands over which a link's latency is averaged."""


class LinkReport(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection is, for people and programs; `state` adds `disabled` and `misconfigured`."""

    name: str
    kind: str
    enabled: bool
    state: str
    reason: str
    since: dt.datetime
    next_attempt: dt.datetime | None = None
    attempts: int = 0
    reconnects: int = 0
    latency_s: float | None = None
    error: dict[str, Any] | None = None
    allow: tuple[str, ...] = ()
    appliances: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    problems: tuple[dict[str, Any], ...] = ()


class Link:
    """A connection with its supervisor; `changed` is called whenever its report changes.

    While it is lost, `watch` has it tried when its appliance announces itself.
    """

    def __init__(
        self,
        entry: ConnectionEntry,
        clock: Clock,
        changed: Callable[[Link], None],
        watch: AnnouncementWatch | None = None,
    ) -> None:
        self.entry = entry
        self.connection: Connection[Any] | None = None
        self.supervisor: Supervisor | None = None
        self.error: HomewireError | None = None
        self._since = clock.now()
        self._clock = clock
        self._changed = changed
        self._watch = watch
        self._latencies: collections.deque[float] = collections.deque(maxlen=_LATENCIES)

    def __repr__(self) -> str:
        return f"<Link {self.entry.name!r} {self.report().state}>"

    @property
    def name(self) -> str:
        """What the owner calls it."""
        return self.entry.name

    @property
    def opened_once(self) -> bool:
        """Whether all its appliances are known: it has been open, or never will be."""
        if not self.entry.enabled:
            return False
        return self.supervisor is not None and self.supervisor.status.state == "online"

    @property
    def tried(self) -> bool:
        """Whether it was opened, or is known not to open for now."""
        return self.supervisor is None or self.supervisor.tried

    def prepare(self) -> Connection[Any] | None:
        """Make the connection, not yet opened; None (and the reason kept) when it cannot be made."""
        if not self.entry.enabled:
            return None
        try:
            self.connection = self.entry.connection(clock=self._clock)
        except HomewireError as error:
            self.error = error
        except Exception as error:
            self.error = ConfigurationError(f"{self.entry.kind} cannot be loaded: {error!r}")
        return self.connection

    def start(self) -> None:
        """Begin to keep it open, if it can be."""
        if self.connection is None:
            return
        self.supervisor = Supervisor(self.connection)
        self.supervisor.subscribe(lambda _status: self._changed(self))
        if self._watch is not None:
            self._watch.follow(self.supervisor)
        self.supervisor.start()

    async def stop(self) -> None:
        """Close it for good."""
        if self.supervisor is not None:
            await self.supervisor.stop()

    def retry(self) -> None:
        """Try a lost or parked link at once, with the secrets as they are now."""
        if self.supervisor is None:
            return
        status = self.supervisor.status
        if status.state == "parked":
            self.supervisor.settings_changed(self.entry.settings())
        elif status.state != "online":
            self.supervisor.wake()

    def note_latency(self, seconds: float) -> None:
        """Remember how long a confirmed command took."""
        self._latencies.append(seconds)

    @property
    def latency_s(self) -> float | None:
        """The median of the latest confirmed commands, in seconds."""
        return round(statistics.median(self._latencies), 4) if self._latencies else None

    def report(self) -> LinkReport:
        """Tell how it is, without secrets."""
        status = self.supervisor.status if self.supervisor else self._status_without_connection()
        error = self.error or status.error
        connection = self.connection
        return LinkReport(
            name=self.entry.name,
            kind=self.entry.kind,
            enabled=self.entry.enabled,
            state=self._state_word(status),
            reason=str(redact(status.reason)),
            since=status.since,
            next_attempt=status.next_attempt,
            attempts=status.attempts,
            reconnects=status.reconnects,
            latency_s=self.latency_s,
            error=None if error is None else redact(error.details()) | {"code": error.code},
            allow=self.entry.allow,
            appliances=tuple(connection.appliances) if connection else (),
            settings=redact(dict(self.entry.values)),
            problems=tuple(msgspec.to_builtins(connection.problems)) if connection else (),
        )

    def _state_word(self, status: LinkStatus) -> str:
        if not self.entry.enabled:
            return "disabled"
        return "misconfigured" if self.error else status.state.value

    def _status_without_connection(self) -> LinkStatus:
        from homewire.link.supervisor import LinkState  # noqa: PLC0415 - only here

        reason = str(self.error) if self.error else ("not started" if self.entry.enabled else "disabled")
        return LinkStatus(state=LinkState.IDLE, reason=reason, since=self._since, error=self.error)


def same_entry(one: ConnectionEntry, other: ConnectionEntry) -> bool:
    """Tell whether two entries ask for the same; where they stand in the file does not matter."""
    return msgspec.structs.replace(one, index=0, places=None) == msgspec.structs.replace(
        other, index=0, places=None
    )
