"""A connection: it connects once, serves until the link dies, and closes for good.

It never reconnects by itself; that is the supervisor's decision (`homewire.link.supervisor`).
"""

from __future__ import annotations

import abc
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeAlias, TypeVar

import msgspec

from homewire.appliance import Appliance, Problem
from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.unknowns import Unknowns

if TYPE_CHECKING:
    from homewire.discovery import Service

__all__ = ["ApplianceListener", "Connection"]

_log = logging.getLogger(__name__)

SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)

ApplianceListener: TypeAlias = Callable[[Appliance, bool], object]
"""Called with an appliance and whether it was added (True) or removed (False)."""


class Connection(abc.ABC, Generic[SettingsT]):
    """One account, hub or machine, opened from settings that can be saved and opened again without discovery.

    `name` is what the owner calls it; `allow` names the dangerous features that the owner enabled.
    """

    kind: ClassVar[str]
    Settings: ClassVar[type[msgspec.Struct]]
    announced_as: ClassVar[tuple[str, ...]] = ()
    """The mDNS service types (`_name._tcp.local.`) under which its appliances announce themselves.

    Nothing for what is reached through a cloud: an announcement makes the supervisor try a lost link at once.
    """

    def __init__(
        self,
        settings: SettingsT,
        *,
        name: str | None = None,
        clock: Clock | None = None,
        allow: Allowance | None = None,
    ) -> None:
        self.settings = settings
        self.name = name or self.kind
        self.clock = clock or Clock()
        self.allow = allow or Allowance()
        self.unknowns = Unknowns()
        self._appliances: dict[str, Appliance] = {}
        self._appliance_listeners: list[ApplianceListener] = []

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    @property
    def appliances(self) -> Mapping[str, Appliance]:
        """The appliances behind this connection, by id. They stay when the link is lost."""
        return MappingProxyType(self._appliances)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the owner should see to, about the connection itself."""
        return ()

    @abc.abstractmethod
    async def open(self) -> None:
        """Connect and sign in once, take a first full reading.

        Raise ConnectionFailed, AuthenticationFailed, ProtocolError.
        """

    @abc.abstractmethod
    async def serve(self) -> None:
        """Keep the link until it dies and raise why: ConnectionLost, AuthenticationFailed, ProtocolError."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Close the link; leave no task, socket or timer. May be called at any time, any number of times."""

    def is_announced_by(self, service: Service) -> bool | None:  # noqa: ARG002 - for kinds that can tell
        """Tell whether a service of its types is an appliance of this connection; None when nobody can tell.

        Anybody on the network can send one, with any content.
        """
        return None

    def subscribe_appliances(self, listener: ApplianceListener) -> Callable[[], None]:
        """Call the listener when an appliance is added or removed; return what ends the subscription."""
        self._appliance_listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._appliance_listeners:
                self._appliance_listeners.remove(listener)

        return unsubscribe

    def diagnostics(self) -> Mapping[str, Any]:
        """Return what helps with a bug report about the link, in plain JSON types.

        Secrets are redacted by the caller.
        """
        return {}

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    def _add(self, appliance: Appliance) -> None:
        self._appliances[appliance.identity.id] = appliance
        self._tell(appliance, True)

    def _remove(self, appliance_id: str) -> None:
        appliance = self._appliances.pop(appliance_id, None)
        if appliance is not None:
            appliance.set_availability(False, "removed")
            self._tell(appliance, False)

    def _tell(self, appliance: Appliance, added: bool) -> None:
        for listener in tuple(self._appliance_listeners):
            try:
                listener(appliance, added)
            except Exception:
                _log.exception("A subscriber of %s failed", self.name)
