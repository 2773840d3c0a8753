"""The Bluetooth client: power, steam and temperatures over the air (`lamarzocco-gateway.md`, section 11)."""

from __future__ import annotations

import base64
from typing import Any

from homewire.clock import Clock
from homewire.lamarzocco.bluetooth import BluetoothSession, DeviceList, Radio
from homewire.lamarzocco.gateway.codec import BLUETOOTH_END, encode_json
from homewire.lamarzocco.gateway.models import BoilerType, BrewMode
from homewire.secrets import Secret

__all__ = ["AUTH_CHARACTERISTIC", "BT_MODEL_PREFIXES", "SETTINGS_CHARACTERISTIC", "LaMarzoccoBluetoothClient"]

AUTH_CHARACTERISTIC = "090b7847-e12b-09a8-b04b-8e0922a9abab"
SETTINGS_CHARACTERISTIC = "050b7847-e12b-09a8-b04b-8e0922a9abab"
BT_MODEL_PREFIXES = ("MICRA", "MINI", "GS3")
"""Section 11.2, step 1."""

_SETTLE_S = 0.1
"""Between authentication and the first command (section 11.2, step 4)."""


class LaMarzoccoBluetoothClient:
    """One machine over Bluetooth. No reply is read: the machine does not send one in this generation.

    `radio` chooses the adapter or injects bleak backends. The link is released after idling, so that the
    vendor's app can connect.
    """

    def __init__(
        self,
        username: str,
        serial_number: str,
        token: str | Secret,
        address_or_ble_device: Any,
        *,
        radio: Radio | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.serial_number = serial_number
        self._username = username
        self._token = token if isinstance(token, Secret) else Secret(token)
        self._clock = clock or Clock()
        self._session = BluetoothSession(
            address_or_ble_device, prepare=self._authenticate, radio=radio, clock=self._clock
        )

    @staticmethod
    def discover_devices(scanner: Any = None, *, radio: Radio | None = None) -> DeviceList:
        """Return the machines in reach, by the documented name prefixes: await it."""
        return DeviceList(BT_MODEL_PREFIXES, scanner=scanner, radio=radio)

    @property
    def address(self) -> str:
        """The Bluetooth address."""
        return self._session.address

    @property
    def connected(self) -> bool:
        """Whether the link stands at the moment."""
        return self._session.connected

    async def close(self) -> None:
        """Release the link."""
        await self._session.close()

    async def set_power(self, enabled: bool) -> None:
        """Switch on or to standby."""
        await self._command("MachineChangeMode", mode=BrewMode.ON if enabled else BrewMode.STANDBY)

    async def set_steam(self, enabled: bool) -> None:
        """Switch the steam boiler."""
        await self._command("SettingBoilerEnable", identifier=BoilerType.STEAM, state=enabled)

    async def set_temp(self, boiler: BoilerType, temperature: float) -> None:
        """Set a boiler's target in °C."""
        await self._command("SettingBoilerTarget", identifier=boiler, value=temperature)

    async def _command(self, name: str, **parameter: Any) -> None:
        message = encode_json({"name": name, "parameter": parameter}) + BLUETOOTH_END
        async with self._session.use() as link:
            await link.write(SETTINGS_CHARACTERISTIC, message)

    async def _authenticate(self, link: Any) -> None:
        await link.write(AUTH_CHARACTERISTIC, self._credentials())
        await self._clock.sleep(_SETTLE_S)

    def _credentials(self) -> bytes:
        """Return the authentication text (section 11.2, step 3)."""
        who = base64.b64encode(f"{self._username}:{self.serial_number}".encode())
        return who + b"@" + base64.b64encode(self._token.reveal().encode())
