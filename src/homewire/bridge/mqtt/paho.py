"""The broker through aiomqtt (which stands on paho): MQTT 5, persistent session, TLS, last will."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from homewire.bridge.mqtt.port import BrokerLost, Inbound
from homewire.bridge.settings import MqttSettings
from homewire.errors import ConfigurationError

__all__ = ["PahoBroker"]

_log = logging.getLogger(__name__)


_CALL_WITHIN_S = 10.0
_MOST_UNREAD = 10_000
_LONGEST_PACKET_BYTES = 1024 * 1024
"""No command is a hundredth of it; other bridges' announcements, read at the start, may be long."""

_MOST_IN_FLIGHT = 1000

_AT_ONCE = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Else the system holds a message back until the broker has acknowledged the one before, up to 40 ms."""


class PahoBroker:
    """A session with the broker that `settings` name; `will_topic` gets `offline` when the link breaks."""

    def __init__(self, settings: MqttSettings, will_topic: str) -> None:
        self._client = aiomqtt.Client(
            settings.host,
            settings.port or (8883 if settings.tls else 1883),
            username=settings.username,
            password=settings.password.reveal() if settings.password else None,
            identifier=settings.client_id or f"homewire-{settings.base_topic.replace('/', '-')}",
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            keepalive=settings.keepalive_s,
            properties=_connect_properties(settings.session_expiry_s),
            will=aiomqtt.Will(will_topic, b"offline", qos=1, retain=True),
            tls_context=_tls(settings),
            timeout=_CALL_WITHIN_S,
            max_queued_incoming_messages=_MOST_UNREAD,
            max_inflight_messages=_MOST_IN_FLIGHT,
            socket_options=_AT_ONCE,
            logger=_log,
        )
        self._client.pending_calls_threshold = _MOST_IN_FLIGHT
        self._client._client.on_message = self._received  # noqa: SLF001 - aiomqtt drops the mark of repetition
        self._connected = False

    async def connect(self) -> None:
        """Connect; raise BrokerLost."""
        try:
            await self._client.__aenter__()
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise BrokerLost(_words(error)) from error
        self._connected = True

    async def disconnect(self) -> None:
        """Say goodbye; never raises."""
        if not self._connected:
            return
        self._connected = False
        with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
            await self._client.__aexit__(None, None, None)

    async def subscribe(self, *filters: str, qos: int = 0) -> None:
        """Subscribe; retained messages keep their mark."""
        options = SubscribeOptions(qos=qos, retainAsPublished=False)
        for one in filters:
            await self._call(self._client.subscribe(one, options=options))

    async def unsubscribe(self, *filters: str) -> None:
        """Unsubscribe."""
        for one in filters:
            await self._call(self._client.unsubscribe(one))

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 0,
        retain: bool = False,
        correlation: bytes | None = None,
    ) -> None:
        """Publish; with qos above 0 return once the broker has it."""
        if qos == 0 and correlation is None:
            self._publish_soon(topic, payload, retain)
            return
        properties = None
        if correlation is not None:
            properties = _properties(PacketTypes.PUBLISH)
            properties.CorrelationData = correlation
        await self._call(self._client.publish(topic, payload, qos=qos, retain=retain, properties=properties))

    def _publish_soon(self, topic: str, payload: bytes, retain: bool) -> None:
        """Hand over a message without waiting until it is written.

        aiomqtt waits a turn of the event loop for each, which limits it to as many messages a second as
        there are turns; handed over together they are written together.
        """
        info = self._client._client.publish(topic, payload, 0, retain)  # noqa: SLF001 - see above
        if info.rc != mqtt.MQTT_ERR_SUCCESS:
            raise BrokerLost(mqtt.error_string(info.rc))

    def _received(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        queue: asyncio.Queue[Any] = self._client._queue  # noqa: SLF001 - see above
        try:
            queue.put_nowait(_inbound(message))
        except asyncio.QueueFull:
            _log.warning("More messages came than can be read; one on %s is dropped", message.topic)

    async def messages(self) -> AsyncIterator[Inbound]:
        """Yield messages until the link dies."""
        received: Any = self._client.messages
        try:
            async for message in received:
                yield message
        except aiomqtt.MqttError as error:
            raise BrokerLost(_words(error)) from error

    async def _call(self, call: Any) -> None:
        try:
            await call
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise BrokerLost(_words(error)) from error


def _inbound(message: mqtt.MQTTMessage) -> Inbound:
    properties = message.properties
    return Inbound(
        topic=message.topic,
        payload=bytes(message.payload),
        retain=bool(message.retain),
        qos=message.qos,
        packet_id=message.mid,
        repeated=bool(message.dup),
        response_topic=getattr(properties, "ResponseTopic", None),
        correlation=getattr(properties, "CorrelationData", None),
    )


def _connect_properties(expiry_s: int) -> Properties:
    properties = _properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = expiry_s
    properties.MaximumPacketSize = _LONGEST_PACKET_BYTES
    return properties


def _properties(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # published without types


def _tls(settings: MqttSettings) -> ssl.SSLContext | None:
    if not settings.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"[mqtt] the certificates cannot be read: {error}", key="ca_file") from error
    return context


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
