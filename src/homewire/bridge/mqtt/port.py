"""What the output needs of a broker. The library behind it is exchangeable; `paho` is the one in use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

__all__ = ["Broker", "BrokerLost", "Inbound", "read_json"]


class BrokerLost(Exception):
    """The broker refused, cannot be reached or went away; the text tells why."""


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """A message from the broker."""

    topic: str
    payload: bytes
    retain: bool = False
    qos: int = 0
    packet_id: int = 0
    repeated: bool = False
    """The broker may have delivered it before."""

    response_topic: str | None = None
    correlation: bytes | None = None


def read_json(payload: bytes) -> Any:
    """Return what a payload says; raise ValueError, and nothing else, when it is no JSON."""
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


class Broker(Protocol):
    """One session with a broker; the same object connects again and again, so that the session goes on."""

    async def connect(self) -> None:
        """Connect; raise BrokerLost."""

    async def disconnect(self) -> None:
        """Say goodbye; never raises."""

    async def subscribe(self, *filters: str, qos: int = 0) -> None:
        """Subscribe; raise BrokerLost."""

    async def unsubscribe(self, *filters: str) -> None:
        """Unsubscribe; raise BrokerLost."""

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        correlation: bytes | None = None,
    ) -> None:
        """Publish; with qos above 0 return once the broker has it; raise BrokerLost."""

    def messages(self) -> AsyncIterator[Inbound]:
        """Yield messages until the link dies; then raise BrokerLost."""
