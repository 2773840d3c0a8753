"""`LMDirect`: the machine under the names that users of lmdirect know.

Changing the import line is most of a migration: `request_status`, `current_status`, `register_callback` and
the `set_…` methods are here, with lmdirect's arguments. What differs is for the better: a setter returns when
the machine shows the value and raises otherwise, and `state` gives everything typed
(docs/migrating-from-lmdirect.md).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from homewire.appliance import Origin
from homewire.clock import Clock
from homewire.errors import ConfigurationError, HomewireError, InvalidValue
from homewire.lamarzocco.direct.account import ACCOUNT_URL, GATEWAY_URL, Account
from homewire.lamarzocco.direct.fields import Model
from homewire.lamarzocco.direct.legacy import COUNTER_NAMES, flat_status
from homewire.lamarzocco.direct.machine import IDLE_RELEASE_S, PORT, DirectMachine
from homewire.lamarzocco.direct.memory_map import DAYS
from homewire.lamarzocco.direct.models import MachineState, PrebrewMode

__all__ = ["InvalidInput", "LMDirect"]

_log = logging.getLogger(__name__)

InvalidInput = InvalidValue
"""lmdirect's name for a value that is refused before it is sent."""

_LOGIN = ("client_id", "client_secret", "username", "password")

_GLOBAL = "global"


