"""Pairing: giving an appliance the household's keys (miele-http.md, section 6).

A module without keys takes whatever it is given, even an empty key, and locks its owner out until a reset
at the panel. So nothing is sent before the lengths are right, and the keys are proven with a signed read
before they are handed back to the caller, who alone keeps them.

Keys that a module took and nobody kept lock the owner out as well. So from the moment when they may have
arrived, an answer that got lost or a proof that fails hands them back, too: `PairingUnproven` has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from homewire.clock import Clock
from homewire.errors import (
    AuthenticationFailed,
    CommandTimeout,
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    NotFound,
    NotSupported,
    ProtocolError,
)
from homewire.miele.models import DeviceEntry, decode_device_list, decode_object
from homewire.miele.signing import Credentials, Padding, SignatureError
from homewire.miele.transport import RequestTimeout, Transport

if TYPE_CHECKING:
    import aiohttp

__all__ = ["Paired", "PairingUnproven", "commission", "easy_setup", "pair", "send_tan", "unpaired_devices"]

_PATH: Final = "/Security/Commissioning/"
_TAN_PATH: Final = "/Security/Cloud/TAN/"
_AUTHORIZATION: Final = {"Authorization": "MielePairing:Pairing"}
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


class PairingUnproven(CommandTimeout):
    """The module may have the keys, but does not prove it: keep `credentials`, and pair with them again."""

    code = "pairing_unproven"

    def __init__(self, message: str, credentials: Credentials, **context: str | None) -> None:
        super().__init__(message, **({"hint": _KEEP} | context))
        self.credentials = credentials


async def easy_setup(host: str, **options: Any) -> tuple[str, str, str]:
    """Pair the module at `host` with new keys; return device id, GroupID and GroupKey as hexadecimal text."""
    paired = await pair(host, **options)
    if not paired.devices:
        raise PairingUnproven(
            "the module is paired, but shows no appliance", paired.credentials, appliance=host
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

    A module that has the household's own keys already is as good as paired. `tan` is the one-time number
    that some modules (EK039W) want from the vendor's cloud first. Raise PairingUnproven, which hands the
    keys back, when they may have arrived; whoever may be cancelled draws `credentials` and keeps them first.
    """
    clock = clock or Clock()
    if tan is not None:
        await send_tan(host, tan, session=session, clock=clock)
    keys = credentials or Credentials.generate()
    return await _Pairing(host, keys, known=credentials is not None, session=session, clock=clock).run()


async def commission(
    host: str, keys: Credentials, *, session: aiohttp.ClientSession | None = None, clock: Clock | None = None
) -> str:
    """Send the keys, over HTTP or else HTTPS, and return which it was.

    AuthenticationFailed means that the module has some; after ConnectionLost and RequestTimeout these may
    have arrived nevertheless.
    """
    try:
        await _send_keys(host, "http", keys, session, clock)
    except ConnectionFailed as over_http:
        try:
            await _send_keys(host, "https", keys, session, clock)
        except (ConnectionFailed, AuthenticationFailed) as over_https:
            raise (over_http if _may_have_arrived(over_http) else over_https) from over_http
        return "https"
    return "http"


async def send_tan(
    host: str, tan: str, *, session: aiohttp.ClientSession | None = None, clock: Clock | None = None
) -> None:
    """Send the cloud's one-time number, which some modules want before they take keys."""
    body = msgspec.json.encode({"Tan": tan})
    try:
        await _send(host, "http", "POST", _TAN_PATH, body, session=session, clock=clock)
    except AuthenticationFailed as error:
        raise AuthenticationFailed(
            "the module refuses the one-time number", appliance=host, path=_TAN_PATH, hint=_NEW_TAN
        ) from error
    except (NotFound, NotSupported) as error:
        raise NotSupported(
            "the module takes no one-time number", appliance=host, path=_TAN_PATH, hint="Pair without it."
        ) from error


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


