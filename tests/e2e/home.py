"""A home to look at: one appliance of each sort, with every kind of feature, and levers for tests."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import random
import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from homewire.appliance import Appliance, Identity, Occurrence, Origin, Problem
from homewire.commands import Command
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
    Value,
)
from homewire.link.connection import Connection

DIAGNOSTIC = Category.DIAGNOSTIC
CONFIGURATION = Category.CONFIGURATION


def temperature(key: str, name: str, **more: Any) -> Sensor:
    return Sensor(
        key=key,
        name=name,
        unit="°C",
        device_class="temperature",
        state_class="measurement",
        precision=1,
        **more,
    )


SIGNAL = Sensor(
    key="signal", name="Wi-Fi signal", unit="dBm", device_class="signal_strength", category=DIAGNOSTIC
)

ESPRESSO: tuple[Feature, ...] = (
    Switch(key="power", name="Power"),
    temperature("coffee_temperature", "Coffee boiler"),
    temperature("steam_temperature", "Steam boiler"),
    BinarySensor(key="brewing", name="Brewing", device_class="running"),
    BinarySensor(key="water", name="Water tank", device_class="problem"),
    Sensor(key="shots", name="Shots", state_class="total_increasing"),
    Number(
        key="coffee_target",
        name="Coffee target",
        unit="°C",
        device_class="temperature",
        minimum=85,
        maximum=104,
        step=0.1,
    ),
    Button(
        key="backflush",
        name="Backflush",
        dangerous=True,
        help="Runs the pump for 40 seconds; put the blind basket in first.",
    ),
    Select(
        key="prebrew",
        name="Pre-brewing",
        options=("off", "pre_brew", "pre_infusion"),
        category=CONFIGURATION,
    ),
    Number(
        key="standby",
        name="Standby after",
        unit="min",
        minimum=10,
        maximum=240,
        step=10,
        category=CONFIGURATION,
    ),
    Time(key="wake_at", name="Wake up at", category=CONFIGURATION, help="On weekdays."),
    Text(key="label", name="Label", max_length=24, category=CONFIGURATION),
    Sensor(key="firmware", name="Firmware", category=DIAGNOSTIC, history=False),
    Update(
        key="update", name="Newest firmware", installed_key="firmware", category=DIAGNOSTIC, writable=True
    ),
    SIGNAL,
    Event(key="shot", name="Shot", event_types=("finished", "aborted")),
)
WASHER: tuple[Feature, ...] = (
    Sensor(
        key="phase", name="Phase", device_class="enum", options=("main_wash", "rinse", "spin", "finished")
    ),
    Sensor(key="remaining", name="Time left", unit="min", device_class="duration"),
    Sensor(key="program", name="Programme", device_class="enum", options=("cottons", "minimum_iron")),
    temperature("drum_temperature", "Drum"),
    Sensor(
        key="energy",
        name="Energy",
        unit="kWh",
        device_class="energy",
        state_class="total_increasing",
        precision=2,
    ),
    BinarySensor(key="door", name="Door", device_class="door"),
    Button(
        key="start",
        name="Start",
        dangerous=True,
        help="Starts the programme that is selected on the machine.",
    ),
    SIGNAL,
    Event(key="run", name="Programme", event_types=("finished", "aborted")),
)
CURTAIN: tuple[Feature, ...] = (Cover(key="cover", name="Curtain"), SIGNAL)
DOOR: tuple[Feature, ...] = (
    Lock(key="lock", name="Lock"),
    Sensor(key="battery", name="Battery", unit="%", device_class="battery"),
)
LAMP: tuple[Feature, ...] = (
    Switch(key="on", name="Light"),
    Sensor(key="watts", name="Power draw", unit="W", device_class="power", state_class="measurement"),
)
OVEN: tuple[Feature, ...] = (
    temperature("cavity", "Oven"),
    temperature("core", "Core"),
    Sensor(key="mode", name="Mode", device_class="enum", options=("fan_plus", "grill")),
    BinarySensor(key="door", name="Door", device_class="door"),
    SIGNAL,
)


class HomeAppliance(Appliance):
    """Confirms at once unless `gate` is shut or `refusal` is set."""

    def __init__(self, identity: Identity, features: tuple[Feature, ...], **options: Any) -> None:
        super().__init__(identity, features, **options)
        self.gate = asyncio.Event()
        self.gate.set()
        self.refusal: Exception | None = None
        self.trouble: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.trouble

    async def _write(self, command: Command) -> None:
        command.sent("local")
        await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        command.accepted()
        value = {"open": 100, "close": 0, "stop": 40}.get(str(command.value), command.value)
        if command.key in self.state and command.value is not None:
            self.publish({command.key: value}, Origin.COMMAND)


class HomeSettings(msgspec.Struct, frozen=True, kw_only=True):
    sort: str = "kitchen"
    count: int = 0
    first: int = 0


class HomeConnection(Connection[HomeSettings]):
    kind = "home"
    Settings = HomeSettings
    made: ClassVar[dict[str, HomeConnection]] = {}

    def __init__(self, settings: HomeSettings, **options: Any) -> None:
        super().__init__(settings, **options)
        self.made[self.name] = self
        self.ready = asyncio.Event()
        self.lost: asyncio.Future[None] | None = None

    async def open(self) -> None:
        if not self.appliances:
            for appliance in self._furnish():
                self._add(appliance)

    async def serve(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()
        self.ready.set()
        await self.lost

    async def close(self) -> None:
        self.ready.clear()

    def get(self, name: str) -> HomeAppliance:
        found = next(one for one in self.appliances.values() if one.identity.name == name)
        assert isinstance(found, HomeAppliance)
        return found

    def _furnish(self) -> list[HomeAppliance]:
        if self.settings.count:
            numbers = range(self.settings.first, self.settings.first + self.settings.count)
            return [self._one(f"Lamp {n}", "Glow", "L1", LAMP, _lamp(n)) for n in numbers]
        sorts = {"kitchen": self._kitchen, "flat": self._flat, "hostile": self._hostile, "busy": self._busy}
        return sorts[self.settings.sort]()

    def _hostile(self) -> list[HomeAppliance]:
        """Names and values as somebody would send who means harm, or who has much to say."""
        features = (
            Sensor(key="<b>", name=_HOSTILE, unit=_HOSTILE),
            Select(key="mode", name="Mode", options=(_HOSTILE, "calm")),
            Text(key="note", name="Note", max_length=2000),
            Event(key="shot", name=_HOSTILE, event_types=(_HOSTILE,)),
        )
        state: dict[str, Value] = {"<b>": _HOSTILE, "mode": _HOSTILE, "note": "word" * 200}
        return [
            self._one(_HOSTILE, 'Ev"il?#%', _HOSTILE, features, state),
            self._one("Extraordinarilylongnamewithoutanyspace" * 4, "Long", "L" * 120, LAMP, _lamp(1)),
        ]

    def _busy(self) -> list[HomeAppliance]:
        """One appliance with more settings than anybody wants to see at once."""
        settings = tuple(
            Number(key=f"dose_{n}", name=f"Dose {n}", minimum=0, maximum=999, category=CONFIGURATION)
            for n in range(60)
        )
        doses: dict[str, Value] = {f"dose_{n}": n for n in range(60)}
        return [self._one("Dispenser", "Busy", "D60", (*ESPRESSO, *settings), _ESPRESSO_STATE | doses)]

    def _kitchen(self) -> list[HomeAppliance]:
        return [
            self._one("Espresso machine", "Brew", "Duo 2", ESPRESSO, _ESPRESSO_STATE),
            self._one("Washing machine", "Clean", "WM 900", WASHER, _WASHER_STATE),
            self._one("Oven", "Heat", "OV 60", OVEN, _OVEN_STATE),
        ]

    def _flat(self) -> list[HomeAppliance]:
        return [
            self._one("Living room curtain", "Shade", "C2", CURTAIN, {"cover": 65, "signal": -58}),
            self._one("Bedroom curtain", "Shade", "C2", CURTAIN, {"cover": 0, "signal": -71}),
            self._one("Front door", "Shade", "Lock S", DOOR, {"lock": True, "battery": 83}),
            self._one("Hall lamp", "Shade", "Switch", LAMP, _lamp(1)),
            self._one("Terrace lamp", "Shade", "Switch", LAMP, _lamp(2)),
        ]

    def _one(
        self,
        name: str,
        vendor: str,
        model: str,
        features: tuple[Feature, ...],
        state: Mapping[str, Value],
    ) -> HomeAppliance:
        serial = f"{vendor[:2].upper()}{zlib.crc32(name.encode()) % 1_000_000:06d}"
        identity = Identity(
            id=f"{vendor.lower()}:{serial}",
            vendor=vendor,
            model=model,
            name=name,
            serial=serial,
            firmware="2.4.1",
        )
        made = HomeAppliance(identity, features, clock=self.clock, allow=self.allow)
        made.publish(state, Origin.POLL)
        return made


_HOSTILE = "<img src=x onerror=\"document.title='owned'\"> ${alert(1)} 'quoted' &amp;"
_ESPRESSO_STATE: dict[str, Value] = {
    "power": True,
    "coffee_temperature": 93.4,
    "steam_temperature": 126.1,
    "brewing": False,
    "water": False,
    "shots": 4183,
    "coffee_target": 93.5,
    "prebrew": "pre_infusion",
    "standby": 30,
    "wake_at": dt.time(6, 30),
    "label": "Kitchen counter",
    "firmware": "2.4.1",
    "update": "2.5.0",
    "signal": -52,
}
_WASHER_STATE: dict[str, Value] = {
    "phase": "main_wash",
    "remaining": 47,
    "program": "cottons",
    "drum_temperature": 39.6,
    "energy": 412.36,
    "door": False,
    "signal": -63,
}
_OVEN_STATE: dict[str, Value] = {
    "cavity": 180.0,
    "core": 54.5,
    "mode": "fan_plus",
    "door": False,
    "signal": -60,
}


def _lamp(number: int) -> dict[str, Value]:
    return {"on": number % 3 != 0, "watts": number % 12 + 2.5 if number % 3 else 0}


def live_through(machine: HomeAppliance, until: dt.datetime, hours: int = 24) -> None:
    """Let an espresso machine live through the hours before a moment."""
    chance, step = random.Random(4), dt.timedelta(minutes=2)
    moment, coffee, steam, shots = until - dt.timedelta(hours=hours), 24.0, 23.0, 0
    story: list[tuple[dt.datetime, dict[str, Value], list[Occurrence]]] = []
    unknown: dict[str, Value] = dict.fromkeys(("power", "brewing", "coffee_temperature", "steam_temperature"))
    machine.publish(unknown | {"coffee_target": None}, Origin.PUSH, at=moment - step)
    machine.publish({"coffee_target": 93.5}, Origin.PUSH, at=moment)
    while moment < until:
        awake = 6 <= moment.hour < 11 or 15 <= moment.hour < 19 or until - moment < dt.timedelta(hours=2)
        coffee += ((93.5 if awake else 24) - coffee) * (0.16 if awake else 0.03)
        steam += ((126.5 if awake else 24) - steam) * (0.12 if awake else 0.03)
        wobble = 0.35 * math.sin(moment.timestamp() / 400) + chance.gauss(0, 0.12)
        values: dict[str, Value] = {
            "power": awake,
            "coffee_temperature": round(coffee + wobble * awake, 1),
            "steam_temperature": round(steam + 2 * wobble * awake, 1),
            "signal": -52 + chance.randrange(-3, 4),
        }
        happened = []
        if awake and coffee > 92 and chance.random() < 0.07 and shots < 14:
            shots += 1
            values |= {"brewing": True, "shots": shots}
            data: dict[str, Value] = {
                "duration_s": round(chance.uniform(24, 33), 1),
                "temperature_c": round(coffee, 1),
                "dose": chance.choice(("A", "B")),
            }
            happened.append(Occurrence(key="shot", type="finished", at=moment, data=data))
        else:
            values["brewing"] = False
        story.append((moment, values, happened))
        moment += step
    for moment, values, happened in story:
        if happened:  # the counter ends at what it shows now
            values["shots"] = 4183 - shots + int(str(values["shots"]))
        machine.publish(values, Origin.PUSH, at=moment, occurrences=happened)
    now = {key: _ESPRESSO_STATE[key] for key in ("power", "coffee_temperature", "steam_temperature")}
    machine.publish(now, Origin.PUSH, at=until)
