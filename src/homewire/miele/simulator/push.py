"""How a simulated appliance tells subscribers what changed (miele-http.md, section 15).

Before its first push the appliance looks at the peer: it reads the peer's own resource tree and expects
signed answers. A push is a POST, signed and encrypted exactly like a client's request.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

from homewire.clock import Clock
from homewire.errors import ProtocolError
from homewire.miele.models import decode_object, format_json
from homewire.miele.signing import (
    Credentials,
    HeadersToSign,
    Padding,
    http_date,
    open_response,
    pad,
    seal_request,
)
from homewire.miele.simulator.appliance import SimulatedAppliance
from homewire.miele.simulator.levers import Levers
from homewire.miele.simulator.module import SimulatedModule, Subscription

if TYPE_CHECKING:
    import aiohttp

__all__ = ["PushSender"]

_ACCEPT: Final = "application/vnd.miele.v1+json"
_CONTENT_TYPE: Final = "application/vnd.miele.v1+json; charset=utf-8"
_GIVE_UP_S: Final = 5.0
_NO_CONTENT: Final = 204


class PushSender:
    """Compares what subscribers were told with what is, and tells them the difference."""

    def __init__(
        self, module: SimulatedModule, appliance: SimulatedAppliance, levers: Levers, *, clock: Clock
    ) -> None:
        self._module, self._appliance, self._levers, self._clock = module, appliance, levers, clock
        self._told: dict[int, Any] = {}
        self._welcome: set[str] = set()
        self._session: aiohttp.ClientSession | None = None
        self.delivered = 0
        self.failed = 0

    async def close(self) -> None:
        """Close the session."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def tell(self) -> None:
        """Push to every subscriber whose resource changed since the last time."""
        for slot, subscription in tuple(self._module.subscriptions.items()):
            content = self._content(subscription.resource)
            if (
                content is not None
                and self._told.get(slot) != (worth := _worth_telling(content))
                and await self._deliver(subscription, content)
            ):
                self._told[slot] = worth

    def _content(self, resource: str) -> dict[str, Any] | None:
        name = self._short(resource).strip("/")
        if name == "Ident":
            return self._appliance.ident()
        state = self._appliance.state()
        if name == "State":
            return state
        field = name.partition("/")[2]
        return {field: state[field]} if field in state else None

    def _short(self, resource: str) -> str:
        return resource.removeprefix(f"/Devices/{self._appliance.fab_number}")

    async def _deliver(self, subscription: Subscription, content: dict[str, Any]) -> bool:
        credentials = self._module.credentials
        if credentials is None or self._levers.push_blocked:
            self.failed += 1
            return False
        host, _, path = subscription.callback.removeprefix("http://").partition("/")
        peer = path.split("/")[1] if path.count("/") else ""
        if peer not in self._module.peers or not self._module.peers[peer].get("Signal"):
            return False
        try:
            async with self._clock.timeout(_GIVE_UP_S):
                if not await self._knows(credentials, host, peer):
                    return False
                return await self._post(credentials, host, f"/{path}", subscription, content)
        except (OSError, TimeoutError, ProtocolError):
            self.failed += 1
            return False

    async def _post(
        self,
        credentials: Credentials,
        host: str,
        path: str,
        subscription: Subscription,
        content: dict[str, Any],
    ) -> bool:
        whole = self._levers.full_resource
        resource = subscription.resource if whole else self._short(subscription.resource)
        message = {"Host": "Miele-001D63FFFE0A0B0C.local", "Resource": resource, "Content": content}
        body = pad(format_json(message).strip(), Padding.TRAILING)
        status, _ = await self._exchange(credentials, "POST", host, path, body)
        self.delivered += status == _NO_CONTENT
        return status == _NO_CONTENT

    async def _knows(self, credentials: Credentials, host: str, peer: str) -> bool:
        """Look the peer up once: its device list, identification, state and supervision."""
        if host in self._welcome:
            return True
        base = f"/Devices/{peer}"
        us = self._appliance.fab_number
        for path in ("/Devices/", f"{base}/", f"{base}/Ident", f"{base}/State", f"{base}/SuperVision/{us}"):
            status, body = await self._exchange(credentials, "GET", host, path, b"")
            if status != 200 or not isinstance(decode_object(body), dict):  # noqa: PLR2004 - wants data
                return False
        self._welcome.add(host)
        return True

    async def _exchange(
        self, credentials: Credentials, method: str, host: str, path: str, body: bytes
    ) -> tuple[int, bytes]:
        import aiohttp  # noqa: PLC0415 - a network library, imported late

        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        content_type = _CONTENT_TYPE if body else ""
        headers = HeadersToSign(content_type=content_type, accept=_ACCEPT, date=http_date(self._clock.now()))
        sealed = seal_request(credentials, method, host, path, headers, body)
        values = {"Accept": headers.accept, "Date": headers.date, "Authorization": sealed.signature_header}
        values |= {"Content-Type": content_type} if content_type else {}
        with contextlib.suppress(aiohttp.ClientError):
            async with self._session.request(
                method,
                f"http://{host}{path}",
                headers=values,
                data=sealed.body or None,
                skip_auto_headers=("Content-Type",),
            ) as response:
                answer = await response.read()
                if response.status != 200:  # noqa: PLR2004 - nothing to verify
                    return response.status, b""
                signed = HeadersToSign(
                    content_type=response.headers.get("Content-Type", ""),
                    date=response.headers.get("Date", ""),
                )
                return 200, open_response(
                    credentials, response.headers.get("X-Signature"), 200, signed, answer
                )
        raise OSError(f"{host} cannot be reached")


def _worth_telling(content: dict[str, Any]) -> dict[str, Any]:
    """Leave out what moves all the time: temperatures count in whole degrees."""
    measured = content.get("Temperature")
    if not isinstance(measured, list):
        return content
    return content | {"Temperature": [round(hundredths / 100) for hundredths in measured]}


async def keep_telling(sender: PushSender, changed: asyncio.Event, clock: Clock, *, every_s: float) -> None:
    """Push after every write at once, and otherwise as life goes on."""
    while True:
        with contextlib.suppress(TimeoutError):
            async with clock.timeout(every_s):
                await changed.wait()
        changed.clear()
        await sender.tell()
