"""Commands from MQTT: read, given, and answered twice: accepted, then confirmed or the error.

A retained command is ignored: it would be carried out anew at every start. A message that the broker delivers
a second time because the link broke before its acknowledgement arrived carries MQTT's mark of repetition, and
is recognised by its packet id; the mark alone does not tell whether it was here before.
"""

from __future__ import annotations

import asyncio
import collections
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from homewire.appliance import Appliance
from homewire.bridge.mqtt.port import Inbound, read_json
from homewire.bridge.mqtt.topics import Request
from homewire.bridge.registry import Registry
from homewire.commands import Command
from homewire.errors import HomewireError, InvalidValue
from homewire.features import Value

__all__ = ["CommandDesk", "Redeliveries"]

_log = logging.getLogger(__name__)

_REMEMBERED = 200
_ANSWER_WITHIN_S = 0.2
"""The commands themselves ended before; only their answers are to be written."""

Answer = Callable[[str, bytes, bytes | None], None]
"""Publishes an answer: topic, payload, correlation data."""


class Redeliveries:
    """Recognises messages that come again after the link was lost."""

    def __init__(self) -> None:
        self._latest: collections.deque[tuple[int, str, bytes]] = collections.deque(maxlen=_REMEMBERED)
        self._before_loss: set[tuple[int, str, bytes]] = set()

    def lost(self) -> None:
        """Note that the link is gone: what came lately may come again."""
        self._before_loss = set(self._latest)
        self._latest.clear()

    def is_repeated(self, message: Inbound) -> bool:
        """Tell whether the message was here before the loss; each is recognised once."""
        if message.qos == 0:
            return False
        mark = (message.packet_id, message.topic, message.payload)
        if message.repeated and mark in self._before_loss:
            self._before_loss.discard(mark)
            return True
        self._latest.append(mark)
        return False


class CommandDesk:
    """Takes `set` messages, gives the commands to the registry and answers."""

    def __init__(self, registry: Registry, answer: Answer) -> None:
        self._registry = registry
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, appliance: Appliance, request: Request, message: Inbound) -> None:
        """Carry out one `set` message, without waiting."""
        try:
            wishes = _wishes(appliance, request, message.payload)
        except HomewireError as error:
            self._refused(message, appliance, request.key, error)
            return
        for key, value, dangerous in wishes:
            self._give(appliance, key, value, dangerous, message)

    async def stop(self) -> None:
        """Let answers that are due go out."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=_ANSWER_WITHIN_S)
        for task in tuple(self._tasks):
            task.cancel()

    def _give(self, appliance: Appliance, key: str, value: Value, dangerous: bool, message: Inbound) -> None:
        try:
            command = self._registry.commands.submit(appliance, key, value, dangerous=dangerous)
        except HomewireError as error:
            self._refused(message, appliance, key, error)
            return
        self._respond(message, {"status": "accepted", "key": key, "command": command.describe()})
        task = asyncio.create_task(self._follow(command, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self, command: Command, message: Inbound) -> None:
        await self._registry.commands.finished(command)
        described = command.describe()
        if described["error"] is None:
            self._respond(message, {"status": "confirmed", "key": command.key, "command": described})
        else:
            self._respond(
                message,
                {
                    "status": "error",
                    "key": command.key,
                    "command": described,
                    "error": described["error"],
                },
            )

    def _refused(self, message: Inbound, appliance: Appliance, key: str | None, error: HomewireError) -> None:
        _log.warning("A command by MQTT on %s was refused: %s", message.topic, error)
        details = error.details() | {"appliance": appliance.identity.id}
        self._respond(message, {"status": "error", "key": key, "command": None, "error": details})

    def _respond(self, message: Inbound, body: Mapping[str, Any]) -> None:
        if message.response_topic and not set(message.response_topic) & set("+#"):
            self._answer(message.response_topic, json.dumps(body).encode(), message.correlation)


def _wishes(appliance: Appliance, request: Request, payload: bytes) -> list[tuple[str, Value, bool]]:
    """Return key, value and consent of each wish in a message; raise InvalidValue for what is no wish."""
    if request.key is not None:
        return [_plain(appliance, request.key, payload)]
    try:
        wanted = read_json(payload)
    except ValueError as error:
        raise _malformed(appliance, "the payload is not JSON") from error
    if not isinstance(wanted, dict) or not wanted:
        raise _malformed(appliance, "the payload is not a JSON object")
    dangerous = wanted.pop("dangerous", False) is True and "dangerous" not in appliance.features
    return [(key, _scalar(appliance, key, value), dangerous) for key, value in wanted.items()]


def _plain(appliance: Appliance, key: str, payload: bytes) -> tuple[str, Value, bool]:
    """Read a plain payload; `{"value": …, "dangerous": true}` is understood, too."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise _malformed(appliance, "the payload is not UTF-8") from error
    if text.startswith("{"):
        try:
            wanted = read_json(payload)
        except ValueError:
            return key, text, False
        value = _scalar(appliance, key, wanted.get("value"))
        return key, value, wanted.get("dangerous") is True
    feature = appliance.feature(key)
    return key, (text if feature.kind == "text" else text.strip()), False


def _scalar(appliance: Appliance, key: str, value: Any) -> Value:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise _malformed(appliance, f"the value of {key} is not a simple one")


def _malformed(appliance: Appliance, what: str) -> InvalidValue:
    return InvalidValue(
        what,
        allowed='{"feature": value, …} on …/set, or a plain value on …/FEATURE/set',
        appliance=appliance.identity.name,
    )
