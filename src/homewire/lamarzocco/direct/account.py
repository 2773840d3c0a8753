"""The account of the first generation: communication keys, drink counters, firmware updates.

Needed once, to learn a machine's key; optionally for the counters that the vendor's app shows
(docs/protocols/lamarzocco-tcp.md, section 13). The app's client id and secret are the user's to supply.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Self

import aiohttp
import msgspec

from homewire.errors import AuthenticationFailed, ConnectionFailed, NotFound, ProtocolError
from homewire.secrets import Secret

__all__ = ["ACCOUNT_URL", "GATEWAY_URL", "Account", "AccountMachine"]

ACCOUNT_URL = "https://cms.lamarzocco.io"
GATEWAY_URL = "https://gw.lamarzocco.io"
"""Section 13; both are arguments wherever they are used."""

_REQUEST_WITHIN_S = 15.0
"""A cloud answers within seconds, or not at all."""


class AccountMachine(msgspec.Struct, frozen=True, kw_only=True):
    """One machine of the account's fleet, with its communication key."""

    serial: str
    model: str
    name: str
    key: Secret


class _Model(msgspec.Struct):
    name: str | None = None


class _Machine(msgspec.Struct, rename="camel"):
    serial_number: str | None = None
    model: _Model | None = None


class _Entry(msgspec.Struct, rename="camel"):
    """A machine that is not set up yet may have no key, name or model; the others count all the same."""

    name: str | None = None
    communication_key: str | None = None
    machine: _Machine | None = None


class _Fleet(msgspec.Struct):
    fleet: list[_Entry] | None = None


class _Customer(msgspec.Struct):
    data: _Fleet


class _Counter(msgspec.Struct, rename="camel"):
    coffee_type: Any = None
    count: Any = None


class _Counters(msgspec.Struct):
    data: list[_Counter] | None = None


class _Token(msgspec.Struct):
    access_token: str


class Account:
    """Signs in when it is first needed and again when the token has expired.

    `session` is the caller's own, or one is made and closed by `close()`.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        username: str,
        password: str,
        account_url: str = ACCOUNT_URL,
        gateway_url: str = GATEWAY_URL,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self._client = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._login = {"grant_type": "password", "username": username, "password": password}
        self._account_url = account_url.rstrip("/")
        self._gateway_url = gateway_url.rstrip("/")
        self._session = session
        self._owns_session = session is None
        self._token: str | None = None

    async def close(self) -> None:
        """Close the session unless it is the caller's."""
        if self._owns_session and self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    async def machines(self) -> list[AccountMachine]:
        """Return the fleet; raise AuthenticationFailed, ConnectionFailed, ProtocolError."""
        customer = _decoded(await self._get(f"{self._account_url}/api/customer"), _Customer)
        return [_account_machine(entry) for entry in customer.data.fleet or () if entry.communication_key]

    async def machine(self, serial: str | None = None) -> AccountMachine:
        """Return the machine of that serial number, or the only one; raise NotFound."""
        fleet = await self.machines()
        fitting = [machine for machine in fleet if serial in (None, machine.serial)]
        if len(fitting) == 1:
            return fitting[0]
        known = ", ".join(machine.serial for machine in fleet) or "none"
        raise NotFound(
            f"the account has no machine {serial}" if serial else "the account has not exactly one machine",
            hint=f"Give the serial number of one of: {known}.",
        )

    async def counters(self, serial: str) -> dict[int, int]:
        """Return the drinks by coffee type: 0 to 3 are keys 1 to 4, 4 continuous, -1 flushing."""
        url = f"{self._gateway_url}/v1/home/machines/{serial}/statistics/counters"
        counters = _decoded(await self._get(url), _Counters)
        return {
            counter.coffee_type: counter.count
            for counter in counters.data or ()
            if isinstance(counter.coffee_type, int) and isinstance(counter.count, int)
        }

    async def update_available(self) -> bool:
        """Return whether a firmware update is waiting."""
        url = f"{self._gateway_url}/v1/home/machines/updates-available?device=machine"
        answer = _decoded(await self._get(url), dict[str, Any])
        return bool(answer.get("data"))

    async def _get(self, url: str) -> bytes:
        """Return a resource, signing in once more when the token is no longer taken."""
        for attempt in range(2):
            token = self._token or await self._sign_in()
            status, body = await self._request("GET", url, headers={"Authorization": f"Bearer {token}"})
            if status == 401 and not attempt:  # noqa: PLR2004 - HTTP's word for an expired token
                self._token = None
                continue
            break
        if status != 200:  # noqa: PLR2004 - HTTP's word for success
            raise _failure(status, url)
        return body

    async def _sign_in(self) -> str:
        form = dict(self._login)
        headers = {"Authorization": f"Basic {self._client}"}
        status, body = await self._request(
            "POST", f"{self._account_url}/oauth/v2/token", data=form, headers=headers
        )
        if status in (400, 401, 403):
            raise AuthenticationFailed(
                "the account does not take this user name, password or app client",
                hint="Try name and password in the vendor's app; client id and secret are the app's own.",
            )
        if status != 200:  # noqa: PLR2004 - as above
            raise _failure(status, "sign-in")
        self._token = _decoded(body, _Token).access_token
        return self._token

    async def _request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        data: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        timeout = aiohttp.ClientTimeout(total=_REQUEST_WITHIN_S)
        try:
            async with self._session.request(
                method, url, headers=headers, data=data, timeout=timeout
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConnectionFailed(
                f"the account cannot be reached: {str(error) or type(error).__name__}",
                hint="With the key at hand no account is needed: give it as key.",
            ) from error


def _account_machine(entry: _Entry) -> AccountMachine:
    machine = entry.machine or _Machine()
    serial, model = machine.serial_number or "", (machine.model or _Model()).name or ""
    return AccountMachine(
        serial=serial, model=model, name=entry.name or serial, key=Secret(entry.communication_key or "")
    )


def _failure(status: int, what: str) -> ConnectionFailed:
    return ConnectionFailed(f"the account answers {status} to {what.partition('?')[0]}")


def _decoded(body: bytes, shape: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.MsgspecError as error:
        raise ProtocolError(f"the account's answer is not what it should be: {error}") from error
