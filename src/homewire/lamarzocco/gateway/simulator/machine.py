"""The simulated machine: what it believes, how it heats, brews and cools, and what it says on its WebSocket.

Its state is the configuration object itself, in the wire's own form (`lamarzocco-gateway.md`, section 8), so
that every path (cloud, local API, Bluetooth) shows and changes the same thing. Whoever listens hears each
change as a batch of WebSocket objects (section 10).
"""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import json
import random
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from homewire.clock import Clock
from homewire.lamarzocco.gateway.simulator.factory import configuration_of, firmware_of, system_info
from homewire.lamarzocco.gateway.simulator.said import End, flush_ended, shot_ended, statistics
from homewire.lamarzocco.gateway.simulator.timetable import is_standby_due, turns
from homewire.lamarzocco.models import Model, Steam

__all__ = ["Batch", "SimulatedMachine"]

Batch: TypeAlias = "Sequence[Mapping[str, Any]] | Mapping[str, Any]"
"""What one WebSocket message holds."""

_TICK_S = 1.0
"""The machine reports temperatures and the running shot about once a second (section 10.1)."""

_REST_S = 15.0
"""A machine at rest cools slowly; it must say something at least every 25 s (section 10)."""

_AMBIENT_C = 22.0
_HEATING_C_PER_S = {"CoffeeBoiler1": 0.4, "SteamBoiler": 0.6}
_COOLING_PER_S = 1 / 1800
_NOISE_C = 0.2
_PULSES_PER_S = 5.0
_ML_PER_PULSE = 0.5
_PADDLE_SHOT_S = 28.0
_FLUSH_BELOW_S = 5.0
"""Short shots count as flush (`lamarzocco-cloud.md`, section 13.5)."""

_BACKFLUSH_S = 15.0
_TOKEN_ACTIVE_AFTER_S = 1.0
"""The local key works about a second after the token request completed (section 15, item 7)."""

_UPDATE_TAKES_S = 40.0
"""A few of the reference client's polls of 15 s (section 7.4)."""