class _Pairing:
    """Sends the keys until they are stored, and asks with them until they work; `known` keys may be there."""

    def __init__(
        self,
        host: str,
        keys: Credentials,
        *,
        known: bool,
        session: aiohttp.ClientSession | None,
        clock: Clock,
    ) -> None:
        self._host, self._keys, self._known = host, keys, known
        self._session, self._clock = session, clock
        self._scheme = "http"
        self._stored = self._in_doubt = False

    async def run(self) -> Paired:
        """Pair; see `pair`."""
        reason: HomewireError | None = None
        for attempt in range(_ATTEMPTS):
            if attempt:
                await self._clock.sleep(_ATTEMPT_S)
            refused = None if self._stored else await self._commission()
            try:
                return await self._prove()
            except SignatureError as error:
                self._stored, reason = False, error  # it answers strangers: it has no keys yet
            except (HomewireError, ProtocolError) as error:
                reason = error
            if refused is not None and not self._in_doubt:
                raise refused
        raise PairingUnproven(
            f"the module may have the new keys, but does not prove it: {reason}",
            self._keys,
            appliance=self._host,
        ) from reason

    async def _commission(self) -> AuthenticationFailed | None:
        """Send the keys; return the refusal of a module that may have them already, raise any other."""
        try:
            self._scheme = await commission(self._host, self._keys, session=self._session, clock=self._clock)
        except AuthenticationFailed as refused:
            if not (self._known or self._in_doubt):
                raise
            return refused
        except ConnectionFailed as error:
            if not (_may_have_arrived(error) or self._in_doubt):
                raise
            self._in_doubt = True
        else:
            self._stored = self._in_doubt = True
        return None

    async def _prove(self) -> Paired:
        """Read with the keys, and take the second step where it is wanted."""
        transport = Transport(
            self._host,
            self._keys,
            session=self._session,
            clock=self._clock,
            timeout_s=_SET_UP_TIMEOUT_S,
            scheme=self._scheme,
        )
        try:
            entries = decode_device_list((await transport.get("/Devices/")).body)
            await _second_step(transport, self._keys, entries)
        finally:
            await transport.close()
        devices = tuple(entry.route for entry in entries)
        return Paired(host=self._host, devices=devices, credentials=self._keys)


def _may_have_arrived(error: HomewireError) -> bool:
    """Whether only the answer is missing: the module may have done what it was told."""
    return isinstance(error, ConnectionLost | RequestTimeout)


def _body(keys: Credentials) -> bytes:
    return msgspec.json.encode({"GroupID": keys.id_text, "GroupKey": keys.key_text})


async def _send_keys(
    host: str, scheme: str, keys: Credentials, session: aiohttp.ClientSession | None, clock: Clock | None
) -> None:
    try:
        body = _body(keys)
        await _send(host, scheme, "PUT", _PATH, body, session=session, clock=clock, headers=_AUTHORIZATION)
    except AuthenticationFailed as error:
        raise _refused(host) from error
    except NotFound as error:
        raise _hidden(host) from error


async def _send(
    host: str,
    scheme: str,
    method: str,
    path: str,
    body: bytes,
    *,
    session: aiohttp.ClientSession | None,
    clock: Clock | None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a set-up request: neither signed nor encrypted."""
    transport = Transport(
        host,
        None,
        session=session,
        clock=clock,
        timeout_s=_SET_UP_TIMEOUT_S,
        scheme=scheme,
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        await transport.send(method, path, body, None)
    finally:
        await transport.close()


async def _second_step(transport: Transport, keys: Credentials, entries: tuple[DeviceEntry, ...]) -> None:
    """Send the keys once more, signed, to a module that shows "waiting for app".

    Status 12 also means "service": a module that does not want the second step says so, and is paired.
    """
    if not entries:
        return
    try:
        state = decode_object((await transport.get(f"/Devices/{entries[0].route}/State")).body)
        if state.get("Status") == _WAITS_FOR_APP:
            await transport.send("PUT", _PATH, _body(keys), Padding.JSON)
    except ConnectionFailed:
        raise
    except HomewireError:
        return


def _refused(host: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        "the module refuses new keys",
        appliance=host,
        path=_PATH,
        hint="It has keys already, or belongs to an account: use those, remove it from the app, or reset "
        "its network settings at the panel. Modules like EK039W want a TAN from the cloud first.",
    )


def _hidden(host: str) -> AuthenticationFailed:
    return AuthenticationFailed(
        "the module does not offer pairing",
        appliance=host,
        path=_PATH,
        hint="It is paired already, or not in set-up mode; reset its network settings at the panel.",
    )


_KEEP: Final = "Keep the keys and pair with them again: if it has them, nobody else can tell them."
_NEW_TAN: Final = "It is paired already, or the number is used up: the cloud gives a new one."
