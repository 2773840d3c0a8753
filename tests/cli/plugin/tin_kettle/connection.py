"""The client's side of the kettle."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import msgspec

from homewire.appliance import Appliance, Identity, Occurrence, Origin
from homewire.clock import Clock
from homewire.commands import Command
from homewire.discovery import Discovered
from homewire.errors import AuthenticationFailed, CommandRejected, ConnectionFailed, ConnectionLost
from homewire.features import (
    BinarySensor,
    Button,
    Category,
    Event,
    Feature,
    Lock,
    Number,
    Select,
    Sensor,
    Switch,
    Time,
)
from homewire.kinds import Check
from homewire.link.connection import Connection
from homewire.secrets import Secret

FEATURES: tuple[Feature, ...] = (
    Switch(key="power", name="Power"),
    Sensor(
        key="temperature",
        name="Temperature",
        unit="°C",
        device_class="temperature",
        state_class="measurement",
        precision=1,
    ),
    Number(key="target", name="Target temperature", unit="°C", minimum=40, maximum=100, step=0.5),
    Select(key="mode", name="Mode", options=("eco", "fast"), category=Category.CONFIGURATION),
    Time(key="wake", name="Wake at", category=Category.CONFIGURATION),
    BinarySensor(key="empty", name="Empty", device_class="problem"),
    Button(key="whistle", name="Whistle", help="Whistles once."),
    Button(key="descale", name="Descale", dangerous=True),
    Lock(key="lid", name="Lid"),
    Event(key="boiled", name="Boiled", event_types=("done",)),
    Sensor(key="starts", name="Starts", category=Category.DIAGNOSTIC, state_class="total_increasing"),
)


class KettleSettings(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    password: Secret
    port: int = 1883
    pin: Annotated[Secret | None, msgspec.Meta(description="Not needed by this model.")] = None
    tags: tuple[str, ...] = ()


class Kettle(Appliance):
    def __init__(self, connection: KettleConnection) -> None:
        identity = Identity(
            id="tin-kettle:K1", vendor="Tin", model="Two", name="Tea Kettle", serial="K1", firmware="1.0"
        )
        super().__init__(identity, FEATURES, clock=connection.clock, allow=connection.allow)
        self._link = connection

    async def _write(self, command: Command) -> None:
        command.sent("tcp")
        await self._link.ask({"set": {command.key: _plain(command.value)}})
        command.accepted()

    async def _refresh(self) -> None:
        await self._link.ask({"get": True})


def _plain(value: Any) -> Any:
    return value.isoformat("minutes") if hasattr(value, "isoformat") else value


class KettleConnection(Connection[KettleSettings]):
    kind = "tin-kettle"
    Settings = KettleSettings

    _writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        try:
            self._reader, self._writer = await asyncio.open_connection(self.settings.host, self.settings.port)
        except OSError as error:
            raise ConnectionFailed(
                f"{self.settings.host}:{self.settings.port} refuses the connection",
                hint="Is it switched on?",
            ) from error
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading = asyncio.ensure_future(self._read())
        if not self.appliances:
            self._add(Kettle(self))
        await self.ask({"login": self.settings.password.reveal()})
        await self.ask({"get": True})

    async def serve(self) -> None:
        await self._reading
        raise ConnectionLost("the kettle hung up")

    async def close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            self._reading.cancel()
            await asyncio.wait((self._reading,))

    async def ask(self, question: dict[str, Any]) -> None:
        if self._writer is None:
            raise ConnectionLost("not connected")
        self._writer.write(json.dumps(question).encode() + b"\n")
        answering = asyncio.ensure_future(self._answers.get())
        try:
            await asyncio.wait((answering, self._reading), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise ConnectionLost("the kettle hung up")
            _raise(answering.result())
        finally:
            answering.cancel()

    async def _read(self) -> None:
        [kettle] = self.appliances.values() or [None]
        while line := await self._reader.readline():
            message = json.loads(line)
            kettle = next(iter(self.appliances.values()))
            if "state" in message:
                values = dict(message["state"])
                if isinstance(values.get("wake"), str):
                    values["wake"] = kettle.features["wake"].parse(values["wake"])
                kettle.publish(values, Origin.PUSH, occurrences=tuple(_events(message, kettle)))
            if "answer" in message:
                self._answers.put_nowait(message)


def _events(message: dict[str, Any], kettle: Appliance) -> Iterator[Occurrence]:
    if message.get("boiled"):
        yield Occurrence(key="boiled", type="done", at=kettle.clock.now(), data={"seconds": 90.5})


def _raise(message: dict[str, Any]) -> None:
    answer = message["answer"]
    if answer == "wrong password":
        raise AuthenticationFailed("the kettle does not take this password", hint="Look under its base.")
    if answer == "busy":
        raise ConnectionFailed("the kettle talks to somebody else", hint="Close the other program.")
    if answer == "empty":
        raise CommandRejected("the kettle is empty", reason_code=12, hint="Fill in water.")


def catalogue() -> Iterator[tuple[str, tuple[Feature, ...]]]:
    yield "Two", FEATURES


async def discover(_timeout_s: float) -> AsyncIterator[Discovered]:
    if os.environ.get("TIN_KETTLE_NEARBY"):
        yield Discovered(
            kind="tin-kettle",
            name="Tea Kettle",
            address="127.0.0.9",
            model="Two",
            settings={"host": "127.0.0.9"},
            missing=("password",),
            note="The password is under its base.",
        )


async def checks(settings: KettleSettings, _clock: Clock) -> AsyncIterator[Check]:
    yield Check(name="address", ok=True, found=f"{settings.host} resolves")
    connection = KettleConnection(settings)
    try:
        await connection.open()
        yield Check(name="password", ok=True, found="accepted")
    except AuthenticationFailed as error:
        yield Check(name="password", ok=False, found=error.message, remedy="Look under its base.")
    except ConnectionFailed as error:
        yield Check(name="connection", ok=False, found=error.message, remedy="Switch it on.")
    finally:
        await connection.close()
