"""The gateway generation's machines and grinder as appliances: values, writes, and shots as events."""

from __future__ import annotations

import abc
import datetime as dt
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec

from homewire.appliance import Appliance, Identity, Occurrence, Origin, Problem
from homewire.commands import Allowance, Command
from homewire.errors import NotSupported
from homewire.features import Value
from homewire.lamarzocco.gateway.features import DAYS, grinder_features, machine_features
from homewire.lamarzocco.gateway.heating import ReadyEstimate
from homewire.lamarzocco.gateway.machine import LaMarzoccoDevice, LaMarzoccoGrinder, LaMarzoccoMachine, Path
from homewire.lamarzocco.gateway.models import (
    BoilerType,
    FirmwareType,
    PhysicalKey,
    PrebrewMode,
    ScheduleDay,
    SmartStandby,
    SmartStandbyMode,
    SteamLevel,
    WakeUpSleepEntry,
    WeeklySchedule,
)
from homewire.lamarzocco.gateway.views import LaMarzoccoBoiler, LaMarzoccoMachineConfig, Shot
from homewire.lamarzocco.models import Steam

__all__ = ["GrinderAppliance", "MachineAppliance"]

_PREBREW = {
    "disabled": PrebrewMode.DISABLED,
    "prebrew": PrebrewMode.PREBREW,
    "preinfusion": PrebrewMode.PREINFUSION,
}
_STEAM = {str(number): level for number, level in enumerate(SteamLevel, 1)}

_ENTRY_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_MOST_ENTRIES = 50
"""An entry's id becomes part of names that others use in topics and addresses; a machine has a handful."""

_LOCAL_PROBLEM = Problem(
    key="local",
    message="the machine is not read on the local network, but through the cloud",
    remedy="Check its address; gateway firmware 5 and later has no local API. `homewire doctor` tells more.",
)

_CONFIRM_S = 60.0
_INSTALL_S = 700.0
"""An update is followed for ten minutes (section 7.4); everything else confirms within a minute."""


def _identity(device: LaMarzoccoDevice) -> Identity:
    return Identity(
        id=f"lamarzocco:{device.serial_number}",
        vendor="La Marzocco",
        model=device.full_model_name,
        name=device.name,
        serial=device.serial_number,
    )


class _DeviceAppliance(Appliance, abc.ABC):
    """What machine and grinder share: firmware, and where readings come from."""

    confirm_within_s = _INSTALL_S
    device: LaMarzoccoDevice
    _installing: set[str]

    async def _write(self, command: Command) -> None:
        """Carry out one write; the device returns once the machine confirmed it."""
        action = self._action(command.key, command.value)
        command.sent()
        if command.key.endswith("_update"):
            await self._install(command.key.removesuffix("_update"), action)
            command.path = Path.CLOUD
        else:
            async with self.clock.timeout(_CONFIRM_S):
                command.path = _path_of(await action)
        command.accepted()
        self.show(Origin.COMMAND)

    async def _install(self, kind: str, action: Awaitable[Any]) -> None:
        """Show for minutes that an installation runs."""
        self._installing.add(kind)
        self.show(Origin.COMMAND)
        try:
            await action
        finally:
            self._installing.discard(kind)
            self.show(Origin.COMMAND)

    def _action(self, key: str, _value: Any) -> Awaitable[Any]:
        for kind in FirmwareType:
            if key == f"{kind}_update":
                return self.device.update_firmware(kind)
        raise NotSupported(f"{key} cannot be changed", appliance=self.identity.name)

    @abc.abstractmethod
    def show(self, origin: Origin) -> None:
        """Publish everything known."""

    async def _refresh(self) -> None:
        await self.device.get_config()
        if self.device.cloud_client is not None:
            await self.device.read_extras()
        self.show(Origin.POLL)

    def _firmware_values(self) -> dict[str, Value]:
        installed = self._installed()
        values: dict[str, Value] = {}
        for kind in FirmwareType:
            record = self.device.firmware.get(kind)
            current = record.current_version if record else None
            values[f"{kind}_firmware"] = current or installed.get(f"{kind}_firmware")
            values[f"{kind}_update"] = record.latest_version if record else None
            values[f"{kind}_updating"] = kind in self._installing or bool(record and record.updating)
        if values["machine_firmware"] != self.identity.firmware:
            self.update_identity(firmware=str(values["machine_firmware"] or "") or None)
        return values

    def _installed(self) -> Mapping[str, str]:
        configuration = getattr(self.device, "configuration", None)
        versions = configuration.firmware_versions if configuration else ()
        return {version.name: version.fw_version for version in versions}


