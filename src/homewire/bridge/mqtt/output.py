"""Keeping a broker up to date: everything that it should know, at once after each connect, then what changes.

What is waiting to be published is a set of appliances, not a list of messages: while the broker is slow or
away nothing piles up, and what is sent is always the newest. Occurrences of event features are moments; those
that happen while the broker is away are not told later (the history has them).
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import json
import logging
import random
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

import homewire
from homewire.appliance import Appliance, Change, Occurrence
from homewire.bridge.links import Link
from homewire.bridge.mqtt.announcing import Announcer
from homewire.bridge.mqtt.commands import CommandDesk, Redeliveries
from homewire.bridge.mqtt.paho import PahoBroker
from homewire.bridge.mqtt.pipeline import Pipeline
from homewire.bridge.mqtt.port import Broker, BrokerLost, Inbound, read_json
from homewire.bridge.mqtt.topics import Request, Topics
from homewire.bridge.registry import Registry, Unsubscribe
from homewire.bridge.settings import MqttSettings
from homewire.bridge.views import plain, view_state
from homewire.commands import Command
from homewire.errors import HomewireError
from homewire.link.backoff import Backoff

__all__ = ["MqttOutput"]

_log = logging.getLogger(__name__)

_STABLE_S = 30.0
_LOOK_FOR_STALE_S = 5.0
"""Retained announcements arrive within this time of subscribing."""

_HEALTH_EVERY_S = 60.0
_BARRIER = 200
"""Messages between two that the broker must acknowledge: what is in flight stays bounded."""

_BREATH = 50
"""Messages between two moments in which others have their turn."""

_MOST_EVENTS = 1000
_MOST_EARLY = 1000
_EARLY_S = 30.0
"""After a start, commands that the broker kept wait this long for their appliance to be there."""

_EXACTLY_ONCE = 2

_encode = msgspec.json.Encoder().encode

Reports = Callable[[], Mapping[str, Mapping[str, Any]]]


class MqttOutput:
    """Publishes what appliances report and takes commands; keeps connecting while the broker is away."""

    def __init__(
        self,
        registry: Registry,
        settings: MqttSettings,
        *,
        report: Reports = dict,
        broker: Broker | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._reports = report
        self._broker = broker
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._topics = Topics(settings.base_topic, settings.discovery_prefix)
        self._redeliveries = Redeliveries()
        self._desk = CommandDesk(registry, self._answer)
        self._dirty: dict[str, None] = {}
        self._events: collections.deque[tuple[str, bytes, int, bytes | None]] = collections.deque(
            maxlen=_MOST_EVENTS
        )
        self._answers: collections.deque[tuple[str, bytes, int, bytes | None]] = collections.deque(
            maxlen=_MOST_EVENTS
        )
        self._early: collections.deque[tuple[Request, Inbound]] = collections.deque(maxlen=_MOST_EARLY)
        self._early_end: asyncio.TimerHandle | None = None
        self._work = asyncio.Event()
        self._announcer = Announcer(registry, settings, self._topics, self._work.set)
        self._pipeline = Pipeline()
        self._barriers = Pipeline(2)
        self._task: asyncio.Task[None] | None = None
        self._ends: tuple[Unsubscribe, ...] = ()
        self._birth: asyncio.TimerHandle | None = None
        self._online = False
        self._reason = "not connected yet"
        self._losses = 0
        self._published = 0

    async def start(self) -> None:
        """Begin to connect; raise only when the certificates cannot be read."""
        if self._broker is None:
            self._broker = PahoBroker(self._settings, self._topics.bridge_state)
        registry = self._registry
        self._ends = (
            registry.subscribe_changes(self._changed),
            registry.subscribe_appliances(self._appliance),
            registry.subscribe_links(self._link),
            registry.subscribe_commands(self._command),
        )
        self._task = asyncio.create_task(self._run(self._broker), name="mqtt")

    async def stop(self) -> None:
        """Tell that the bridge is offline, and disconnect."""
        for end in self._ends:
            end()
        self._announcer.stop()
        await self._desk.stop()
        for timer in (self._birth, self._early_end):
            if timer is not None:
                timer.cancel()
        task, self._task = self._task, None
        while task is not None and not task.done():
            task.cancel()  # again when a library took it for a lost connection while it was connecting
            await asyncio.wait((task,), timeout=1.0)

    def report(self) -> Mapping[str, Any]:
        """Tell how it is."""
        return {
            "ok": self._online,
            "reason": self._reason,
            "losses": self._losses,
            "published": self._published,
            "waiting": len(self._dirty) + len(self._events) + len(self._answers),
        }

    # ---------------------------------------------------------------- the link to the broker

    async def _run(self, broker: Broker) -> None:
        backoff, clock = Backoff(ceiling_s=60.0), self._registry.clock
        warned = False
        while True:
            began = clock.monotonic()
            try:
                await broker.connect()
                if warned:
                    _log.info("The MQTT broker is back")
                warned = False
                await self._serve(broker)
            except BrokerLost as error:
                self._lost(error)
                if not warned:
                    _log.warning("The MQTT broker %s is not reachable: %s", self._settings.host, error)
                warned = True
            except Exception:
                _log.exception("The MQTT output failed in a way that homewire does not expect")
            finally:
                self._online = False
                await broker.disconnect()
            if clock.monotonic() - began > _STABLE_S:
                backoff.reset()
            await clock.sleep(backoff.next_delay_s())

    async def _serve(self, broker: Broker) -> None:
        """Bring the broker up to date and serve it until the link dies."""
        self._announcer.forget()
        self._events.clear()
        reading = asyncio.create_task(self._read(broker))
        tasks = {reading}
        try:
            await self._greet(broker)
            tasks.add(asyncio.create_task(self._publish_changes(broker)))
            tasks.add(asyncio.create_task(self._look_after(broker)))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except asyncio.CancelledError:
            await self._goodbye(broker)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._pipeline.drop()
            await self._barriers.drop()

    async def _greet(self, broker: Broker) -> None:
        topics = self._topics
        commands = (topics.sets, topics.key_sets, topics.gets, topics.bridge_request)
        await broker.subscribe(*commands, qos=_EXACTLY_ONCE)
        await broker.subscribe(topics.birth, *self._announcer.filters(), qos=1)
        await self._publish_everything(broker)
        self._online, self._reason = True, "connected"  # what happens once others see it must not be lost
        await broker.publish(topics.bridge_state, b"online", qos=1, retain=True)

    async def _publish_everything(self, broker: Broker) -> None:
        info = {"name": "homewire", "version": homewire.__version__}
        await broker.publish(self._topics.bridge_info, _encode(info), qos=1, retain=True)
        self._dirty = dict.fromkeys(self._registry.appliances)
        self._announcer.announce_all()
        await self._flush(broker)
        await self._pipeline.settle()

    async def _goodbye(self, broker: Broker) -> None:
        with contextlib.suppress(BrokerLost, TimeoutError):
            async with asyncio.timeout(0.8):
                await self._flush(broker)
                await self._pipeline.settle()
                await broker.publish(self._topics.bridge_state, b"offline", qos=1, retain=True)

    def _lost(self, error: BrokerLost) -> None:
        self._redeliveries.lost()
        if self._online:
            self._losses += 1
        self._reason = str(error)

    async def _read(self, broker: Broker) -> None:
        async for message in broker.messages():
            try:
                self._received(message)
            except Exception:
                _log.exception("A message on %s could not be taken", message.topic)
        raise BrokerLost("the broker ended the connection")

    async def _look_after(self, broker: Broker) -> None:
        """Remove leftovers once retained announcements have come; tell the health from time to time."""
        clock = self._registry.clock
        await clock.sleep(_LOOK_FOR_STALE_S)
        self._announcer.all_seen()
        self._work.set()
        while True:
            body: dict[str, Any] = {"connections": [link.report() for link in self._registry.links.values()]}
            body |= {"outputs": self._reports(), "version": homewire.__version__}
            await broker.publish(self._topics.bridge_health, _encode(body), retain=True)
            await clock.sleep(_HEALTH_EVERY_S)

    # ---------------------------------------------------------------- to the broker

    async def _publish_changes(self, broker: Broker) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await asyncio.sleep(0)  # what happens in this very moment goes out together
            await self._flush(broker)

    async def _flush(self, broker: Broker) -> None:
        """Publish what is waiting: announcements first, then values, then what happened."""
        for topic, payload in self._announcer.take():
            await self._publish(broker, topic, payload, qos=1, retain=True)
        await self._pipeline.settle()
        while self._dirty:
            key = next(iter(self._dirty))
            del self._dirty[key]
            appliance = self._registry.appliances_now.get(key)
            if appliance is not None:
                await self._publish_state(broker, appliance)
        for waiting in (self._events, self._answers):
            while waiting:
                topic, payload, qos, correlation = waiting.popleft()
                await self._publish(broker, topic, payload, qos=qos, correlation=correlation)

    async def _publish_state(self, broker: Broker, appliance: Appliance) -> None:
        name = self._announcer.name(appliance.identity.id)
        await self._publish(broker, self._topics.state(name), _encode(view_state(appliance)), retain=True)
        online = appliance.availability.online
        if self._announcer.availability.get(name) is not online:
            word = b"online" if online else b"offline"
            await self._publish(broker, self._topics.availability(name), word, qos=1, retain=True)
            self._announcer.availability[name] = online

    async def _publish(self, broker: Broker, topic: str, payload: bytes, **how: Any) -> None:
        self._published += 1
        if self._published % _BREATH == 0:
            await asyncio.sleep(0)
        if how.get("qos"):
            await self._pipeline.add(broker.publish(topic, payload, **how))
        elif self._published % _BARRIER == 0:
            await self._barriers.add(broker.publish(topic, payload, qos=1, **how))
        else:
            await broker.publish(topic, payload, **how)

    # ---------------------------------------------------------------- from the registry

    def _changed(self, change: Change) -> None:
        if change.declared:
            self._announcer.announce_soon(change.appliance)
        if change.values:
            self._announcer.note_options(change)
        self._dirty[change.appliance] = None
        for occurrence in change.occurrences:
            self._occurred(change.appliance, occurrence)
        self._work.set()

    def _occurred(self, appliance_id: str, occurrence: Occurrence) -> None:
        if not self._online:
            return
        data = {key: plain(value) for key, value in occurrence.data.items()}
        body = data | {"event_type": occurrence.type, "at": occurrence.at}
        topic = self._topics.event(self._announcer.name(appliance_id), occurrence.key)
        self._events.append((topic, _encode(body), 1, None))

    def _appliance(self, appliance: Appliance, added: bool) -> None:
        key = appliance.identity.id
        if added:
            self._announcer.announce(key)
            self._dirty[key] = None
        else:
            self._dirty.pop(key, None)
            self._announcer.removed(key)
        self._work.set()

    def _link(self, link: Link, there: bool) -> None:
        if not there or link.opened_once:
            self._announcer.look_again()
            self._work.set()
        self._take_early()

    def _command(self, command: Command) -> None:
        if not command.stage.final:
            return
        self._dirty[command.appliance] = None  # a refused one shows the appliance's own value again
        if self._online:
            topic = self._topics.command(self._announcer.name(command.appliance))
            self._events.append((topic, json.dumps(command.describe()).encode(), 1, None))
        self._work.set()

    # ---------------------------------------------------------------- from the broker

    def _received(self, message: Inbound) -> None:
        if message.topic == self._topics.birth:
            self._home_assistant(message)
        elif self._announcer.seen(message):
            return
        elif not message.retain and not self._redeliveries.is_repeated(message):
            request = self._topics.read(message.topic)
            if request is not None:
                self._requested(request, message)

    def _home_assistant(self, message: Inbound) -> None:
        """Announce everything again a moment after Home Assistant started."""
        if message.payload != b"online" or message.retain:
            return
        delay_s = self._rng.uniform(0.0, self._settings.birth_delay_s)
        if self._birth is not None:
            self._birth.cancel()
        self._birth = self._registry.clock.call_later(delay_s, self._again)

    def _again(self) -> None:
        self._announcer.announce_all()
        self._announcer.availability.clear()
        self._dirty.update(dict.fromkeys(self._registry.appliances))
        self._work.set()

    def _requested(self, request: Request, message: Inbound) -> None:
        if request.verb == "request":
            self._bridge_request(request.key or "", message)
            return
        appliance = self._announcer.find(request.appliance)
        if request.verb == "set" and self._is_early(appliance):
            self._keep_early(request, message)
        elif appliance is None:
            _log.warning("There is no appliance for %s", message.topic)
            self._answer_error(message, "not_found", f"there is no appliance {request.appliance!r}")
        elif request.verb == "set":
            self._desk.take(appliance, request, message)
        elif request.verb == "get":
            self._dirty[appliance.identity.id] = None
            self._work.set()

    def _is_early(self, appliance: Appliance | None) -> bool:
        """Tell whether a command that the broker kept has come before its appliance."""
        if self._registry.uptime_s > _EARLY_S:
            return False
        if appliance is None:
            return any(not link.tried for link in self._registry.links.values())
        link = self._registry.link_of(appliance.identity.id)
        return link is not None and not link.tried

    def _keep_early(self, request: Request, message: Inbound) -> None:
        self._early.append((request, message))
        if self._early_end is None:
            left_s = max(0.0, _EARLY_S - self._registry.uptime_s)
            self._early_end = self._registry.clock.call_later(left_s + 0.1, self._take_early)

    def _take_early(self) -> None:
        """Take the commands that waited; one that is still too early waits on."""
        for _ in range(len(self._early)):
            self._requested(*self._early.popleft())

    def _bridge_request(self, verb: str, message: Inbound) -> None:
        """Answer a request to the bridge itself; `transaction` is echoed."""
        try:
            asked = read_json(message.payload or b"{}")
            transaction = asked.get("transaction") if isinstance(asked, dict) else None
        except ValueError:
            asked, transaction = {}, None
        try:
            body: dict[str, Any] = {"status": "ok", "data": self._bridge_answer(verb, asked)}
        except HomewireError as error:
            body = {"status": "error", "error": error.details()}
        answer = _encode(body | {"transaction": transaction})
        self._answer(message.response_topic or self._topics.response(verb), answer, message.correlation)

    def _bridge_answer(self, verb: str, asked: Any) -> Any:
        if verb == "health":
            return {"connections": [link.report() for link in self._registry.links.values()]}
        if verb == "retry":
            name = asked.get("connection") if isinstance(asked, dict) else None
            self._registry.link(str(name)).retry()
            return None
        raise HomewireError(f"there is no request {verb!r}", hint="There are: health, retry.")

    def _answer_error(self, message: Inbound, code: str, words: str) -> None:
        if message.response_topic:
            body = {
                "status": "error",
                "key": None,
                "command": None,
                "error": {"code": code, "message": words},
            }
            self._answer(message.response_topic, _encode(body), message.correlation)

    def _answer(self, topic: str, payload: bytes, correlation: bytes | None) -> None:
        self._answers.append((topic, payload, 1, correlation))
        self._work.set()
