"""Hubs and devices as appliances: reports become feature values, writes become commands.

Which key of the wire object is which feature stands in `features`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from homewire.appliance import Appliance, Identity, Origin
from homewire.clock import Clock
from homewire.commands import Allowance, Command
from homewire.features import Cover, Value
from homewire.homismart.codes import DeviceType, Kind
from homewire.homismart.commands import Commands
from homewire.homismart.devices import HomismartDevice
from homewire.homismart.features import MODELS, features_of, sources
from homewire.homismart.models import malformed_fields, read_text
from homewire.homismart.prefixes import RequestPrefix
from homewire.unknowns import Unknowns

__all__ = ["HomismartAppliance", "appliance_id"]

VENDOR: Final = "Homismart"

_LISTS: Final[Mapping[str, tuple[RequestPrefix, str]]] = {
    "timers": (RequestPrefix.TIMER_LIST_ALL, "All timers of the account."),
    "scenarios": (RequestPrefix.SCENARIO_LIST, "The account's scenarios."),
    "scenario_timers": (RequestPrefix.SCENARIO_TIMER_LIST_ALL, "The timers of all scenarios."),
    "favourites": (RequestPrefix.FAVOURITE_LIST, "The account's favourites."),
}
"""What a hub can be asked for beyond features; it comes as the cloud sends it (section 14)."""


def appliance_id(device_id: str) -> str:
    """Return the appliance's id."""
    return f"homismart:{device_id}"


class HomismartAppliance(Appliance):
    """One hub or device. `take` is told which keys of the wire object changed."""

    confirm_within_s: ClassVar[float | None] = 240.0
    """The client has limits of its own; a cover may travel for minutes and wait behind another command."""

    def __init__(
        self,
        device: HomismartDevice,
        *,
        zone: dt.tzinfo | None = None,
        clock: Clock | None = None,
        allow: Allowance | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        super().__init__(
            _identity(device), features_of(device.kind), clock=clock, allow=allow, unknowns=unknowns
        )
        self.device = device
        self._sources = sources(zone)

    def take(self, device: HomismartDevice, keys: Iterable[str], origin: Origin) -> None:
        """Publish what changed; another object, or another kind, stands for the device from now on."""
        if device is not self.device:
            self.device = device
            self.replace_features(features_of(device.kind))
            keys = device.record.keys()
        changed, record = set(keys), device.record
        if changed & {"name", "version", "pid", "type"}:
            self.update_identity(**_naming(device))
        values = {
            key: read(record.get(wire))
            for key, (wire, read) in self._sources.items()
            if wire in changed and key in self._features
        }
        if None in values.values():
            self._note_malformed(changed)
        self.publish(values, origin)

    def _note_malformed(self, changed: set[str]) -> None:
        """Count what is there but cannot be read."""
        record = self.device.record
        for key in malformed_fields({key: record.get(key) for key in changed}):
            self.unknowns.note(f"value of {key}", repr(record[key])[:40])

    def judge_availability(self) -> None:
        """Set the availability by what the device and its hub report (section 9.3)."""
        hub = self.device.hub
        if hub is not None and hub.is_online is False:
            self.set_availability(False, f"its hub {hub.name or hub.id} is off line")
        elif self.device.is_online is False:
            self.set_availability(False, "reported off line")
        else:
            self.set_availability(True, "connected")

    @property
    def resources(self) -> Mapping[str, str]:
        """The lists that have no documented layout: of a hub those of its account, else the own timers."""
        if self.device.kind is Kind.HUB:
            return {name: text for name, (_, text) in _LISTS.items()}
        return {"timers": "The timers of the device."}

    async def read_resource(self, name: str) -> Any:
        """Read one of the lists from the cloud now; raise NotFound."""
        if name not in self.resources:
            return await super().read_resource(name)
        if self.device.kind is Kind.HUB:
            return await self.device.commands.ask(_LISTS[name][0], {})
        return await self.device.query_timers()

    async def _write(self, command: Command) -> None:
        commands, device, value = self.device.commands, self.device, command.value

        def sent() -> None:
            command.sent("cloud")

        if command.key in _WRITERS:
            await _WRITERS[command.key](commands, device, value, on_sent=sent)
        elif command.key == "cover" and value == "stop":
            await commands.stop(device, on_sent=sent)
        elif command.key == "cover":
            await commands.move(device, _level(value), on_sent=sent)
        elif command.key == "lock":
            consent = True  # the base class has asked for it
            await commands.set_lock(device, value is True, dangerous=consent, on_sent=sent)
        else:
            name, icon = (str(value), None) if command.key == "name" else (None, str(value))
            await commands.modify(device, name=name, icon=icon, on_sent=sent)

    async def _refresh(self) -> None:
        await self.device.commands.list_devices()

    def _diagnostics(self) -> Mapping[str, Any]:
        return {"record": self.device.raw, "kind": self.device.kind.value}

    def _is_urgent(self, command: Command) -> bool:
        """Tell whether it may overtake: a new move ends the wait for the one that is under way."""
        return isinstance(self.features.get(command.key), Cover)


_WRITERS: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "power": Commands.switch,
    "led": Commands.set_led,
    "closed_position": Commands.set_closed_position,
    "operation_time": Commands.set_operation_time,
}
"""The features whose value goes to the device as it is."""


def _level(value: Value) -> int:
    words = {"open": 0, "close": 100}
    return words[value] if isinstance(value, str) else 100 - int(str(value))


def _identity(device: HomismartDevice) -> Identity:
    told = {key: value for key, value in _naming(device).items() if value is not None}
    return Identity(id=appliance_id(device.id), vendor=VENDOR, serial=device.id, **told)


def _naming(device: HomismartDevice) -> dict[str, str | None]:
    """Return what may change about an identity."""
    return {
        "model": _model(device),
        "name": device.title,
        "firmware": read_text(device.version),
        "via": appliance_id(device.pid) if device.pid else None,
    }


def _model(device: HomismartDevice) -> str:
    code = device.device_type_code
    if device.kind is Kind.UNKNOWN and code is not None and code != DeviceType.UNKNOWN:
        return f"Device type {code}"
    return MODELS[device.kind][0]