def _path_of(answer: object) -> str | None:
    return str(answer) if isinstance(answer, str) else None


class MachineAppliance(_DeviceAppliance):
    """An espresso machine."""

    def __init__(self, machine: LaMarzoccoMachine, *, allow: Allowance | None = None) -> None:
        self.device: LaMarzoccoMachine = machine
        super().__init__(
            _identity(machine),
            machine_features(machine.traits),
            clock=machine.clock,
            allow=allow,
            unknowns=machine.unknowns,
        )
        self._installing = set()
        self._estimate = ReadyEstimate()
        self._offered: tuple[bool, tuple[str, ...]] = (False, ())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the owner should see to: water, and a local path that should work and does not."""
        found = []
        if self.state["water"] is False:
            found.append(Problem(key="water", message="the water tank is empty", remedy="Fill the tank."))
        if self.device.local_client is not None and not self.device.reads_local and self.updated_at:
            found.append(_LOCAL_PROBLEM)
        return tuple(found)

    def received(self, message: str | bytes) -> None:
        """Take one raw stream message."""
        shot = self.device.on_websocket_message_received(message)
        self.show(Origin.PUSH, shot)

    def show(self, origin: Origin, shot: Shot | None = None) -> None:
        """Publish everything known, and the shot that ended."""
        config = self.device.config
        self._declare(config)
        values = {key: value for key, value in self._values(config).items() if key in self.features}
        self.publish(values, origin, occurrences=[_occurrence(shot, self.clock.now())] if shot else ())

    def _declare(self, config: LaMarzoccoMachineConfig) -> None:
        """Follow the schedule that the firmware has and the entries that it holds."""
        offered = (config.schedule is not None, self._usable(config.wake_up_sleep_entries))
        if offered != self._offered:
            self._offered = offered
            self.replace_features(machine_features(self.device.traits, weekly=offered[0], entries=offered[1]))

    def _usable(self, entries: Iterable[str]) -> tuple[str, ...]:
        """Return the entries that features are made of; note those that no machine has (section 8.5)."""
        usable: list[str] = []
        strange: list[str] = []
        for entry in entries:
            fits = len(usable) < _MOST_ENTRIES and _ENTRY_ID.fullmatch(entry)
            (usable if fits else strange).append(entry)
        for entry in strange[:1]:
            self.unknowns.note("wake-up entry", entry)
        return tuple(usable)

    def _values(self, config: LaMarzoccoMachineConfig) -> dict[str, Value]:
        return (
            self._readings(config)
            | _dose_values(config)
            | _prebrew_values(config, self.device.traits.dose_keys)
            | _schedule_values(config)
            | self._diagnostic_values()
            | self._firmware_values()
        )

    def _readings(self, config: LaMarzoccoMachineConfig) -> dict[str, Value]:
        coffee, steam = config.boilers.get(BoilerType.COFFEE), config.boilers.get(BoilerType.STEAM)
        ready, ready_at = self._estimate.update(config, self.clock.now())
        level = config.steam_level
        known = self.device.state.mode is not None
        return {
            "power": config.turned_on if known else None,
            "ready": ready if known else None,
            "ready_at": ready_at,
            "coffee_temperature": coffee.current_temperature if coffee else None,
            "coffee_target": coffee.target_temperature if coffee else None,
            "steam": steam.enabled if steam else None,
            "steam_temperature": _reading(steam),
            "steam_target": steam.target_temperature if steam else None,
            "steam_level": str(tuple(SteamLevel).index(level) + 1) if level else None,
            "water": config.water_contact,
            "brewing": config.brew_active,
            "shot_time": config.brew_active_duration,
            "plumbed_in": config.plumbed_in,
            "backflushing": config.backflush_enabled,
        }

    def _diagnostic_values(self) -> dict[str, Value]:
        counted = self.device.statistics
        values: dict[str, Value] = {"coffees": counted.total_coffee, "flushes": counted.total_flushes}
        for key, count in counted.drink_stats.items():
            values[f"coffees_{key.name.lower()}"] = count
        told = self.device.state.statistics
        if told is not None:
            values["coffees"] = told.tot_doses if told.tot_doses is not None else values["coffees"]
            values["flushes"] = told.groups[0].clean if told.groups else values["flushes"]
        system = self.device.state.system
        values["wifi_signal"] = (
            system.network_interfaces[0].rssi if system and system.network_interfaces else None
        )
        direct = "stream" if self.device.websocket_connected else "local"
        values["read_from"] = direct if self.device.reads_local else "cloud"
        return values

    def _action(self, key: str, value: Any) -> Awaitable[Any]:
        machine = self.device
        simple: dict[str, Callable[[Any], Awaitable[Any]]] = {
            "power": machine.set_power,
            "coffee_target": lambda wanted: machine.set_temp(BoilerType.COFFEE, wanted),
            "steam": machine.set_steam,
            "steam_target": lambda wanted: machine.set_temp(BoilerType.STEAM, wanted),
            "steam_level": lambda wanted: machine.set_steam_level(_STEAM[wanted]),
            "plumbed_in": machine.set_plumbed_in,
            "backflush": lambda _pressed: machine.start_backflush(),
            "hot_water": machine.set_dose_tea_water,
            "recipe": machine.set_active_recipe,
            "recipe_a": lambda wanted: machine.set_recipe_dose("A", wanted),
            "recipe_b": lambda wanted: machine.set_recipe_dose("B", wanted),
            "prebrew_mode": lambda wanted: machine.set_prebrew_mode(_PREBREW[wanted]),
        }
        if key in simple:
            return simple[key](value)
        return (
            self._keyed_action(key, value) or self._schedule_action(key, value) or super()._action(key, value)
        )

    def _keyed_action(self, key: str, value: Any) -> Awaitable[Any] | None:
        """Return the action of a feature that exists once per dose key."""
        name, _, letter = key.rpartition("_")
        if letter.upper() not in PhysicalKey.__members__:
            name, letter = key, "a"
        which, machine = PhysicalKey[letter.upper()], self.device
        actions: dict[str, Callable[[], Awaitable[Any]]] = {
            "dose": lambda: machine.set_dose(value, which),
            "prebrew_on": lambda: machine.set_prebrew_time(prebrew_on_time=value, key=which),
            "prebrew_off": lambda: machine.set_prebrew_time(prebrew_off_time=value, key=which),
            "preinfusion": lambda: machine.set_preinfusion_time(value, which),
        }
        return actions[name]() if name in actions else None

    def _schedule_action(self, key: str, value: Any) -> Awaitable[Any] | None:
        if key == "wake_up_add":
            return self.device.add_wake_up_sleep()
        if key.startswith(("smart_standby", "wake_up_", "schedule")):
            return self._change_schedule(key, value)
        return None

    async def _change_schedule(self, key: str, value: Any) -> Path:
        """Change a part of what is written as a whole; the other parts are those that the machine has now."""
        machine = self.device
        await machine.get_config()
        config = machine.config
        if key.startswith("smart_standby"):
            changed = _standby_with(config.smart_standby or SmartStandby(), key, value)
            return await machine.set_smart_standby(
                changed.enabled, changed.minutes, SmartStandbyMode(changed.mode)
            )
        if key.startswith("wake_up_"):
            entry_id, _, part = key.removeprefix("wake_up_").partition("_")
            if part == "remove":
                return await machine.delete_wake_up_sleep(entry_id)
            entry = _entry_with(machine.wake_up_sleep_entry(entry_id), part, value)
            return await machine.set_wake_up_sleep(entry)
        return await machine.set_schedule(_schedule_with(config.schedule or WeeklySchedule(), key, value))

    def _diagnostics(self) -> Mapping[str, Any]:
        configuration = self.device.configuration
        return {
            "configuration": msgspec.to_builtins(configuration) if configuration else None,
            "system": msgspec.to_builtins(self.device.state.system),
            "last_path": self.device.last_path,
            "steam": Steam(self.device.traits.steam).value,
        }


class GrinderAppliance(_DeviceAppliance):
    """The Pico."""

    def __init__(self, grinder: LaMarzoccoGrinder, *, allow: Allowance | None = None) -> None:
        self.device: LaMarzoccoGrinder = grinder
        super().__init__(
            _identity(grinder),
            grinder_features(),
            clock=grinder.clock,
            allow=allow,
            unknowns=grinder.unknowns,
        )
        self._installing = set()

    def show(self, origin: Origin) -> None:
        """Publish everything known."""
        config, raw = self.device.config, self.device.configuration
        self.publish(
            {
                "power": config.turned_on,
                "hopper_open": config.bell_opened,
                "light": config.led_enabled,
                "dose_a": config.doses.get(PhysicalKey.A),
                "dose_b": config.doses.get(PhysicalKey.B),
                "selected_dose": raw.selected_dose if raw else None,
                "standby_after": config.stand_by_time,
                "read_from": "local" if self.device.reads_local else "cloud",
                **self._firmware_values(),
            },
            origin,
        )


def _reading(steam: LaMarzoccoBoiler | None) -> float | None:
    """Return the temperature; the Mini's boiler that is off reports 0 instead (section 8.1)."""
    if steam is None or (not steam.enabled and not steam.current_temperature):
        return None
    return steam.current_temperature


