"""A small connection kind of a third party's making: what the core's tests run against."""

from __future__ import annotations

import asyncio

import msgspec

from homewire.appliance import Appliance, Identity, Origin
from homewire.commands import Command
from homewire.errors import CommandRejected, HomewireError
from homewire.features import Button, Cover, Event, Lock, Number, Select, Sensor, Switch
from homewire.link.connection import Connection
from homewire.secrets import Secret

FEATURES = (
    Switch(key="power", name="Power"),
    Sensor(key="temperature", name="Temperature", unit="°C", precision=1),
    Number(key="target", name="Target", unit="°C", minimum=85, maximum=100, step=0.5),
    Select(key="mode", name="Mode", options=("eco", "fast")),
    Button(key="start", name="Start", dangerous=True),
    Cover(key="cover", name="Cover"),
    Lock(key="lock", name="Lock"),
    Event(key="shot", name="Shot", event_types=("done",)),
)


class Kettle(Appliance):
    """Confirms at once what it is told, unless `gate` is cleared or `refusal` set."""

    def __init__(self, name: str = "Kettle", **options: object) -> None:
        identity = Identity(id=f"example:{name.lower()}", vendor="Example", model="One", name=name)
        super().__init__(identity, FEATURES, **options)  # type: ignore[arg-type]  # handed on as they came
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusal: Exception | None = None
        self.written: list[tuple[str, object]] = []

    async def _write(self, command: Command) -> None:
        command.sent("wire")
        await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        command.accepted()
        self.written.append((command.key, command.value))
        if command.key in self.state:
            self.publish({command.key: command.value}, Origin.COMMAND)


class KettleSettings(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    password: Secret
    port: int = 80


class KettleConnection(Connection[KettleSettings]):
    """Opens, serves and fails as its levers say."""

    kind = "example"
    Settings = KettleSettings

    def __init__(self, settings: KettleSettings, **options: object) -> None:
        super().__init__(settings, **options)  # type: ignore[arg-type]  # handed on as they came
        self.failures: list[HomewireError] = []
        self.lost: asyncio.Future[None] | None = None
        self.opened = 0
        self.is_open = False

    async def open(self) -> None:
        self.opened += 1
        if self.failures:
            raise self.failures.pop(0)
        self.is_open = True
        if not self.appliances:
            self._add(Kettle(clock=self.clock, allow=self.allow))

    async def serve(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()
        await self.lost

    async def close(self) -> None:
        self.is_open = False

    def lose(self, error: Exception) -> None:
        assert self.lost is not None
        self.lost.set_exception(error)


REFUSED = CommandRejected("the kettle is empty", reason_code=12)
