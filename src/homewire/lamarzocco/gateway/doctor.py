"""What `homewire doctor` checks of a gateway connection, path by path, each with its remedy."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, ConfigurationError, HomewireError
from homewire.kinds import Check
from homewire.lamarzocco.gateway.client import LaMarzoccoCloudClient, LaMarzoccoLocalClient
from homewire.lamarzocco.gateway.connection import GatewaySettings
from homewire.lamarzocco.gateway.models import Configuration, GrinderConfiguration, LaMarzoccoDeviceInfo
from homewire.lamarzocco.models import find_model
from homewire.secrets import Secret

__all__ = ["checks"]


async def checks(settings: msgspec.Struct, clock: Clock) -> AsyncIterator[Check]:
    """Check the account, its devices, each device's cloud and local path, and Bluetooth."""
    assert isinstance(settings, GatewaySettings)  # noqa: S101 - the kind's own settings
    fleet: dict[str, LaMarzoccoDeviceInfo] = {}
    if settings.username and settings.password:
        cloud = LaMarzoccoCloudClient(
            settings.username,
            settings.password,
            cms_url=settings.cms_url,
            gateway_url=settings.gateway_url,
            clock=clock,
        )
        try:
            fleet = await cloud.get_customer_fleet()
            yield Check(name="account", ok=True, found=f"signed in; devices: {', '.join(fleet) or 'none'}")
            for info in fleet.values():
                yield await _cloud_check(cloud, info)
        except HomewireError as error:
            yield Check(name="account", ok=False, found=error.message, remedy=error.hint or "")
        finally:
            await cloud.close()
    keys = {serial: info.communication_key for serial, info in fleet.items()}
    keys |= {device.serial: device.token for device in settings.devices}
    hosts = {device.serial: device.host for device in settings.devices if device.host} | settings.hosts
    for serial, host in hosts.items():
        if serial in keys:
            yield await _local_check(serial, host, keys[serial], clock)
        else:
            yield Check(
                name=f"{serial}: local",
                ok=False,
                found="no key for it",
                remedy="Add the account, or a device with token.",
            )
    if settings.bluetooth != "off":
        yield await _bluetooth_check(settings)


async def _cloud_check(cloud: LaMarzoccoCloudClient, info: LaMarzoccoDeviceInfo) -> Check:
    name, model = f"{info.serial_number}: cloud", find_model(info.model)
    kind: type[Any] = GrinderConfiguration if model is not None and model.grinder else Configuration
    try:
        config = await cloud.get_configuration(info.serial_number, kind)
    except HomewireError as error:
        return Check(name=name, ok=False, found=error.message, remedy=error.hint or "Is the machine online?")
    versions = {each.name: each.fw_version for each in config.firmware_versions}
    return Check(
        name=name, ok=True, found=f"gateway {versions.get('gateway_firmware', 'of unknown version')}"
    )


async def _local_check(serial: str, host: str, key: Secret, clock: Clock) -> Check:
    name = f"{serial}: local"
    try:
        async with LaMarzoccoLocalClient(host, key, clock=clock) as local:
            await local.get_config()
    except ConfigurationError as error:
        return Check(name=name, ok=False, found=error.message, remedy=error.hint or "")
    except AuthenticationFailed as error:
        remedy = (
            "homewire asks the cloud to send the key when it connects; see docs/lamarzocco-local-token.md."
        )
        return Check(name=name, ok=False, found=error.message, remedy=remedy)
    except HomewireError as error:
        remedy = "Is the address right, and the machine awake? Gateway 5 and later has no local API."
        return Check(name=name, ok=False, found=error.message, remedy=remedy)
    return Check(name=name, ok=True, found=f"answers at {local.host}:{local.port}")


async def _bluetooth_check(settings: GatewaySettings) -> Check:
    from homewire.lamarzocco.bluetooth import DeviceList, Radio  # noqa: PLC0415 - an extra
    from homewire.lamarzocco.gateway.client.bluetooth import BT_MODEL_PREFIXES  # noqa: PLC0415 - with it

    radio: Radio | None = None
    try:
        radio = Radio.named(settings.bluetooth)
        found = await DeviceList(BT_MODEL_PREFIXES, radio=radio).found()
    except HomewireError as error:
        return Check(name="bluetooth", ok=False, found=error.message, remedy=error.hint or "")
    finally:
        if radio is not None:
            await radio.close()
    names = ", ".join(machine.name for machine in found)
    remedy = (
        "" if found else "Move nearer, and close the vendor's app: a machine has room for one connection."
    )
    return Check(name="bluetooth", ok=bool(found), found=names or "no machine in reach", remedy=remedy)
