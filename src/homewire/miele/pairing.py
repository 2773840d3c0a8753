"""Pairing: giving an appliance the household's keys (miele-http.md, section 6).

A module without keys takes whatever it is given, even an empty key, and locks its owner out until a reset
at the panel. So nothing is sent before the lengths are right, the module is asked first whether it waits
for keys, and the keys are proven with a signed read before they are handed back to the caller, who alone
keeps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, ConnectionFailed, HomewireError, NotFound, ProtocolError
from homewire.miele.models import DeviceEntry, decode_device_list, decode_object
from homewire.miele.signing import Credentials, Padding
from homewire.miele.transport import Reply, Transport

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Paired", "commission", "easy_setup", "pair", "send_tan"]

_PATH: Final = "/Security/Commissioning/"
_TAN_PATH: Final = "/Security/Cloud/TAN/"
_AUTHORIZATION: Final = "MielePairing:Pairing"
"""Newer modules want exactly this header; older ones ignore it, so it is always sent."""

_WAITS_FOR_APP: Final = 12
"""Status of a newer module that wants the keys a second time, signed with them."""

_SET_UP_TIMEOUT_S: Final = 12.0
"""A set-up request may take longer than others (section 17)."""

_ATTEMPTS: Final = 5
_ATTEMPT_S: Final = 2.0
"""A module needs a moment to store its keys; known clients ask up to five times (section 6)."""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The result: where the module is, what is behind it, and the keys to keep safe."""

    host: str
    devices: tuple[str, ...]
    credentials: Credentials


async def easy_setup(host: str, **options: object) -> tuple[str, str, str]:
    """Pair the module at `host` with new keys; return device id, GroupID and GroupKey as hexadecimal text."""
    paired = await pair(host, **options)  # type: ignore[arg-type]  # the options are those of pair
    if not paired.devices:
        raise NotFound(
            "the module is paired, but shows no appliance", appliance=host, hint="Look again in a minute."
        )
    return paired.devices[0], paired.credentials.id_text, paired.credentials.key_text


async def pair(
    host: str,
    *,
    credentials: Credentials | None = None,
    tan: str | None = None,
    session: aiohttp.ClientSession | None = None,
    clock: Clock | None = None,
) -> Paired:
    """Give the module new keys, or the household's own, and prove that they work.

    `tan` is the one-time number that some modules (EK039W) want from the vendor's cloud first.
    """
    keys = credentials or Credentials.generate()
    clock = clock or Clock()
    if tan is not None:
        await send_tan(host, tan, session=session, clock=clock)
    await commission(host, keys, session=session, clock=clock)
    return await _prove(host, keys, session=session, clock=clock)


async def commission(
    host: str, keys: Credentials, *, session: aiohttp.ClientSession | None = None, clock: Clock | None = None
) -> None:
    """Send the keys, over HTTP or else HTTPS; raise AuthenticationFailed if the module has some."""
    body = _body(keys)
    try:
        await _send(host, "http", "PUT", _PATH, body, session=session, clock=clock)
    except ConnectionFailed:
        await _send(host, "https", "PUT", _PATH, body, session=session, clock=clock)


async def send_tan(
    host: str, tan: str, *, session: aiohttp.ClientSession | None = None, clock: Clock | None = None
) -> None:
    """Send the cloud's one-time number, which some modules want before they take keys."""
    await _send(
        host, "http", "POST", _TAN_PATH, msgspec.json.encode({"Tan": tan}), session=session, clock=clock
    )


async def unpaired_devices(
    host: str, *, session: aiohttp.ClientSession | None = None, clock: Clock | None = None
) -> tuple[DeviceEntry, ...]:
    """Ask an unpaired module what is behind it, unsigned; a paired one answers nothing (section 7)."""
    transport = Transport(host, None, session=session, clock=clock, timeout_s=_SET_UP_TIMEOUT_S)
    try:
        return decode_device_list((await transport.get("/Devices")).body)
    except (AuthenticationFailed, NotFound):
        return ()
    finally:
        await transport.close()


def _body(keys: Credentials) -> bytes:
    return msgspec.json.encode({"GroupID": keys.id_text, "GroupKey": keys.key_text})


async def _send(
    host: str,
    scheme: str,
    method: str,
    path: str,
    body: bytes,
    *,
    session: aiohttp.ClientSession | None,
    clock: Clock | None,
) -> Reply:
    transport = Transport(
        host,
        None,
        session=session,
        clock=clock,
        timeout_s=_SET_UP_TIMEOUT_S,
        scheme=scheme,
        headers={"Authorization": _AUTHORIZATION, "Content-Type": "application/json"},
    )
    try:
        return await transport.send(method, path, body, None)
    except AuthenticationFailed as error:
        raise _refused(host, path) from error
    except NotFound as error:
        raise _hidden(host, path) from error
    finally:
        await transport.close()


async def _prove(
    host: str, keys: Credentials, *, session: aiohttp.ClientSession | None, clock: Clock
) -> Paired:
    transport = Transport(host, keys, session=session, clock=clock, timeout_s=_SET_UP_TIMEOUT_S)
    try:
        for attempt in range(_ATTEMPTS):
            try:
                entries = decode_device_list((await transport.get("/Devices/")).body)
                await _second_step(transport, keys, entries)
                return Paired(host=host, devices=tuple(e.route for e in entries), credentials=keys)
            except (ConnectionFailed, AuthenticationFailed):
                if attempt == _ATTEMPTS - 1:
                    raise
            await clock.sleep(_ATTEMPT_S)
        raise AssertionError("the last attempt returns or raises")
    finally:
        await transport.close()


async def _second_step(transport: Transport, keys: Credentials, entries: tuple[DeviceEntry, ...]) -> None:
    """Send the keys once more, signed, to a module that shows "waiting for app"."""
    if not entries:
        return
    try:
        state = decode_object((await transport.get(f"/Devices/{entries[0].route}/State")).body)
    except (HomewireError, ProtocolError):
        return
    if state.get("Status") == _WAITS_FOR_APP:
        await _tolerate_refusal(transport, keys)


async def _tolerate_refusal(transport: Transport, keys: Credentials) -> None:
    """Status 12 also means "service": a module that does not want the second step says so, and is paired."""
    try:
        await transport.send("PUT", _PATH, _body(keys), Padding.JSON)
    except HomewireError as error:
        if isinstance(error, ConnectionFailed):
            raise


def _refused(host: str, path: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        "the module refuses new keys",
        appliance=host,
        path=path,
        hint="It has keys already, or belongs to an account: use those, remove it from the app, or reset "
        "its network settings at the panel. Modules like EK039W want a TAN from the cloud first.",
    )


def _hidden(host: str, path: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        "the module does not offer pairing",
        appliance=host,
        path=path,
        hint="It is paired already, or not in set-up mode; reset its network settings at the panel.",
    )
