"""The simulator of the gateway generation: an account with machines, reachable by every path at once."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import importlib.util
import random
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import msgspec

from homewire.clock import Clock
from homewire.errors import ConfigurationError
from homewire.lamarzocco.gateway.simulator.accounts import Account
from homewire.lamarzocco.gateway.simulator.cloud import CloudServer
from homewire.lamarzocco.gateway.simulator.levers import CloudLevers, LocalLevers
from homewire.lamarzocco.gateway.simulator.local import LocalServer
from homewire.lamarzocco.gateway.simulator.machine import SimulatedMachine
from homewire.lamarzocco.models import MODELS, Model, find_model
from homewire.simulation import Simulator

if TYPE_CHECKING:
    from homewire.announcement import Announcement

__all__ = ["GatewaySimulator"]

_SERVICE: Final = "_marzocco._tcp.local."
"""Section 12."""

_FIRMWARE = re.compile(r"v\d+(\.\d+)+(-rc\d+)?")
"""As in `firmwareVersions` (`lamarzocco-gateway.md`, section 7.4)."""

_HISTORY_DAYS = 30
_DEMO_EVERY_S = 240.0
_DEMO_STANDBY_MIN = 60


Port: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


class GatewayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is simulated: the account, its machines by model name, their gateway firmware, and the ports.

    `names` are what the owner calls the machines, in their order; without one, the serial number is.
    Port 0 is any free port; the machines' local ports count upwards from `local_port`. `bluetooth` adds a
    virtual Bluetooth world whose adapters are offered at `bluetooth_port`; unless told, it does so when the
    packages for it are installed. `busy` lets the machines brew by themselves. `announce` puts the local
    APIs into mDNS, as older gateways do.
    """

    models: tuple[str, ...] = ("Micra",)
    names: tuple[str, ...] = ()
    gateway: str = "v3.7"
    username: str = "ada@example.com"
    password: str = "espresso"  # noqa: S105 - a simulated account's
    host: str = "127.0.0.1"
    cloud_port: Port = 0
    local_port: Port = 0
    bluetooth: bool | None = None
    bluetooth_port: Port = 0
    seed: int = 1
    busy: bool = False
    announce: bool = False


