"""The cloud client: read and change machines through the vendor's gateway service.

Source: `lamarzocco-gateway.md`, sections 5 to 7. Every write becomes a command record that is polled until
the machine answered; a write therefore returns once the machine confirmed it, or raises why not.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import AsyncIterator
from typing import Any, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from homewire.clock import Clock
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandTimeout,
    ConnectionFailed,
    NotFound,
    ProtocolError,
)
from homewire.lamarzocco.gateway.client.http import Answer, HttpClient, bearer
from homewire.lamarzocco.gateway.client.tokens import CMS_URL, TokenKeeper
from homewire.lamarzocco.gateway.client.unknown import FieldWatch
from homewire.lamarzocco.gateway.codec import (
    decode_configuration,
    decode_envelope,
    decode_records,
    encode_json,
    has_envelope,
)
from homewire.lamarzocco.gateway.models import (
    BoilerType,
    BrewMode,
    CommandRecord,
    Configuration,
    Counter,
    DailyStatistics,
    FirmwareRecord,
    FirmwareType,
    FleetEntry,
    GrinderConfiguration,
    LaMarzoccoDeviceInfo,
    PhysicalKey,
    PrebrewMode,
    SmartStandbyMode,
    WakeUpSleepEntry,
    WeeklySchedule,
)
from homewire.secrets import Secret
from homewire.unknowns import Unknowns

__all__ = ["GATEWAY_URL", "LaMarzoccoCloudClient"]

_log = logging.getLogger(__name__)

GATEWAY_URL = "https://gw-lmz.lamarzocco.io"
_HOME = "/v1/home"

_CALL_WITHIN_S = 10.0
"""Twice the reference clients' limit (section 6): a false failure costs more than patience."""

_STATISTICS_WITHIN_S = 60.0
"""The daily statistics can take tens of seconds (section 7.5)."""

_COMMAND_WITHIN_S = 20.0
"""Machines answer within three seconds (section 7.3); a slow one is not taken for a failure after five."""

_POLL_FIRST_S = 0.5
_POLL_GROWTH = 1.5
_POLL_MOST_S = 3.0

_UPDATE_POLL_S = 15.0
_UPDATE_WITHIN_S = 600.0
"""Twice the time after which the reference client gives up on an update (section 7.4)."""

_MOVED = "Machines with gateway firmware 5 and later have moved to another service: kind lamarzocco-cloud."

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

ConfigurationT = TypeVar("ConfigurationT", Configuration, GrinderConfiguration)


