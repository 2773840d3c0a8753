"""A connection kind with one appliance of every kind of feature; its levers are found by connection name."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any, ClassVar

import msgspec

from homewire.appliance import Appliance, Identity, Occurrence, Origin
from homewire.commands import Command
from homewire.config import ConnectionEntry
from homewire.errors import HomewireError
from homewire.features import (
    BinarySensor,
    Button,
    Category,
    Cover,
    Event,
    Feature,
    Lock,
    Number,
    Select,
    Sensor,
    Switch,
    Text,
    Time,
    Update,
)
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
    Sensor(key="energy", name="Energy", unit="kWh", device_class="energy", state_class="total_increasing"),
    Sensor(key="phase", name="Phase", options=("idle", "heating"), device_class="enum"),
    Sensor(key="started", name="Started", device_class="timestamp"),
    BinarySensor(key="door", name="Door", device_class="door"),
    Number(key="target", name="Target", unit="°C", minimum=85, maximum=100, step=0.5),
    Select(key="mode", name="Mode", options=("eco", "fast"), category=Category.CONFIGURATION),
    Button(key="start", name="Start", dangerous=True),
    Button(key="rinse", name="Rinse"),
    Cover(key="cover", name="Cover"),
    Lock(key="lock", name="Lock"),
    Text(key="label", name="Label", max_length=20),
    Time(key="wake_at", name="Wake at"),
    Event(key="shot", name="Shot", event_types=("done", "aborted")),
    Sensor(
        key="firmware",
        name="Firmware",
        category=Category.DIAGNOSTIC,
        enabled_by_default=False,
        history=False,
    ),
    Update(key="update", name="Update", installed_key="firmware", writable=True),
)

MOMENT = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


class Machine(Appliance):
    """Confirms what it is told once `gate` is open, unless `refusal` is set."""

    def __init__(self, name: str, **options: Any) -> None:
        identity = Identity(
            id=f"test:{name.lower()}", vendor="Test", model="One", name=name, serial="1", firmware="1.0"
        )
        super().__init__(identity, FEATURES, **options)
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusal: Exception | None = None
        self.written: list[tuple[str, object]] = []

    async def _write(self, command: Command) -> None:
        command.sent("wire")
        if self.refusal is not None:
            raise self.refusal
        command.accepted()
        await self.gate.wait()
        self.written.append((command.key, command.value))
        if command.key in self.state:
            value = {"open": 100, "close": 0, "stop": 50}.get(str(command.value), command.value)
            self.publish({command.key: value}, Origin.COMMAND)

    async def _refresh(self) -> None:
        self.publish({"temperature": 93.5, "power": True, "started": MOMENT}, Origin.POLL)

    @property
    def resources(self) -> dict[str, str]:
        return {"memory/{page}": "A page of its memory."}

    async def read_resource(self, name: str) -> Any:
        if name == "memory/1":
            return {"page": 1, "bytes": "00ff"}
        return await super().read_resource(name)

    def shot(self, seconds: float) -> None:
        done = Occurrence(key="shot", type="done", at=MOMENT, data={"seconds": seconds})
        self.publish({}, Origin.PUSH, occurrences=(done,))


class KitchenSettings(msgspec.Struct, frozen=True, kw_only=True):
    host: str = "127.0.0.1"
    password: Secret | None = None
    machines: int = 1


class KitchenConnection(Connection[KitchenSettings]):
    """Opens at once unless it is told to fail or to hang."""

    kind = "kitchen"
    Settings = KitchenSettings
    made: ClassVar[dict[str, KitchenConnection]] = {}
    failure: ClassVar[dict[str, HomewireError]] = {}
    slow: ClassVar[dict[str, asyncio.Event]] = {}

    def __init__(self, settings: KitchenSettings, **options: Any) -> None:
        super().__init__(settings, **options)
        self.made[self.name] = self
        self.ready = asyncio.Event()
        self.lost: asyncio.Future[None] | None = None
        self.is_open = False
        self.hang_on_close = False
        self.opened = 0

    async def open(self) -> None:
        if self.name in self.slow:
            await self.slow[self.name].wait()
        if self.name in self.failure:
            raise self.failure[self.name]
        self.is_open = True
        self.opened += 1
        for number in range(len(self.appliances), self.settings.machines):
            name = self.name if not number else f"{self.name} {number}"
            self._add(Machine(name, clock=self.clock, allow=self.allow, unknowns=self.unknowns))

    async def serve(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()
        self.ready.set()
        await self.lost

    async def close(self) -> None:
        if self.hang_on_close:
            await asyncio.get_running_loop().create_future()
        self.is_open = False
        self.ready.clear()

    def lose(self, error: Exception) -> None:
        assert self.lost is not None
        self.lost.set_exception(error)

    @property
    def machine(self) -> Machine:
        first = next(iter(self.appliances.values()))
        assert isinstance(first, Machine)
        return first


def entry(name: str, **values: Any) -> ConnectionEntry:
    allow = values.pop("allow", ())
    enabled = values.pop("enabled", True)
    return ConnectionEntry(
        kind=values.pop("kind", "kitchen"), name=name, values=values, allow=allow, enabled=enabled
    )
