"""A machine and a grinder over any subset of the three clients.

Reads come from the local API where there is one, so that the cloud is spared; commands take Bluetooth, then
the cloud, and tell which (`lamarzocco-gateway.md`, sections 7, 9 and 11). After a command the machine is read
again: what is shown is what it reports, never what was wished for.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import math
import secrets
import string
from collections.abc import Awaitable, Callable
from typing import Any

from homewire.errors import (
    AuthenticationFailed,
    CommandTimeout,
    ConnectionFailed,
    HomewireError,
    InvalidValue,
    NotFound,
    NotSupported,
    ProtocolError,
)
from homewire.lamarzocco.gateway.client import (
    LaMarzoccoBluetoothClient,
    LaMarzoccoCloudClient,
)
from homewire.lamarzocco.gateway.device import LaMarzoccoDevice, LaMarzoccoGrinder, Path, no_local
from homewire.lamarzocco.gateway.models import (
    BoilerType,
    Configuration,
    PhysicalKey,
    PrebrewMode,
    SmartStandbyMode,
    SteamLevel,
    WakeUpSleepEntry,
    WeekDay,
    WeeklySchedule,
)
from homewire.lamarzocco.gateway.state import LiveState
from homewire.lamarzocco.gateway.views import (
    LaMarzoccoMachineConfig,
    Shot,
)
from homewire.lamarzocco.models import Steam

__all__ = ["LaMarzoccoDevice", "LaMarzoccoGrinder", "LaMarzoccoMachine", "Path"]

_log = logging.getLogger(__name__)

_SEEN_AFTER_S = 1.0
_SEEN_TRIES = 5
"""A Bluetooth command has no reply (section 11.2): the machine is read until it shows the change."""

_HEARD_WITHIN_S = 2.0
"""A machine advertises several times a second; one that is not heard by then is not in reach."""

_AIR_WITHIN_S = 8.0
"""Connecting and writing take two or three seconds; whoever waits longer would rather have the cloud."""

_AIR_RESTS_S = 120.0
"""A machine that is out of reach, or connected to the vendor's app, is so for more than one command."""

COFFEE_C = (85.0, 104.0)
STEAM_RANGE_C = (126, 131)
PREBREW_ON_S = (2.0, 10.0)
PREBREW_OFF_S = (1.0, 10.0)
PREINFUSION_S = (2.0, 29.0)
DOSE_PULSES = (0, 999)
HOT_WATER_S = (0, 30)
WEIGHT_G = (1, 100)
RECIPE_DOSES = ("A", "B")
STANDBY_MIN = (10, 240)
STANDBY_STEP_MIN = 10
"""Section 13."""