class LaMarzoccoCloudClient:
    """The account's devices through the cloud.

    `client` is the caller's aiohttp session; without one the client makes its own and `close()` ends it.
    `cms_url` and `gateway_url` are for simulators and proxies.
    """

    def __init__(
        self,
        username: str,
        password: str | Secret,
        client: aiohttp.ClientSession | None = None,
        *,
        cms_url: str = CMS_URL,
        gateway_url: str = GATEWAY_URL,
        clock: Clock | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        secret = password if isinstance(password, Secret) else Secret(password)
        self.clock = clock or Clock()
        self.username = username
        self.unknowns = unknowns or Unknowns()
        self._http = HttpClient(client, self.clock)
        self._fields = FieldWatch(self.unknowns)
        self._cms = cms_url.rstrip("/")
        self._home = gateway_url.rstrip("/") + _HOME
        self._tokens = TokenKeeper(self._http, username, secret, cms_url=self._cms, clock=self.clock)

    @classmethod
    async def create(cls, username: str, password: str | Secret, **options: Any) -> LaMarzoccoCloudClient:
        """Return a client that is signed in; raise AuthenticationFailed or ConnectionFailed."""
        client = cls(username, password, **options)
        try:
            await client.async_get_access_token()
        except BaseException:
            await client.close()
            raise
        return client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the session if it is the client's own."""
        await self._http.close()

    async def async_get_access_token(self) -> str:
        """Return a valid access token."""
        return await self._tokens.access_token()

    async def async_logout(self) -> None:
        """Forget the tokens here and at the service."""
        await self._tokens.logout()

    # --- reading

    async def get_customer_fleet(self) -> dict[str, LaMarzoccoDeviceInfo]:
        """Return the account's devices by serial number (section 5)."""
        answer = await self._call("GET", f"{self._cms}/api/customer")
        data = decode_envelope(answer.body, "the customer record")
        fleet: dict[str, LaMarzoccoDeviceInfo] = {}
        for entry in data.get("fleet", ()) if isinstance(data, dict) else ():
            try:
                device = msgspec.convert(entry, FleetEntry)
            except msgspec.ValidationError as error:
                self.unknowns.note("fleet entry", error)
                continue
            fleet[device.machine.serial_number] = LaMarzoccoDeviceInfo.of(device)
        return fleet

    async def get_configuration(
        self,
        serial_number: str,
        kind: type[ConfigurationT] = Configuration,  # type: ignore[assignment] # mypy: a default for a constrained variable
    ) -> ConfigurationT:
        """Return the typed configuration (section 8)."""
        answer = await self._call("GET", self._machine(serial_number, "configuration"))
        enveloped = has_envelope(answer.body)
        notice = self.unknowns.note
        config = decode_configuration(answer.body, kind, enveloped=enveloped, notice=notice)
        self._fields.look(serial_number, config, answer.body, enveloped=enveloped)
        return config

    async def get_config(self, serial_number: str) -> dict[str, Any]:
        """Return the configuration as plain JSON."""
        answer = await self._call("GET", self._machine(serial_number, "configuration"))
        return _object(decode_envelope(answer.body, "the configuration"))

    async def get_status(self, serial_number: str) -> dict[str, Any]:
        """Return the older short status (section 7.1.1)."""
        answer = await self._call("GET", self._machine(serial_number, "status"))
        return _object(decode_envelope(answer.body, "the status"))

    async def get_firmware(self, serial_number: str) -> dict[FirmwareType, FirmwareRecord]:
        """Return the installed and the offered firmware (section 7.4)."""
        answer = await self._call("GET", self._machine(serial_number, "firmware/"))
        data = _object(decode_envelope(answer.body, "the firmware"))
        try:
            return {
                kind: msgspec.convert(data[f"{kind}_firmware"], FirmwareRecord)
                for kind in FirmwareType
                if f"{kind}_firmware" in data
            }
        except msgspec.ValidationError as error:
            raise ProtocolError(f"the firmware answer is not as expected: {error}", offset=0) from error

    async def get_statistics(self, serial_number: str) -> list[Counter]:
        """Return the counters by kind of drink (section 7.5)."""
        answer = await self._call("GET", self._machine(serial_number, "statistics/counters"))
        return decode_records(answer.body, Counter, notice=self.unknowns.note)

    async def get_daily_statistics(
        self,
        serial_number: str,
        start_date: dt.datetime,
        end_date: dt.datetime,
        timezone_offset: int,
        timezone: str,
    ) -> list[DailyStatistics]:
        """Return the drinks by day (section 7.5); the offset is in hours."""
        query = {
            "startDate": start_date.replace(tzinfo=None).isoformat(timespec="seconds"),
            "endDate": end_date.replace(tzinfo=None).isoformat(timespec="seconds"),
            "timezoneOffset": str(timezone_offset),
            "timezone": timezone,
        }
        url = self._machine(serial_number, "statistics/daily")
        answer = await self._call("GET", url, timeout_s=_STATISTICS_WITHIN_S, params=query)
        return decode_records(answer.body, DailyStatistics, notice=self.unknowns.note)

    # --- writing

    async def set_power(self, serial_number: str, enabled: bool) -> bool:
        """Switch on or to standby."""
        mode = BrewMode.ON if enabled else BrewMode.STANDBY
        return await self._command(serial_number, "status", {"status": mode})

    async def set_steam(self, serial_number: str, enabled: bool) -> bool:
        """Switch the steam boiler."""
        body = {"identifier": BoilerType.STEAM, "state": enabled}
        return await self._command(serial_number, "enable-boiler", body)

    async def set_temp(self, serial_number: str, boiler: BoilerType, temperature: float) -> bool:
        """Set a boiler's target in °C."""
        body = {"identifier": boiler, "value": temperature}
        return await self._command(serial_number, "target-boiler", body)

    async def set_prebrew_mode(self, serial_number: str, mode: PrebrewMode) -> bool:
        """Choose pre-brewing, pre-infusion or neither."""
        return await self._command(serial_number, "enable-preinfusion", {"mode": mode})

    async def configure_pre_brew_infusion_time(
        self, serial_number: str, on_time: float, off_time: float, key: PhysicalKey | str
    ) -> bool:
        """Set a key's times in seconds; pre-infusion is `on_time` 0 and the infusion as `off_time`."""
        button = key.dose if isinstance(key, PhysicalKey) else key
        body = {
            "button": button,
            "group": "Group1",
            "holdTimeMs": round(round(off_time, 1) * 1000),
            "wetTimeMs": round(round(on_time, 1) * 1000),
        }
        return await self._command(serial_number, "setting-preinfusion", body)

    async def enable_plumbin(self, serial_number: str, enable: bool) -> bool:
        """Take water from the line or from the tank."""
        return await self._command(serial_number, "enable-plumbin", {"enable": enable})

    async def set_dose(self, serial_number: str, key: PhysicalKey, value: int) -> bool:
        """Set a key's dose in pulses."""
        body = {"dose_index": key.dose, "dose_type": "PulsesType", "group": "Group1", "value": value}
        return await self._command(serial_number, "dose", body)

    async def set_dose_hot_water(self, serial_number: str, value: int) -> bool:
        """Set the hot water dose in seconds."""
        return await self._command(serial_number, "dose-tea", {"dose_index": "DoseA", "value": value})

    async def set_scale_dose(self, serial_number: str, key: PhysicalKey, grams: int) -> bool:
        """Set a key's brew by weight dose in grams."""
        body = {"group": "Group1", "dose_index": key.dose, "dose_type": "MassType", "value": grams}
        return await self._command(serial_number, "scale/target-dose", body)

    async def set_recipes(self, serial_number: str, recipe_id: str, doses: dict[str, int]) -> bool:
        """Set both targets of a recipe in grams (section 7.2: both are always sent)."""
        targets = [{"id": name, "target": grams} for name, grams in doses.items()]
        body = {"recipeId": recipe_id, "doseMode": "Mass", "recipeDoses": targets}
        return await self._command(serial_number, "recipes/", body, method="PUT")

    async def set_active_recipe(
        self, serial_number: str, dose: str, *, recipe_id: str = "Recipe1", key: PhysicalKey = PhysicalKey.A
    ) -> bool:
        """Let a key brew dose "A" or "B" of a recipe."""
        body = {"group": "Group1", "doseIndex": key.dose, "recipeId": recipe_id, "recipeDose": dose}
        return await self._command(serial_number, "recipes/active-recipe", body)

    async def set_wake_up_sleep(self, serial_number: str, wake_up_sleep_entry: WakeUpSleepEntry) -> bool:
        """Create or change a wake-up and sleep entry (section 8.5)."""
        entry = wake_up_sleep_entry
        body = {
            "days": list(entry.days),
            "enable": entry.enabled,
            "id": entry.id,
            "steam": entry.steam,
            "timeOff": entry.time_off,
            "timeOn": entry.time_on,
        }
        path = f"wake-up-sleep/{quote(entry.id, safe='')}"
        return await self._command(serial_number, path, body, method="PUT")

    async def delete_wake_up_sleep(self, serial_number: str, entry_id: str) -> bool:
        """Remove a wake-up and sleep entry (the route is assumed, nobody has published it)."""
        path = f"wake-up-sleep/{quote(entry_id, safe='')}"
        return await self._command(serial_number, path, None, method="DELETE")

    async def set_smart_standby(
        self, serial_number: str, enabled: bool, minutes: int, mode: SmartStandbyMode
    ) -> bool:
        """Set the automatic standby."""
        body = {"enabled": enabled, "minutes": minutes, "mode": mode}
        return await self._command(serial_number, "smart-standby", body)

    async def set_schedule(self, serial_number: str, schedule: WeeklySchedule) -> bool:
        """Set the old weekly schedule; an unset time, hour 24, is sent as 00:00 (section 8.5)."""
        days = [_day(name, getattr(schedule, name)) for name in _DAYS]
        return await self._command(serial_number, "scheduling", {"enable": schedule.enabled, "days": days})

    async def start_backflush(self, serial_number: str) -> bool:
        """Start a backflush; the machine takes it only while it is on (section 7.2)."""
        return await self._command(serial_number, "enable-backflush", {"enable": True})

    async def token_command(self, serial_number: str) -> bool:
        """Ask the machine to activate the key of the local API (section 9)."""
        answer = await self._call("GET", self._machine(serial_number, "token-request"))
        return await self._confirmed(serial_number, answer, "token-request")

    async def update_firmware(self, serial_number: str, component: FirmwareType) -> bool:
        """Install the offered firmware and return once it is installed; raise CommandTimeout."""
        async for record in self.follow_update(serial_number, component):
            if _is_installed(record):
                return True
        raise CommandTimeout(f"the {component} firmware was not installed in time", path="cloud")

    async def follow_update(
        self, serial_number: str, component: FirmwareType
    ) -> AsyncIterator[FirmwareRecord]:
        """Start an update and yield its state every 15 s until it is installed or given up (section 7.4)."""
        url = self._machine(serial_number, f"firmware/{component}/update")
        answer = await self._call("POST", url, data=b"{}")
        decode_envelope(answer.body, "the update answer")
        deadline = self.clock.monotonic() + _UPDATE_WITHIN_S
        while self.clock.monotonic() < deadline:
            try:
                record = (await self.get_firmware(serial_number)).get(component, FirmwareRecord())
            except ConnectionFailed as error:  # the machine restarts in between
                _log.info("The state of the update cannot be read at the moment: %s", error)
            else:
                yield record
                if _is_installed(record):
                    return
            await self.clock.sleep(_UPDATE_POLL_S)

    # --- inside

    def _machine(self, serial_number: str, path: str) -> str:
        return f"{self._home}/machines/{serial_number}/{path}"

    async def _command(
        self, serial_number: str, path: str, body: dict[str, Any] | None, *, method: str = "POST"
    ) -> bool:
        """Send a write and follow its command record to its end."""
        data = None if body is None else encode_json(body)
        answer = await self._call(method, self._machine(serial_number, path), data=data)
        return await self._confirmed(serial_number, answer, path)

    async def _confirmed(self, serial_number: str, answer: Answer, name: str) -> bool:
        """Poll the command record until it is completed (section 7.3)."""
        data = decode_envelope(answer.body, f"the answer to {name}")
        command_id = data.get("commandId") if isinstance(data, dict) else None
        if not isinstance(command_id, str) or not command_id:
            raise CommandRejected(f"the gateway took no command for {name}", path="cloud")
        url = f"{self._home}/aws-proxy/{serial_number}/commands/{command_id}"
        deadline, wait_s = self.clock.monotonic() + _COMMAND_WITHIN_S, _POLL_FIRST_S
        while self.clock.monotonic() < deadline:
            await self.clock.sleep(wait_s)
            wait_s = min(_POLL_MOST_S, wait_s * _POLL_GROWTH)
            if _is_done(await self._call("GET", url), name):
                return True
        raise CommandTimeout(
            f"the machine did not answer {name} within {_COMMAND_WITHIN_S:g} s",
            path="cloud",
            hint="It may be off the network; the change may still happen later.",
        )

    async def _call(
        self, method: str, url: str, *, timeout_s: float = _CALL_WITHIN_S, **options: Any
    ) -> Answer:
        """Call with a token; a token that the service does not take any more is replaced once."""
        for attempt in (1, 2):
            token = await self._tokens.access_token()
            answer = await self._sent(method, url, token, timeout_s, options)
            if answer.status != 401 or attempt == 2:  # noqa: PLR2004 - unauthorized, the last attempt
                return _checked(answer, url)
            self._tokens.reject(token)
        raise AssertionError

    async def _sent(
        self, method: str, url: str, token: str, timeout_s: float, options: dict[str, Any]
    ) -> Answer:
        headers = dict(bearer(token))
        if options.get("data") is not None:
            headers["Content-Type"] = "application/json"
        return await self._http.request(
            method, url, timeout_s=timeout_s, path="cloud", headers=headers, **options
        )


def _checked(answer: Answer, url: str) -> Answer:
    """Return a success; raise what a failure means."""
    what = "/" + "/".join(url.partition("?")[0].split("/")[3:])
    if answer.ok:
        return answer
    if answer.status == 401:  # noqa: PLR2004 - unauthorized, with a token that is new
        raise AuthenticationFailed(f"the cloud refused {what}: HTTP 401", path="cloud", hint=_MOVED)
    if answer.status == 403:  # noqa: PLR2004 - forbidden: the sign-in worked, so the password is right
        raise ConnectionFailed(f"the cloud refused {what}: HTTP 403", path="cloud", hint=_MOVED)
    if answer.status == 404:  # noqa: PLR2004 - not found
        raise NotFound(
            f"the cloud does not know {what}",
            path="cloud",
            hint=f"Is the machine paired with this account? {_MOVED}",
        )
    if answer.status == 429:  # noqa: PLR2004 - too many requests
        after = f"in {answer.retry_after} s" if answer.retry_after else "later"
        raise ConnectionFailed(f"the cloud limits the calls; try again {after}", path="cloud")
    raise ConnectionFailed(f"the cloud answered HTTP {answer.status} to {what}", path="cloud")


def _is_installed(record: FirmwareRecord) -> bool:
    return record.version is not None and record.version == record.target_version


def _is_done(answer: Answer, name: str) -> bool:
    """Tell whether a record is completed; raise CommandRejected when it failed (section 7.3)."""
    data = decode_envelope(answer.body, "the command record")
    if data is None:
        raise CommandRejected(f"the gateway lost the command {name}", path="cloud")
    try:
        record = msgspec.convert(data, CommandRecord)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"the command record is not as expected: {error}", offset=0) from error
    if record.status == "PENDING":
        return False
    payload = record.response_payload or {}
    if record.status == "COMPLETED" and payload.get("status") == "success":
        return True
    said = payload.get("message") or payload.get("status") or record.status
    raise CommandRejected(f"the machine refused {name}: {said}", path="cloud", reason_code=str(said))


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ProtocolError("the answer holds no object", offset=0)
    return data


def _day(name: str, day: Any) -> dict[str, Any]:
    return {
        "day": name.upper(),
        "enable": day.enabled,
        "on": _time(day.h_on, day.m_on),
        "off": _time(day.h_off, day.m_off),
    }


def _time(hour: int, minute: int) -> str:
    return "00:00" if hour >= 24 else f"{hour:02d}:{minute:02d}"  # noqa: PLR2004 - 24 is an unset time