def _occurrence(shot: Shot, now: dt.datetime) -> Occurrence:
    data: dict[str, Value] = {
        "start": shot.started,
        "duration_s": shot.duration_s,
        "dose": shot.dose,
        "volume": shot.volume,
        "stop_reason": shot.stop_reason,
    }
    return Occurrence(key="shot", type="flush" if shot.flush else "shot", at=now, data=data)


def _dose_values(config: LaMarzoccoMachineConfig) -> dict[str, Value]:
    values: dict[str, Value] = {
        f"dose_{key.name.lower()}": int(target) for key, target in config.doses.items()
    }
    hot_water = config.dose_hot_water
    values["hot_water"] = None if hot_water is None else int(hot_water)
    for recipe in config.recipes[:1]:
        values |= {f"recipe_{dose.id.lower()}": int(dose.target) for dose in recipe.recipe_doses}
    values["recipe"] = next((assigned.recipe_dose for assigned in config.recipe_assignment), None)
    values["scale"] = config.scale.connected if config.scale else None
    values["scale_battery"] = config.scale.battery if config.scale else None
    return values


def _prebrew_values(config: LaMarzoccoMachineConfig, keys: tuple[str, ...]) -> dict[str, Value]:
    words = {mode: word for word, mode in _PREBREW.items()}
    mode = config.prebrew_mode
    values: dict[str, Value] = {"prebrew_mode": words[mode] if isinstance(mode, PrebrewMode) else mode}
    for key, times in config.prebrew_configuration.items():
        suffix = f"_{key.name.lower()}" if keys else ""
        values[f"prebrew_on{suffix}"] = times.on_time
        values[f"prebrew_off{suffix}"] = times.off_time
    for key, times in config.preinfusion_configuration.items():
        values[f"preinfusion_{key.name.lower()}" if keys else "preinfusion"] = times.preinfusion_time
    return values