class GatewaySimulator(Simulator):
    """Account, machines, cloud, local APIs and Bluetooth.

    The parts are public for tests and demos: `machines`, `cloud` (with `cloud.levers` and `cloud.tokens`),
    `locals` and `bluetooths` by serial number.
    """

    Options = GatewayOptions

    def __init__(self, options: GatewayOptions | None = None, *, clock: Clock | None = None) -> None:
        self.options = options or GatewayOptions()
        self.clock = clock or Clock()
        self._rng = random.Random(self.options.seed)  # noqa: S311 - believable noise, no secret
        self.machines = {machine.serial: machine for machine in self._build()}
        self.account = Account(self.options.username, self.options.password)
        self.cloud = CloudServer(self.account, self.machines, clock=self.clock, levers=CloudLevers())
        self.locals = {
            serial: LocalServer(machine, LocalLevers())
            for serial, machine in self.machines.items()
            if machine.has_local_api
        }
        self.bluetooths: dict[str, Any] = {}
        self._air: Any = None
        self._life: asyncio.Task[None] | None = None
        self._announcements: list[Announcement] = []

    @classmethod
    def demo(cls, clock: Clock) -> Sequence[Simulator]:
        """Return a kitchen and a café corner that brew by themselves."""
        models, names = ("Micra", "Linea Mini", "GS3 AV", "Pico"), ("Studio", "Office", "Lounge", "Grinder")
        return [cls(GatewayOptions(models=models, names=names, busy=True), clock=clock)]

    @property
    def machine(self) -> SimulatedMachine:
        """The first machine."""
        return next(iter(self.machines.values()))

    async def _start(self) -> None:
        """Listen everywhere and let the machines live."""
        own = self.options
        await self.cloud.start(own.host, own.cloud_port)
        for number, local in enumerate(self.locals.values()):
            await local.start(own.host, own.local_port and own.local_port + number)
        if own.announce:
            await asyncio.gather(*map(self._announce, self.locals.values()))
        if own.bluetooth or (own.bluetooth is None and _bluetooth_is_installed()):
            await self._start_bluetooth()
        for machine in self.machines.values():
            machine.start()
        if own.busy:
            self._life = asyncio.ensure_future(self._brew_all_day())

    async def stop(self) -> None:
        """Stop everything."""
        life, self._life = self._life, None
        if life is not None:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
        announcements, self._announcements = self._announcements, []
        await asyncio.gather(*(announcement.stop() for announcement in announcements))
        for machine in self.machines.values():
            await machine.stop()
        for bluetooth in self.bluetooths.values():
            await bluetooth.stop()
        if self._air is not None:
            await self._air.close()
            self._air = None
        for local in self.locals.values():
            await local.stop()
        await self.cloud.stop()

    def settings(self) -> Mapping[str, Any]:
        """Return settings for `homewire.connect("lamarzocco-gateway", …)` that use every path."""
        settings: dict[str, Any] = {
            "username": self.options.username,
            "password": self.options.password,
            "cms_url": self.cloud.url,
            "gateway_url": self.cloud.url,
            "hosts": {serial: ":".join(map(str, local.address)) for serial, local in self.locals.items()},
        }
        return settings | ({"bluetooth": f"virtual:{self._air.address}"} if self._air else {})

    def describe(self) -> str:
        """Tell what runs where."""
        names = ", ".join(f"{machine.model.title} {serial}" for serial, machine in self.machines.items())
        local = ", ".join(
            f"{serial} at {local.address[0]}:{local.address[1]}" for serial, local in self.locals.items()
        )
        radio = f", Bluetooth virtual:{self._air.address}" if self._air else ""
        cloud = f"cloud at {self.cloud.url} ({self.options.username})"
        return f"{names}: {cloud}, local API {local or 'none'}{radio}"

    def adapter(self) -> Any:
        """Return a Bluetooth adapter in the simulator's air, for tests in the same process."""
        from homewire.simulation.bluetooth import Adapter  # noqa: PLC0415 - needs the Bluetooth extra

        return Adapter(self._air)

    async def _announce(self, local: LocalServer) -> None:
        """Tell the network where a machine is; the Micra spells its serial number `sn` (section 12)."""
        from homewire.announcement import Announcement  # noqa: PLC0415 - needs zeroconf, imported late

        machine, (host, port) = local.machine, local.address
        spelling = "sn" if machine.model.serial_prefix == "MR" else "serial_number"
        announcement = Announcement(
            _SERVICE,
            machine.serial,
            target=f"{machine.serial.lower()}.local.",
            address=host,
            port=port,
            properties={"type": machine.model.gateway_name, spelling: machine.serial, "name": machine.name},
        )
        self._announcements.append(announcement)
        await announcement.start()

    async def _start_bluetooth(self) -> None:
        try:
            import homewire.lamarzocco.gateway.simulator.bluetooth as radio  # noqa: PLC0415 - extra
            from homewire.simulation.bluetooth import Air  # noqa: PLC0415 - extra
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "simulated Bluetooth needs the Python packages bleak and bumble",
                hint="Install homewire[ble,ble-simulation], or set bluetooth = false.",
            ) from error
        self._air = Air()
        await self._air.listen(self.options.host, self.options.bluetooth_port)
        for number, machine in enumerate(self.machines.values()):
            if machine.model.bluetooth_prefix is None:
                continue
            address = f"F0:00:00:00:00:{number + 1:02X}"
            server = radio.BluetoothServer(
                machine, self._air, username=self.options.username, address=address
            )
            self.bluetooths[machine.serial] = server
            await server.start()

    def _build(self) -> list[SimulatedMachine]:
        if not _FIRMWARE.fullmatch(self.options.gateway):
            raise ConfigurationError(
                f"there is no gateway firmware {self.options.gateway!r}",
                key="gateway",
                hint="Write it as machines do: v2.2, v3.1, v3.7, v5.0.9.",
            )
        machines = []
        for number, name in enumerate(self.options.models):
            model = find_model(name)
            if model is None:
                known = ", ".join(model.gateway_name for model in MODELS)
                raise ConfigurationError(f"there is no model {name!r}", key="models", hint=f"Known: {known}.")
            machines.append(self._machine(model, number))
        return machines

    def _machine(self, model: Model, number: int) -> SimulatedMachine:
        serial = f"{model.serial_prefix}{123456 + number:06d}"
        machine = SimulatedMachine(
            model,
            serial,
            gateway=self.options.gateway,
            name=(self.options.names[number:] or (serial,))[0],
            key=hashlib.sha256(serial.encode()).hexdigest(),
            clock=self.clock,
            rng=self._rng,
        )
        for days in range(1, _HISTORY_DAYS + 1):
            day = self.clock.now().date() - dt.timedelta(days=days)
            drinks, flushes = self._rng.randint(0, 6), self._rng.randint(0, 4)
            machine.history[day] = {"doseA": drinks, "flush": flushes}
            machine.counters[0] += drinks
            machine.counters[-1] += flushes
        return machine

    async def _brew_all_day(self) -> None:
        machines = [machine for machine in self.machines.values() if not machine.model.grinder]
        for machine in machines:
            machine.set_mode("BrewingMode", "manual")
            if "smartStandBy" in machine.config:
                machine.set_smart_standby(True, _DEMO_STANDBY_MIN, "LastBrewing")
        while True:
            await self.clock.sleep(_DEMO_EVERY_S * self._rng.uniform(0.3, 1.0))
            machine = self._rng.choice(machines)
            if machine.is_on and machine.shot is None:
                machine.brew(self._rng.choice(machine.model.dose_keys) if machine.model.dose_keys else None)


def _bluetooth_is_installed() -> bool:
    return all(importlib.util.find_spec(package) for package in ("bleak", "bumble"))
