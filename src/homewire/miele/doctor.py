"""What `homewire doctor` checks of a Miele connection, step by step, each with its remedy."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from homewire.clock import Clock
from homewire.errors import HomewireError, InvalidValue
from homewire.kinds import Check
from homewire.miele.client import MieleClient
from homewire.miele.connection import MieleSettings
from homewire.miele.discovery import recognise
from homewire.miele.refusals import NotNow
from homewire.miele.signing import Credentials

__all__ = ["checks"]

_STATE_LEAF = (2, 1586)


async def checks(settings: msgspec.Struct, clock: Clock) -> AsyncIterator[Check]:
    """Check keys, address, signature, remote control and DOP2; stop where going on makes no sense."""
    assert isinstance(settings, MieleSettings)  # noqa: S101 - the kind's own settings
    try:
        keys = Credentials.from_hex(settings.group_id, settings.group_key.reveal())
    except InvalidValue as error:
        yield Check(
            name="keys", ok=False, found=error.message, remedy="16 digits GroupID, 128 digits GroupKey."
        )
        return
    yield Check(name="keys", ok=True, found="GroupID and GroupKey have the right lengths")
    found = await recognise(settings.host, clock=clock)
    yield Check(
        name="address",
        ok=found is not None,
        found="a Miele module answers"
        if found
        else f"nothing that looks like a Miele module at {settings.host}",
        remedy=""
        if found
        else "Look for it with `homewire miele discover`; is it switched on and in this network?",
    )
    if found is None:
        return
    client = MieleClient(settings.host, keys.group_id, keys.group_key, settings.timeout_s, clock=clock)
    try:
        async for check in _signed_checks(client):
            yield check
    finally:
        await client.close()


async def _signed_checks(client: MieleClient) -> AsyncIterator[Check]:
    try:
        devices = await client.get_devices()
    except HomewireError as error:
        yield Check(name="signature", ok=False, found=error.message, remedy=error.hint or "")
        return
    names = ", ".join(f"{device.name} ({device.type_name})" for device in devices.values())
    yield Check(name="signature", ok=True, found=f"answers are authentic: {names}")
    for route, device in devices.items():
        remote = bool(device.state.remote_enable[:1] and device.state.remote_enable[0])
        yield Check(
            name=f"{device.name}: remote control",
            ok=remote,
            found="on" if remote else "off",
            remedy="" if remote else "Switch remote control on at the appliance; reading works without.",
        )
        yield await _dop2_check(client, route, device.name)


async def _dop2_check(client: MieleClient, route: str, name: str) -> Check:
    try:
        await client.read_dop2_leaf(route, *_STATE_LEAF)
    except NotNow:
        return Check(name=f"{name}: DOP2", ok=True, found="there, but the appliance sleeps")
    except HomewireError as error:
        return Check(
            name=f"{name}: DOP2",
            ok=False,
            found=error.message,
            remedy="Its firmware does not offer it; programmes, power and consumption stay out of reach.",
        )
    return Check(name=f"{name}: DOP2", ok=True, found="readable")
