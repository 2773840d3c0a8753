"""Bringing an appliance into the home network, from its own access point (miele-http.md, section 7).

The computer joins the appliance's network (`Miele@home`, password `secured-by-tls`, over HTTPS; or
`Miele@home-<suffix>` with the serial number as password, over HTTP) and tells it the name and key of the
home network. The access point closes then: the answer may be the last thing that arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from homewire.clock import Clock
from homewire.errors import ConnectionFailed, ConnectionLost, InvalidValue, NotFound, ProtocolError
from homewire.miele.models import decode_object
from homewire.miele.transport import Transport

if TYPE_CHECKING:
    import aiohttp

__all__ = ["ACCESS_POINT_HOSTS", "Network", "join", "scan"]

ACCESS_POINT_HOSTS: Final = ("192.168.1.1", "192.168.0.1")
"""Where the appliance usually is on its own network; the gateway's address comes first."""

_SECURITY: Final = ("None", "WEP", "WPA", "WPA2", "WPA-PSK", "WPA2-PSK", "WPA/WPA2-PSK")
_TIMEOUT_S: Final = 12.0
_SSID_BYTES: Final = 32
_KEY_CHARACTERS: Final = range(8, 64)
"""A WPA passphrase; IEEE 802.11. Attribute 14/1573 has room for 63 characters."""


class Network(msgspec.Struct, frozen=True, kw_only=True):
    """A network that the appliance sees: name, signal in dBm, security as it spells it."""

    ssid: str
    rssi: int | None = None
    security: str = ""


async def scan(
    host: str, *, session: aiohttp.ClientSession | None = None, clock: Clock | None = None
) -> tuple[Network, ...]:
    """Ask an appliance in set-up mode which networks it sees, strongest first."""
    body = await _either_scheme(host, "GET", "/WLAN/Scan", b"", session=session, clock=clock)
    result = decode_object(body).get("Result")
    if not isinstance(result, list):
        raise ProtocolError("the scan has no result list", appliance=host)
    networks = [_network(entry) for entry in result if isinstance(entry, dict)]
    return tuple(sorted(networks, key=lambda network: -(network.rssi or 0) if network.rssi else 999))


async def join(
    host: str,
    ssid: str,
    key: str,
    security: str = "WPA2",
    *,
    session: aiohttp.ClientSession | None = None,
    clock: Clock | None = None,
) -> None:
    """Tell the appliance the home network; the caller sees by discovery whether it arrived there."""
    _check(ssid, key, security)
    body = msgspec.json.encode({"SSID": ssid, "Sec": security, "Key": key})
    await _either_scheme(host, "PUT", "/WLAN/", body, session=session, clock=clock)


def _network(entry: dict[str, Any]) -> Network:
    rssi = entry.get("RSSI")
    return Network(
        ssid=str(entry.get("SSID") or ""),
        rssi=rssi if isinstance(rssi, int) else None,
        security=str(entry.get("Sec") or ""),
    )


def _check(ssid: str, key: str, security: str) -> None:
    if not 0 < len(ssid.encode()) <= _SSID_BYTES:
        raise InvalidValue("this is no network name", allowed=f"1 to {_SSID_BYTES} bytes")
    if security not in _SECURITY:
        raise InvalidValue(f"security {security!r} is not known", allowed=", ".join(_SECURITY))
    if security not in ("None", "WEP") and len(key) not in _KEY_CHARACTERS:
        what = "the network key has the wrong length" if key else "a protected network has a key"
        raise InvalidValue(what, allowed="8 to 63 characters, or the security None for an open network")


async def _either_scheme(
    host: str,
    method: str,
    path: str,
    body: bytes,
    *,
    session: aiohttp.ClientSession | None,
    clock: Clock | None,
) -> bytes:
    """Try HTTPS, then HTTP: which one depends on the access point's kind, and a wrong one refuses at once."""
    for scheme in ("https", "http"):
        transport = Transport(
            host,
            None,
            session=session,
            clock=clock,
            timeout_s=_TIMEOUT_S,
            scheme=scheme,
            headers={"Content-Type": "application/json"} if body else {},
        )
        try:
            reply = await (transport.send(method, path, body, None) if body else transport.get(path))
        except ConnectionLost:
            if body:
                return b""  # told: the access point closes, sometimes before the answer is out
            if scheme == "http":
                raise
        except ConnectionFailed:
            if scheme == "http":
                raise
        except NotFound as error:
            raise NotFound(
                "the appliance is not in set-up mode",
                appliance=host,
                path=path,
                hint="Open its access point first.",
            ) from error
        else:
            return reply.body
        finally:
            await transport.close()
    raise AssertionError("the last scheme returns or raises")