class LaMarzoccoMachine(LaMarzoccoDevice):
    """An espresso machine."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.state = LiveState(self.clock.now)
        self._air_failed_at = -math.inf

    @property
    def config(self) -> LaMarzoccoMachineConfig:
        """Everything known at the moment; a frozen view."""
        return self.state.view()

    @property
    def configuration(self) -> Configuration | None:
        """The last whole configuration as the wire has it."""
        return self.state.configuration

    @property
    def websocket_connected(self) -> bool:
        """Whether the stream is open."""
        return self.local_client is not None and self.local_client.connected

    async def get_config(self) -> None:
        """Read the configuration, from the machine itself if possible."""
        self.state.take(await self._read(Configuration))

    async def websocket_connect(self, notify_callback: Callable[[], Any] | None = None) -> None:
        """Follow the stream and call back after every message until it ends; then raise ConnectionLost.

        It does not reconnect: that is the caller's, or `homewire.connect`'s, decision.
        """
        local = self.local_client or no_local(self.name)

        async def received(message: str | bytes) -> None:
            self.on_websocket_message_received(message)
            result = notify_callback() if notify_callback else None
            if inspect.isawaitable(result):
                await result

        try:
            await self._opened(lambda: local.websocket_connect(received))
        finally:
            self.state.lose_stream()

    def on_websocket_message_received(self, message: str | bytes) -> Shot | None:
        """Take one raw stream message; return the shot that it ended. What is malformed is noted."""
        try:
            return self.state.receive(message, self.unknowns)
        except ProtocolError as error:
            self.unknowns.note("message", error.reason)
            return None

    # --- commands that Bluetooth knows, too

    async def set_power(self, enabled: bool) -> Path:
        """Switch on or to standby."""
        return await self._by_air_or_cloud(
            lambda air: air.set_power(enabled),
            lambda cloud: cloud.set_power(self.serial_number, enabled),
            lambda config: config.turned_on == enabled,
        )

    async def set_steam(self, enabled: bool) -> Path:
        """Switch the steam boiler."""
        return await self._by_air_or_cloud(
            lambda air: air.set_steam(enabled),
            lambda cloud: cloud.set_steam(self.serial_number, enabled),
            lambda config: (steam := config.boilers.get(BoilerType.STEAM)) and steam.enabled == enabled,
        )

    async def set_temp(self, boiler: BoilerType, temperature: float) -> Path:
        """Set a boiler's target in °C; raise InvalidValue or NotSupported before anything is sent."""
        self._check_temperature(boiler, temperature)
        wanted = round(float(temperature), 1)
        return await self._by_air_or_cloud(
            lambda air: air.set_temp(boiler, wanted),
            lambda cloud: cloud.set_temp(self.serial_number, boiler, wanted),
            lambda config: (own := config.boilers.get(boiler)) and _near(own.target_temperature, wanted),
        )

    async def set_steam_level(self, level: SteamLevel) -> Path:
        """Set one of the Micra's steam levels."""
        if self.traits.steam is not Steam.LEVELS:
            raise self._unsupported("steam levels")
        return await self.set_temp(BoilerType.STEAM, level)

    # --- commands by the cloud only

    async def set_prebrew_mode(self, mode: PrebrewMode) -> Path:
        """Choose pre-brewing, pre-infusion (plumbed in only) or neither; the firmware's word is found."""
        if not self.traits.prebrew:
            raise self._unsupported("pre-brewing")
        if mode == PrebrewMode.PREINFUSION and not self.config.plumbed_in:
            raise NotSupported(
                "pre-infusion needs the plumbed-in mode", appliance=self.name, hint="Set plumbed in first."
            )
        if mode in (PrebrewMode.PREBREW, PrebrewMode.PREBREW_ENABLED):
            mode = PrebrewMode.PREBREW_ENABLED if self._separate_times else PrebrewMode.PREBREW
        return await self._by_cloud(lambda cloud: cloud.set_prebrew_mode(self.serial_number, mode))

    async def set_prebrew_time(
        self,
        prebrew_on_time: float | None = None,
        prebrew_off_time: float | None = None,
        key: PhysicalKey = PhysicalKey.A,
    ) -> Path:
        """Set a key's pre-brewing times in seconds; what is left out stays.

        Where a pre-infusion took its place, which up to gateway v3 shares the pair, the nearest possible.
        """
        known = self.config.prebrew_configuration.get(key)
        if known is None:
            raise self._unsupported(f"pre-brewing of key {key.name}")
        _within("pre-brewing on", prebrew_on_time, PREBREW_ON_S, "s")
        _within("pre-brewing off", prebrew_off_time, PREBREW_OFF_S, "s")
        if prebrew_on_time is None or prebrew_off_time is None:
            await self.get_config()
        now = self.config.prebrew_configuration.get(key, known)
        on_time = _kept(now.on_time, PREBREW_ON_S) if prebrew_on_time is None else prebrew_on_time
        off_time = _kept(now.off_time, PREBREW_OFF_S) if prebrew_off_time is None else prebrew_off_time
        return await self._set_times(on_time, off_time, key)

    async def set_preinfusion_time(self, preinfusion_time: float, key: PhysicalKey = PhysicalKey.A) -> Path:
        """Set a key's pre-infusion time in seconds. Up to gateway v3 it replaces the pre-brewing times."""
        if key not in self.config.preinfusion_configuration:
            raise self._unsupported(f"pre-infusion of key {key.name}")
        _within("pre-infusion", preinfusion_time, PREINFUSION_S, "s")
        return await self._set_times(0, preinfusion_time, key)

    async def set_dose(self, dose: int, key: PhysicalKey = PhysicalKey.A) -> Path:
        """Set a key's dose in pulses."""
        if key.name not in self.traits.dose_keys:
            raise self._unsupported(f"a dose for key {key.name}")
        _within("dose", dose, DOSE_PULSES, "pulses")
        return await self._by_cloud(lambda cloud: cloud.set_dose(self.serial_number, key, dose))

    async def set_dose_tea_water(self, dose: int) -> Path:
        """Set the hot water dose in seconds."""
        if not self.traits.hot_water_dose:
            raise self._unsupported("a hot water dose")
        _within("hot water", dose, HOT_WATER_S, "s")
        return await self._by_cloud(lambda cloud: cloud.set_dose_hot_water(self.serial_number, dose))

    async def set_scale_dose(self, grams: int, key: PhysicalKey = PhysicalKey.A) -> Path:
        """Set the brew by weight dose of a key in grams."""
        self._check_weight(grams)
        return await self._by_cloud(lambda cloud: cloud.set_scale_dose(self.serial_number, key, grams))

    async def set_recipe_dose(self, dose: str, grams: int) -> Path:
        """Set target "A" or "B" of the brew by weight recipe in grams."""
        self._check_weight(grams)
        _check_recipe_dose(dose)
        await self.get_config()
        recipe = next(iter(self.config.recipes), None)
        if recipe is None:
            raise self._unsupported("brew by weight recipes")
        targets = {each.id: round(each.target) for each in recipe.recipe_doses} | {dose: grams}
        return await self._by_cloud(lambda cloud: cloud.set_recipes(self.serial_number, recipe.id, targets))

    async def set_active_recipe(self, dose: str) -> Path:
        """Let the paddle brew target "A" or "B" of the brew by weight recipe."""
        if not self.traits.brew_by_weight:
            raise self._unsupported("brew by weight recipes")
        _check_recipe_dose(dose)
        return await self._by_cloud(lambda cloud: cloud.set_active_recipe(self.serial_number, dose))

    async def set_plumbed_in(self, enabled: bool) -> Path:
        """Take water from the line or from the tank."""
        return await self._by_cloud(lambda cloud: cloud.enable_plumbin(self.serial_number, enabled))

    async def set_wake_up_sleep(self, wake_up_sleep_entry: WakeUpSleepEntry) -> Path:
        """Create or change a wake-up and sleep entry."""
        return await self._by_cloud(
            lambda cloud: cloud.set_wake_up_sleep(self.serial_number, wake_up_sleep_entry)
        )

    async def add_wake_up_sleep(self) -> Path:
        """Create a wake-up and sleep entry for every day, switched off and without times."""
        entry = WakeUpSleepEntry(id=_new_entry_id(), days=tuple(WeekDay))
        return await self.set_wake_up_sleep(entry)

    def wake_up_sleep_entry(self, entry_id: str) -> WakeUpSleepEntry:
        """Return an entry as the machine last showed it; raise NotFound."""
        try:
            return self.config.wake_up_sleep_entries[entry_id]
        except KeyError:
            raise NotFound(f"there is no wake-up entry {entry_id!r}", appliance=self.name) from None

    async def delete_wake_up_sleep(self, entry_id: str) -> Path:
        """Remove a wake-up and sleep entry."""
        self.wake_up_sleep_entry(entry_id)
        return await self._by_cloud(lambda cloud: cloud.delete_wake_up_sleep(self.serial_number, entry_id))

    async def set_smart_standby(self, enabled: bool, minutes: int, mode: SmartStandbyMode) -> Path:
        """Set the automatic standby; minutes in steps of ten."""
        _within("smart standby", minutes, STANDBY_MIN, "min")
        if minutes % STANDBY_STEP_MIN:
            raise InvalidValue(
                f"smart standby does not take {minutes} min", allowed=f"steps of {STANDBY_STEP_MIN} min"
            )
        return await self._by_cloud(
            lambda cloud: cloud.set_smart_standby(self.serial_number, enabled, minutes, mode)
        )

    async def set_schedule(self, schedule: WeeklySchedule) -> Path:
        """Set the weekly schedule of older gateways."""
        return await self._by_cloud(lambda cloud: cloud.set_schedule(self.serial_number, schedule))

    async def start_backflush(self) -> Path:
        """Start a backflush; the machine has to be on."""
        if not self.config.turned_on:
            raise NotSupported("a backflush needs the machine to be on", appliance=self.name)
        return await self._by_cloud(lambda cloud: cloud.start_backflush(self.serial_number))

    # --- inside

    @property
    def _separate_times(self) -> bool:
        """Whether the firmware keeps the times of both modes apart: gateway v5 on (section 8.4)."""
        settings = self.state.preinfusion
        return settings is not None and any(entry.mode is not None for entry in settings.group)

    async def _set_times(self, on_time: float, off_time: float, key: PhysicalKey) -> Path:
        entries = self.state.preinfusion.group if self.state.preinfusion else ()
        paddle = any(entry.dose_type == "Continuous" for entry in entries)
        button = "Continuous" if paddle else key
        return await self._by_cloud(
            lambda cloud: cloud.configure_pre_brew_infusion_time(
                self.serial_number, on_time, off_time, button
            )
        )

    async def _by_cloud(self, send: Callable[[LaMarzoccoCloudClient], Awaitable[bool]]) -> Path:
        await send(self._cloud)
        self.last_path = Path.CLOUD
        try:
            await self.get_config()
        except HomewireError as error:
            _log.info("%s: done, but the effect could not be read yet: %s", self.name, error)
        return Path.CLOUD

    async def _by_air_or_cloud(
        self,
        by_air: Callable[[LaMarzoccoBluetoothClient], Awaitable[None]],
        by_cloud: Callable[[LaMarzoccoCloudClient], Awaitable[bool]],
        seen: Callable[[LaMarzoccoMachineConfig], object],
    ) -> Path:
        """Send over Bluetooth and watch for the effect; without Bluetooth or effect, through the cloud."""
        await self._heard_of_bluetooth()
        if self.bluetooth_client is not None and not self._air_rests:
            try:
                await self._by_air(by_air(self.bluetooth_client))
                await self._watch(seen)
            except (ConnectionFailed, AuthenticationFailed, NotFound, ProtocolError, CommandTimeout) as error:
                if self.cloud_client is None:
                    raise
                self._air_failed_at = self.clock.monotonic()
                _log.info("%s: Bluetooth did not work, the cloud is taken: %s", self.name, error)
            else:
                self.last_path = Path.BLUETOOTH
                return Path.BLUETOOTH
        return await self._by_cloud(by_cloud)

    @property
    def _air_rests(self) -> bool:
        """Whether Bluetooth failed a short while ago and there is another way."""
        failed_s = self.clock.monotonic() - self._air_failed_at
        return self.cloud_client is not None and failed_s < _AIR_RESTS_S

    async def _by_air(self, sending: Awaitable[None]) -> None:
        """Send over Bluetooth; with the cloud at hand, not for longer than a machine in reach takes."""
        try:
            async with self.clock.timeout(None if self.cloud_client is None else _AIR_WITHIN_S):
                await sending
        except TimeoutError as error:
            raise ConnectionFailed(
                f"{self.name} did not answer over the air within {_AIR_WITHIN_S:g} s", path=Path.BLUETOOTH
            ) from error

    async def _heard_of_bluetooth(self) -> None:
        """Give a search over the air that has just begun the time in which a machine is heard."""
        if self.bluetooth_client is None and self.bluetooth_search is not None:
            with contextlib.suppress(TimeoutError):
                async with self.clock.timeout(_HEARD_WITHIN_S):
                    await self.bluetooth_search.wait()

    async def _watch(self, seen: Callable[[LaMarzoccoMachineConfig], object]) -> None:
        """Read the machine until it shows the change.

        With Bluetooth alone, or while nothing else answers, there is nothing to read.
        """
        if self.local_client is None and self.cloud_client is None:
            return
        for _ in range(_SEEN_TRIES):
            try:
                await self.get_config()
            except ConnectionFailed as error:
                _log.info("%s: sent over Bluetooth, the effect cannot be read: %s", self.name, error)
                return
            if seen(self.config):
                return
            await self.clock.sleep(_SEEN_AFTER_S)
        raise CommandTimeout(
            "the machine does not show the change that was sent over Bluetooth",
            appliance=self.name,
            path=Path.BLUETOOTH,
            hint="Is the communication key the current one? Signing in again fetches it.",
        )

    def _check_temperature(self, boiler: BoilerType, temperature: float) -> None:
        if boiler == BoilerType.COFFEE:
            _within("coffee temperature", temperature, COFFEE_C, "°C")
        elif self.traits.steam is Steam.FIXED:
            raise self._unsupported("a steam temperature")
        elif self.traits.steam is Steam.LEVELS and temperature not in tuple(SteamLevel):
            levels = ", ".join(f"{level} °C" for level in SteamLevel)
            raise InvalidValue(f"steam does not take {temperature:g} °C", allowed=levels, appliance=self.name)
        else:
            _within("steam temperature", temperature, STEAM_RANGE_C, "°C")

    def _check_weight(self, grams: int) -> None:
        if not self.traits.brew_by_weight:
            raise self._unsupported("brew by weight")
        _within("dose", grams, WEIGHT_G, "g")

    def _unsupported(self, what: str) -> NotSupported:
        return NotSupported(f"the {self.full_model_name} does not have {what}", appliance=self.name)


def _new_entry_id() -> str:
    """Return an id as the machines have them: seven letters and digits (section 8.5)."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(7))


def _near(value: float, wanted: float) -> bool:
    return abs(value - wanted) < 0.06  # noqa: PLR2004 - float noise (section 8.1)


def _kept(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return min(max(value, low), high)


def _check_recipe_dose(dose: str) -> None:
    if dose not in RECIPE_DOSES:
        raise InvalidValue(f"a recipe has no dose {dose!r}", allowed=" or ".join(RECIPE_DOSES))


def _within(what: str, value: float | None, limits: tuple[float, float], unit: str) -> None:
    low, high = limits
    if value is not None and not low <= value <= high:
        raise InvalidValue(f"{what} does not take {value:g} {unit}", allowed=f"{low:g} to {high:g} {unit}")