class LMDirect:
    """A machine, given as lmdirect's `machine_info`.

    It has `host`, optionally `port`, and `key`, or the account (`client_id`, `client_secret`, `username`,
    `password`, for several machines `serial_number`) from which the key is fetched at the first use.
    `hold` keeps the connection instead of releasing it after `idle_release_s`. The endpoints of the account
    and its HTTP session can be given.
    """

    def __init__(
        self,
        machine_info: Mapping[str, Any],
        *,
        hold: bool = False,
        idle_release_s: float = IDLE_RELEASE_S,
        clock: Clock | None = None,
        account_url: str = ACCOUNT_URL,
        gateway_url: str = GATEWAY_URL,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self._info = dict(machine_info)
        self._hold, self._idle_release_s = hold, idle_release_s
        self._clock = clock or Clock()
        self._urls = (account_url, gateway_url)
        self._session = session
        self._machine: DirectMachine | None = None
        self._preparing = asyncio.Lock()
        self._cloud_counters: dict[int, int] = {}
        self._anchors: dict[int, int] = {}
        self._update_available = False
        self._callbacks: list[Callable[..., object]] = []

    @property
    def state(self) -> MachineState:
        """Everything that the machine reported, typed; all None before the first `request_status`."""
        return self._machine.state if self._machine is not None else MachineState({})

    @property
    def current_status(self) -> dict[str, Any]:
        """Everything that the machine reported, as lmdirect's flat dict."""
        given = ("machine_name", "model_name")
        known: dict[str, Any] = {name: self._info[name] for name in given if name in self._info}
        if self._update_available:
            known["update_available"] = True
        return known | flat_status(self.state.values, self._anchors)

    @property
    def machine_name(self) -> str | None:
        """The name that the owner gave it in the account."""
        return self._info.get("machine_name")

    @property
    def model_name(self) -> str | None:
        """The model, as the account or else the machine names it."""
        return self._info.get("model_name") or self.state.model

    @property
    def serial_number(self) -> str | None:
        """The machine's serial number."""
        return self._info.get("serial_number") or self.state.serial

    @property
    def firmware_version(self) -> str | None:
        """The firmware, such as 1.40."""
        return self.state.firmware

    async def retrieve_machine_info(self, machine_info: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Fetch key, serial number, name and model from the account; return the completed info."""
        info = self._info | dict(machine_info or {})
        missing = [name for name in _LOGIN if not info.get(name)]
        if missing:
            raise ConfigurationError(
                f"the machine's info has no {missing[0]}",
                key=missing[0],
                hint="Give the key, or the account.",
            )
        login = {name: str(info[name]) for name in _LOGIN}
        account_url, gateway_url = self._urls
        async with Account(
            **login, account_url=account_url, gateway_url=gateway_url, session=self._session
        ) as account:
            machine = await account.machine(info.get("serial_number"))
            await self._fetch_counters(account, machine.serial)
        self._info = info | {
            "key": machine.key.reveal(),
            "serial_number": machine.serial,
            "machine_name": machine.name,
            "model_name": machine.model,
        }
        return dict(self._info)

    async def connect(self) -> dict[str, Any]:
        """Open the connection; it is also opened whenever it is needed. Return the machine's info."""
        machine = await self._prepared()
        await machine.connect()
        return dict(self._info)

    async def close(self) -> None:
        """Close the connection."""
        if self._machine is not None:
            await self._machine.close()

    async def request_status(self) -> None:
        """Read everything from the machine; raise ConnectionFailed, AuthenticationFailed, CommandTimeout."""
        machine = await self._prepared()
        await machine.refresh()

    def register_callback(self, callback: Callable[..., object]) -> None:
        """Call back with every message of the machine, with its state and ours as keywords.

        `current_status` is the flat dict, `state` the typed state.
        """
        self._callbacks.append(callback)

    def deregister_callback(self, callback: Callable[..., object]) -> None:
        """Stop calling back."""
        if callback in self._callbacks:
            self._callbacks.remove(callback)

    async def set_power(self, power: bool) -> None:
        """Switch the machine on, or to standby."""
        await self._set("power_on", power)

    async def set_coffee_temp(self, temp: float) -> None:
        """Set the coffee boiler's target, in °C."""
        await self._set("coffee_setpoint_c", temp)

    async def set_steam_temp(self, temp: float) -> None:
        """Set the steam boiler's target, in °C."""
        await self._set("steam_setpoint_c", temp)

    async def set_steam_boiler_enable(self, enable: bool) -> None:
        """Enable or disable the steam boiler."""
        machine = await self._prepared()
        await machine.set_steam_boiler(enable)

    async def set_prebrewing_enable(self, enable: bool) -> None:
        """Switch prebrewing on, or off if it is on: it shares its setting with preinfusion."""
        await self._set_mode(PrebrewMode.PREBREWING, enable)

    async def set_preinfusion_enable(self, enable: bool) -> None:
        """Switch preinfusion on, or off if it is on."""
        await self._set_mode(PrebrewMode.PREINFUSION, enable)

    async def set_prebrew_times(self, key: int, seconds_on: float, seconds_off: float) -> None:
        """Set a key's prebrewing: pump time, then pause, in seconds."""
        await self._set(f"prebrew_on_k{_key(key, 4)}_s", seconds_on)
        await self._set(f"prebrew_off_k{key}_s", seconds_off)

    async def set_preinfusion_time(self, key: int, seconds: float) -> None:
        """Set a key's preinfusion time, in seconds."""
        await self._set(f"preinfusion_k{_key(key, 4)}_s", seconds)

    async def set_dose(self, key: int, pulses: int) -> None:
        """Set a key's dose, in pulses of about 0.5 ml."""
        await self._set(f"dose_k{_key(key, 5)}_pulses", pulses)

    async def set_dose_hot_water(self, seconds: int) -> None:
        """Set the hot water dose, in seconds."""
        await self._set("hot_water_dose_s", seconds)

    async def set_auto_on_off_global(self, value: bool) -> None:
        """Switch the whole weekly schedule on or off."""
        await self.set_auto_on_off_enable(_GLOBAL, value)

    async def set_auto_on_off_enable(self, day_of_week: str, enable: bool) -> None:
        """Switch a day of the schedule (mon … sun), or all of it (global), on or off."""
        name = "schedule_enabled" if day_of_week == _GLOBAL else f"{_day(day_of_week)}_enabled"
        await self._set(name, enable)

    async def set_auto_on_off_times(
        self, day_of_week: str, hour_on: int, minute_on: int, hour_off: int, minute_off: int
    ) -> None:
        """Set when the machine goes on and off on a day."""
        day = _day(day_of_week)
        machine = await self._prepared()
        await machine.change_schedule(
            {f"{day}_on": _time(hour_on, minute_on), f"{day}_off": _time(hour_off, minute_off)}
        )

    async def set_start_backflush(self) -> None:
        """Start a backflush."""
        machine = await self._prepared()
        await machine.start_backflush()

    async def set_clock(self, time: dt.datetime | None = None) -> None:
        """Set the machine's clock, to this computer's local time unless another is given."""
        machine = await self._prepared()
        await machine.set_clock(time or self._clock.now().astimezone())

    async def _set(self, name: str, value: Any) -> None:
        machine = await self._prepared()
        await machine.set_field(name, value)

    async def _set_mode(self, mode: PrebrewMode, enable: bool) -> None:
        machine = await self._prepared()
        if enable:
            await machine.set_prebrew_mode(mode)
            return
        if machine.state.prebrew_mode is None:
            await machine.refresh()
        if machine.state.prebrew_mode is mode:
            await machine.set_prebrew_mode(PrebrewMode.OFF)

    async def _prepared(self) -> DirectMachine:
        """Return the machine, with its key fetched from the account when it was not given."""
        async with self._preparing:
            if self._machine is None:
                if not self._info.get("key"):
                    await self.retrieve_machine_info()
                self._machine = self._make()
                self._machine.subscribe(self._learned)
            return self._machine

    def _make(self) -> DirectMachine:
        name = self._info.get("model_name")
        return DirectMachine(
            str(self._info["host"]),
            str(self._info["key"]),
            port=int(self._info.get("port") or PORT),
            model=Model(name) if name in set(Model) else None,
            hold=self._hold,
            idle_release_s=self._idle_release_s,
            clock=self._clock,
        )

    def _learned(self, fresh: Mapping[str, Any], _origin: Origin) -> None:
        if not self._anchors and "count_coffee_total" in fresh:
            self._anchor(fresh)
        status = self.current_status if self._callbacks else {}
        for callback in tuple(self._callbacks):
            try:
                callback(current_status=status, state=self.state)
            except Exception:
                _log.exception("A callback failed")

    def _anchor(self, fresh: Mapping[str, Any]) -> None:
        """Tie the machine's counters to the account's, which the vendor's app shows (section 11.1)."""
        self._anchors = {
            kind: self._cloud_counters[kind] - fresh[name]
            for kind, (name, _) in COUNTER_NAMES.items()
            if kind in self._cloud_counters and name in fresh
        }

    async def _fetch_counters(self, account: Account, serial: str) -> None:
        """Fetch what the account counts; a machine works without."""
        try:
            self._cloud_counters = await account.counters(serial)
            self._update_available = await account.update_available()
        except HomewireError as error:
            _log.info("The account's counters are not available: %s", error)


def _day(day: str) -> str:
    if day not in DAYS:
        raise InvalidInput(f"there is no day {day!r}", allowed=", ".join(DAYS))
    return day


def _key(key: int, last: int) -> int:
    if key not in range(1, last + 1):
        raise InvalidInput(f"there is no key {key!r}", allowed=f"1 to {last}")
    return key


def _time(hour: int, minute: int) -> dt.time:
    try:
        return dt.time(hour, minute)
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{hour}:{minute} is no time of day", allowed="0:00 to 23:59") from error