class SimulatedMachine:
    """One machine or grinder; `gateway` is its gateway firmware, which decides about its form.

    `clock` moves it, `rng` makes its measurements believable, `history` holds its drinks by day.
    """

    def __init__(
        self,
        model: Model,
        serial: str,
        *,
        gateway: str,
        name: str,
        key: str,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.model = model
        self.serial = serial
        self.gateway = gateway
        self.name = name
        self.key = key
        self.clock = clock
        self.rng = rng
        self.config = configuration_of(model, gateway)
        self.online = True
        self.local_active = True
        self.counters: dict[int, int] = dict.fromkeys((0, 1, 2, 3, 4, -1), 0)
        self.history: dict[dt.date, dict[str, int]] = {}
        self.firmware = firmware_of(model, gateway)
        self.shot: dict[str, Any] | None = None
        self.machine_on_s = 0.0
        self._listeners: list[Callable[[Batch], None]] = []
        self._temperatures = {
            boiler["id"]: float(boiler["current"]) for boiler in self.config.get("boilers", ())
        }
        self._stir = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._advanced = self._on_since = self._brewed = clock.monotonic()
        self._looked = clock.now()
        self._pending: set[asyncio.TimerHandle] = set()

    # --- life

    def start(self) -> None:
        """Begin to live."""
        self._life = asyncio.get_running_loop().create_task(self._live(), name=f"simulated {self.serial}")

    async def stop(self) -> None:
        """Stop living; no task or timer is left."""
        life, self._life = self._life, None
        for handle in self._pending:
            handle.cancel()
        self._pending.clear()
        if life is not None:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)

    def subscribe(self, listener: Callable[[Batch], None]) -> Callable[[], None]:
        """Call the listener with every batch; return what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def say(self, batch: Batch) -> None:
        """Send a batch to everybody who listens."""
        for listener in tuple(self._listeners):
            listener(batch)

    def later(self, seconds: float, callback: Callable[[], object]) -> None:
        """Do something after that many of the machine's seconds, unless it is stopped before."""
        self._pending = {
            handle for handle in self._pending if handle.when() > asyncio.get_running_loop().time()
        }
        self._pending.add(self.clock.call_later(seconds, callback))

    async def _live(self) -> None:
        while True:
            busy = self.advance()
            self._follow_timetable()
            self._stir.clear()
            try:
                async with self.clock.timeout(_TICK_S if busy else _REST_S):
                    await self._stir.wait()
            except TimeoutError:
                if not busy:
                    self.say([{"KeepAlive": ""}])

    def advance(self) -> bool:
        """Let the time that passed have its effect; return whether the next second matters."""
        now = self.clock.monotonic()
        passed, self._advanced = now - self._advanced, now
        if self.model.grinder:
            return False
        if self.is_on:
            self.machine_on_s += passed
        changed = [self._heat(boiler, passed) for boiler in self.config["boilers"]]
        if self.shot is not None:
            self._brew_on(passed)
        reports = [report for report in changed if report]
        for report in reports:
            self.say([report])
        return bool(reports) or self.shot is not None

    def _follow_timetable(self) -> None:
        """Switch on and off by its schedules and standby, as its owner told it (section 8.5)."""
        now = self.clock.now()
        before, self._looked = self._looked, now
        if self.model.grinder:
            return
        for turn in turns(self.config, before, now):
            if turn.steam is not None:
                self.set_boiler_enabled("SteamBoiler", turn.steam)
            if turn.on is not self.is_on:
                self.set_mode("BrewingMode" if turn.on else "StandBy", "schedule")
        second = self.clock.monotonic()
        brewed_s = 0.0 if self.shot else second - self._brewed
        if self.is_on and is_standby_due(self.config, on_s=second - self._on_since, brewed_s=brewed_s):
            self.set_mode("StandBy", "standby")

    def _heat(self, boiler: dict[str, Any], passed: float) -> dict[str, float] | None:
        name, before = boiler["id"], self._temperatures[boiler["id"]]
        goal = boiler["target"] if self.is_on and boiler["isEnabled"] else _AMBIENT_C
        if goal > before:
            after = min(goal, before + _HEATING_C_PER_S[name] * passed)
        else:
            after = max(goal, before - (before - _AMBIENT_C) * min(1.0, _COOLING_PER_S * passed))
        self._temperatures[name] = after
        noise = self.rng.uniform(-_NOISE_C, _NOISE_C) if self.is_on and after == goal else 0.0
        boiler["current"] = 0 if self._reports_no_steam(boiler) else round(after + noise, 1)
        return None if abs(after - before) < 0.05 else {f"{name}UpdateTemperature": boiler["current"]}  # noqa: PLR2004 - half of what is reported

    def _reports_no_steam(self, boiler: Mapping[str, Any]) -> bool:
        """Tell whether it reports 0: the Mini's steam boiler does while it is off (section 8.1)."""
        return self.model.steam is Steam.FIXED and boiler["id"] == "SteamBoiler" and not boiler["isEnabled"]

    # --- what it is

    @property
    def is_on(self) -> bool:
        """Whether the machine is switched on."""
        return bool(self.config["machineMode"] == "BrewingMode")

    @property
    def has_local_api(self) -> bool:
        """Gateway v5 closed the local API (section 8.8)."""
        return not self.gateway.startswith("v5")

    def configuration(self) -> dict[str, Any]:
        """Return the configuration object as of now."""
        self.advance()
        self.config["clock"] = self.clock.now().strftime("%Y-%m-%dT%H:%M:%S")
        if self.model.grinder:
            self.config.pop("clock")
        return copy.deepcopy(self.config)

    def boiler(self, name: str) -> dict[str, Any]:
        """Return a boiler's part of the configuration; raise KeyError."""
        found: dict[str, Any] = {boiler["id"]: boiler for boiler in self.config["boilers"]}[name]
        return found

    def short_status(self) -> dict[str, Any]:
        """Return the older status answer (section 7.1.1)."""
        self.advance()
        return {
            "LEVEL_TANK": self.config["tankStatus"],
            "MACHINE_REMOTSETS": {
                "BACKFLUSH_ENABLE": self.config["isBackFlushEnabled"],
                "BOILER_ENABLE": self.boiler("SteamBoiler")["isEnabled"],
                "PLUMBIN_ENABLE": self.config["isPlumbedIn"],
            },
            "MACHINE_STATUS": self.config["machineMode"],
            "TEMP_COFFEE": self.boiler("CoffeeBoiler1")["current"],
            "TEMP_STEAM": self.boiler("SteamBoiler")["current"],
            "received": self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }

    def statistics(self) -> dict[str, Any]:
        """Return the content of `MachineStatistics` (section 10.4)."""
        return statistics(self.counters, self.machine_on_s)

    def greeting(self) -> list[Batch]:
        """Return what a new WebSocket is sent first (section 10.1, order assumed)."""
        info = system_info(self.clock.now(), self.gateway)
        return [{"MachineConfiguration": json.dumps(self.configuration())}, {"SystemInfo": json.dumps(info)}]

    # --- commands: by cloud and Bluetooth alike

    def set_mode(self, mode: str, reason: str = "command") -> None:
        """Switch on or to standby; the older words of 2022 are understood (section 7.2)."""
        mode = {"ON": "BrewingMode", "STANDBY": "StandBy"}.get(mode, mode)
        if mode not in ("BrewingMode", "StandBy"):
            raise ValueError(mode)
        self.advance()
        if not self.is_on:
            self._on_since = self.clock.monotonic()
        self.config["machineMode"] = mode
        self.say([{"WakeUp": reason}] if self.is_on else [{"Sleep": reason}])
        self.say([{"MachineMode": mode}])
        self._say_boilers()
        self._stir.set()

    def set_boiler_enabled(self, name: str, enabled: bool) -> None:
        """Switch a boiler (section 7.2)."""
        boiler = self._own_boiler(name)
        boiler["isEnabled"] = enabled
        if self.model.steam is Steam.FIXED and name == "SteamBoiler":
            boiler["target"] = self.config["boilerTargetTemperature"][name] = 128 if enabled else 0
        self.say([{f"{name}Enabled": enabled}, {"Boilers": json.dumps(self.config["boilers"])}])
        self._stir.set()

    def set_boiler_target(self, name: str, value: float) -> None:
        """Set a target in °C; the Mini silently keeps its steam temperature (section 7.2)."""
        boiler = self._own_boiler(name)
        if name == "SteamBoiler" and self.model.steam is Steam.FIXED:
            return
        boiler["target"] = self.config["boilerTargetTemperature"][name] = _single(value)
        targets = json.dumps(self.config["boilerTargetTemperature"])
        self.say([{"BoilersTargetTemperature": targets}, {"Boilers": json.dumps(self.config["boilers"])}])
        self._stir.set()

    def set_preinfusion_mode(self, mode: str) -> None:
        """Choose pre-brewing, pre-infusion or neither (section 8.4)."""
        known = ("Disabled", "TypeA", "TypeB") if not self.has_local_api else ("Disabled", "Enabled", "TypeB")
        if mode not in known:
            raise ValueError(mode)
        self.config["preinfusionSettings"]["mode"] = mode
        self._say_preinfusion()

    def set_preinfusion_times(self, button: str, wet_ms: int, hold_ms: int) -> None:
        """Set the times of a key; up to gateway v3 both modes share one pair (section 8.4)."""
        wanted_mode = "TypeA" if wet_ms else "TypeB"
        for entry in self.config["preinfusionSettings"]["Group1"]:
            if entry["doseType"] == button and entry.get("mode", wanted_mode) == wanted_mode:
                entry["preWetTime"] = _single(wet_ms / 1000)
                entry["preWetHoldTime"] = _single(hold_ms / 1000)
                self._say_preinfusion()
                return
        raise ValueError(button)

    def set_plumbed_in(self, enabled: bool) -> None:
        """Water from the line or from the tank."""
        self.config["isPlumbedIn"] = enabled

    def set_dose(self, index: str, value: float) -> None:
        """Set a dose in its own unit (sections 7.2, 8.3)."""
        for dose in self.config["groupCapabilities"][0]["doses"]:
            if dose["doseIndex"] == index:
                dose["stopTarget"] = value
                self.say([{"GroupCapabilities": json.dumps(self.config["groupCapabilities"])}])
                return
        raise ValueError(index)

    def set_tea_dose(self, index: str, seconds: int) -> None:
        """Set the hot water dose."""
        self.config["teaDoses"][index]["stopTarget"] = seconds

    def set_recipe(self, recipe_id: str, mode: str, doses: Sequence[Mapping[str, Any]]) -> None:
        """Set both targets of a recipe in grams; the assigned one becomes the dose (section 7.2)."""
        recipe = next(each for each in self.config["recipes"] if each["id"] == recipe_id)
        recipe["dose_mode"] = mode
        recipe["recipe_doses"] = [{"id": dose["id"], "target": dose["target"]} for dose in doses]
        self._follow_recipe()

    def assign_recipe(self, group: str, index: str, recipe_id: str, dose: str) -> None:
        """Let a key brew one of a recipe's doses."""
        entry = {"dose_index": index, "recipe_id": recipe_id, "recipe_dose": dose, "group": group}
        self.config["recipeAssignment"] = [entry]
        self._follow_recipe()

    def set_wake_up_sleep(self, entry: Mapping[str, Any]) -> None:
        """Create or change a wake-up and sleep entry (section 8.5)."""
        if not re.fullmatch(r"[A-Za-z0-9]{7}", entry["id"]):
            raise ValueError(entry["id"])
        kept = {
            "id": entry["id"],
            "days": list(entry["days"]),
            "steam": bool(entry["steam"]),
            "enabled": bool(entry["enable"]),
            "timeOn": _no_zeros(entry["timeOn"]),
            "timeOff": _no_zeros(entry["timeOff"]),
        }
        entries = self.config["wakeUpSleepEntries"]
        place = next((i for i, each in enumerate(entries) if each["id"] == entry["id"]), len(entries))
        entries[place : place + 1] = [kept]

    def remove_wake_up_sleep(self, entry_id: str) -> None:
        """Remove an entry; raise KeyError."""
        entries = self.config["wakeUpSleepEntries"]
        entries.remove(next(each for each in entries if each["id"] == entry_id))

    def set_smart_standby(self, enabled: bool, minutes: int, mode: str) -> None:
        """Set the automatic standby."""
        self.config["smartStandBy"] = {"mode": mode, "minutes": int(minutes), "enabled": enabled}

    def set_schedule(self, enabled: bool, days: Sequence[Mapping[str, Any]]) -> None:
        """Set the old weekly schedule (section 8.5)."""
        schedule: dict[str, Any] = {"enabled": enabled}
        for day in days:
            (h_on, m_on), (h_off, m_off) = _hour_minute(day["on"]), _hour_minute(day["off"])
            times = {"h_on": h_on, "h_off": h_off, "m_on": m_on, "m_off": m_off}
            schedule[day["day"].lower()] = {"enabled": day["enable"], **times}
        self.config["weeklySchedulingConfig"] = schedule

    def start_backflush(self) -> None:
        """Run a backflush; a machine takes the request only when it is on (section 7.2)."""
        if not self.is_on:
            return
        self.config["isBackFlushEnabled"] = True
        self.later(_BACKFLUSH_S, self._end_backflush)

    def activate_token(self) -> None:
        """Make the local key work, about a second from now."""
        self.later(_TOKEN_ACTIVE_AFTER_S, lambda: setattr(self, "local_active", True))

    def update_firmware(self, component: str) -> None:
        """Install the offered firmware; takes a while."""
        record = self.firmware[f"{component}_firmware"]
        record["update"] = {"status": "in_progress"}
        self.later(_UPDATE_TAKES_S, lambda: self._updated(component))

    # --- what people do at the machine

    def brew(self, dose: str | None = None, *, duration_s: float | None = None) -> None:
        """Start a shot by key or paddle; it ends by its dose, after `duration_s`, or by `stop_brewing`."""
        keys = self.model.dose_keys
        index = f"Dose{dose or keys[0]}" if keys else "DoseA"
        target = self._dose_target(index)
        self.shot = {"index": index, "time": 0.0, "target": target, "limit": duration_s or _PADDLE_SHOT_S}
        self.shot["type"] = "Volume" if keys else "Time"
        self.say(
            [
                {"BrewingStartedGroup1StopType": self.shot["type"]},
                {"BrewingStartedGroup1DoseIndex": index},
                {"BrewingStartedGroup1VolumeTarget": target},
            ]
        )
        self._advanced = self.clock.monotonic()
        self._stir.set()

    def stop_brewing(self, reason: str = "Manual") -> None:
        """End the shot."""
        shot, self.shot = self.shot, None
        if shot is None:
            return
        self._brewed = self.clock.monotonic()
        seconds, pulses = round(shot["time"], 1), int(shot["time"] * _PULSES_PER_S)
        flushed = seconds < _FLUSH_BELOW_S
        self._count(shot["index"], flushed)
        group, degrees = self.config["groupCapabilities"][0], self._temperatures["CoffeeBoiler1"]
        end = End(shot=shot, seconds=seconds, pulses=pulses, reason=reason)
        self.say(flush_ended(end, group, degrees) if flushed else shot_ended(end))
        self.say([{"MachineStatistics": json.dumps(self.statistics())}])

    def set_tank(self, full: bool) -> None:
        """Fill or empty the water tank."""
        self.config["tankStatus"] = full
        self.say([{"TankStatus": "full" if full else "empty"}])

    # --- inside

    def _own_boiler(self, name: str) -> dict[str, Any]:
        self.advance()
        return self.boiler(name)

    def _dose_target(self, index: str) -> float:
        doses = self.config["groupCapabilities"][0]["doses"]
        return float(next((dose["stopTarget"] for dose in doses if dose["doseIndex"] == index), 0))

    def _brew_on(self, passed: float) -> None:
        shot = self.shot
        if shot is None:
            return
        shot["time"] += passed
        volume = int(shot["time"] * _PULSES_PER_S)
        self.say(
            [
                {"BrewingUpdateGroup1Time": int(shot["time"])},
                {"BrewingUpdateGroup1Ev": True},
                {"BrewingUpdateGroup1Volume": volume},
            ]
        )
        if shot["type"] == "Volume" and volume >= shot["target"] > 0:
            self.stop_brewing("Volume")
        elif shot["time"] >= shot["limit"]:
            self.stop_brewing()

    def _count(self, index: str, flushed: bool) -> None:
        kind = -1 if flushed else ("ABCD".index(index[-1]) if self.model.dose_keys else 0)
        self.counters[kind] += 1
        day = self.history.setdefault(self.clock.now().date(), {})
        name = "flush" if flushed else f"dose{index[-1]}"
        day[name] = day.get(name, 0) + 1

    def _follow_recipe(self) -> None:
        assigned = self.config["recipeAssignment"][0]
        recipe = next(each for each in self.config["recipes"] if each["id"] == assigned["recipe_id"])
        dose = next(each for each in recipe["recipe_doses"] if each["id"] == assigned["recipe_dose"])
        self.set_dose(assigned["dose_index"], dose["target"])

    def _say_boilers(self) -> None:
        self.say([{"Boilers": json.dumps(self.config["boilers"])}])

    def _say_preinfusion(self) -> None:
        self.say([{"PreinfusionSettings": json.dumps(self.config["preinfusionSettings"])}])

    def _end_backflush(self) -> None:
        self.config["isBackFlushEnabled"] = False

    def _updated(self, component: str) -> None:
        record = self.firmware[f"{component}_firmware"]
        record["update"], record["version"] = None, record["targetVersion"]
        for version in self.config["firmwareVersions"]:
            if version["name"] == f"{component}_firmware":
                version["fw_version"] = record["version"]


def _single(value: float) -> float:
    """Single precision printed as double (section 8.1): 123.9 comes back as 123.9000015258789."""
    exact = float(struct.unpack("<f", struct.pack("<f", value))[0])
    return int(exact) if exact.is_integer() else exact


def _no_zeros(time: str) -> str:
    hour, minute = _hour_minute(time)
    return f"{hour}:{minute}"


def _hour_minute(time: str) -> tuple[int, int]:
    hour, _, minute = time.partition(":")
    return int(hour), int(minute)