def _schedule_values(config: LaMarzoccoMachineConfig) -> dict[str, Value]:
    values: dict[str, Value] = {}
    standby = config.smart_standby
    if standby is not None:
        values["smart_standby"] = standby.enabled
        values["smart_standby_after"] = standby.minutes
        values["smart_standby_mode"] = standby.mode
    for entry in config.wake_up_sleep_entries.values():
        key = f"wake_up_{entry.id}"
        values[key] = entry.enabled
        values[f"{key}_on"], values[f"{key}_off"] = _clock_time(entry.time_on), _clock_time(entry.time_off)
        values[f"{key}_steam"] = entry.steam
        values[f"{key}_days"] = ",".join(entry.days)
    if config.schedule is not None:
        values["schedule"] = config.schedule.enabled
        for day in DAYS:
            values[f"schedule_{day}"] = _day_text(getattr(config.schedule, day))
    return values


def _clock_time(text: str) -> dt.time | None:
    """Return a time of day; hour 24 is unset (section 8.5)."""
    hour, _, minute = text.partition(":")
    try:
        return dt.time(int(hour), int(minute))
    except ValueError:
        return None


def _day_text(day: ScheduleDay) -> str:
    if not day.enabled:
        return "off"
    return f"{day.h_on % 24:02d}:{day.m_on:02d}-{day.h_off % 24:02d}:{day.m_off:02d}"


def _standby_with(standby: SmartStandby, key: str, value: Any) -> SmartStandby:
    field = {"smart_standby": "enabled", "smart_standby_after": "minutes", "smart_standby_mode": "mode"}[key]
    return msgspec.structs.replace(standby, **{field: value})


def _entry_with(entry: WakeUpSleepEntry, part: str, value: Any) -> WakeUpSleepEntry:
    if part in ("on", "off"):
        return msgspec.structs.replace(entry, **{f"time_{part}": f"{value.hour}:{value.minute}"})
    if part == "days":
        return msgspec.structs.replace(entry, days=tuple(day for day in value.split(",") if day))
    return msgspec.structs.replace(entry, **{"steam" if part == "steam" else "enabled": value})


def _schedule_with(schedule: WeeklySchedule, key: str, value: Any) -> WeeklySchedule:
    if key == "schedule":
        return msgspec.structs.replace(schedule, enabled=value)
    day = key.removeprefix("schedule_")
    if value == "off":
        changed = msgspec.structs.replace(getattr(schedule, day), enabled=False)
    else:
        on, off = (dt.time.fromisoformat(part) for part in value.split("-"))
        changed = ScheduleDay(enabled=True, h_on=on.hour, m_on=on.minute, h_off=off.hour, m_off=off.minute)
    return msgspec.structs.replace(schedule, **{day: changed})
