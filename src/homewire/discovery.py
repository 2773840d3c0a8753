"""Finding appliances: over mDNS, Bluetooth and a scan of the subnet, all installed kinds at once.

Each kind brings its own discoverer (see `homewire.kinds.Kind.discovery`) and uses the helpers here. What is
found becomes settings that can be saved; what is still missing, such as a key, is named.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import os
import urllib.parse
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from homewire.errors import HomewireError, InvalidValue
from homewire.kinds import Kind, installed_kinds

__all__ = [
    "MDNS",
    "Discovered",
    "Service",
    "browse",
    "discover",
    "mdns_addresses",
    "scan_subnet",
]

MDNS = "HOMEWIRE_MDNS"
"""The environment variable that says where mDNS is used: addresses of this computer, or `off` for nowhere."""

_SCAN_AT_ONCE = 64
"""Addresses probed at the same time: enough for a /24 in seconds, few enough for a home router."""

_SCAN_MOST = 4096
"""A home network is a /24, a generous one a /20; more would take long and fill memory."""

_ENTRY_WITHIN_MS = 3000
"""How long to ask for the details of a service that was announced."""


class Discovered(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found: which kind reaches it, its known settings, and the missing ones."""

    kind: str
    name: str
    address: str
    model: str | None = None
    serial: str | None = None
    settings: Mapping[str, Any] = {}
    missing: tuple[str, ...] = ()
    note: str | None = None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """An mDNS service: its instance name, where it is, and its TXT record."""

    name: str
    host: str
    addresses: tuple[str, ...]
    port: int
    properties: Mapping[str, str]

    @classmethod
    def of(cls, info: Any) -> Service:
        """Return what zeroconf's ServiceInfo tells."""
        properties = {
            key.decode("utf-8", "replace"): (value or b"").decode("utf-8", "replace")
            for key, value in info.properties.items()
        }
        return cls(
            name=info.get_name(),
            host=str(info.server).rstrip("."),
            addresses=tuple(info.parsed_addresses()),
            port=info.port or 0,
            properties=properties,
        )

    def is_at(self, host: str) -> bool | None:
        """Tell whether it is at `host` or `host:port`; None when that cannot be told.

        That is so for a name of the router's, and for what did not come with its address.
        """
        name, port, version = _place(host)
        if port is not None and self.port and port != self.port:
            return False
        if version is None:
            return self._is_named(name)
        comparable = [address for address in self.addresses if (":" in address) == (version == 6)]  # noqa: PLR2004 - IPv6
        return name in comparable if comparable else None

    def _is_named(self, name: str) -> bool | None:
        if self.host and self.host.casefold() == name:
            return True
        return False if self.host and name.endswith(".local") else None


async def discover(timeout_s: float = 5.0, kinds: Iterable[Kind] | None = None) -> AsyncIterator[Discovered]:
    """Yield what the installed kinds find within the time, each as soon as it is found.

    A kind that cannot look (no Bluetooth adapter, no network) finds nothing and keeps nobody else from
    finding.
    """
    queue: asyncio.Queue[Discovered | None] = asyncio.Queue()
    searchers = [kind for kind in (kinds or installed_kinds().values()) if kind.discovery]
    tasks = [asyncio.create_task(_search(kind, timeout_s, queue)) for kind in searchers]
    try:
        running = len(tasks)
        while running:
            found = await queue.get()
            if found is None:
                running -= 1
            else:
                yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _search(kind: Kind, timeout_s: float, queue: asyncio.Queue[Discovered | None]) -> None:
    try:
        with contextlib.suppress(HomewireError, OSError):
            async for found in kind.load_discovery()(timeout_s):
                queue.put_nowait(found)
    finally:
        queue.put_nowait(None)


async def browse(
    service_types: str | Sequence[str], timeout_s: float, *, interfaces: Iterable[str] | None = None
) -> AsyncGenerator[Service, None]:
    """Yield the mDNS services of a type or several (`_name._tcp.local.`) that answer within the time.

    All are asked at once: one whose record outlived it does not keep the others waiting. Without
    `interfaces` (addresses of this computer), $HOMEWIRE_MDNS says where to ask.
    """
    where = mdns_addresses() if interfaces is None else tuple(interfaces)
    if where == ():
        return
    from zeroconf import IPVersion, ServiceStateChange, Zeroconf  # noqa: PLC0415 - a network library, imported late
    from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf  # noqa: PLC0415 - as above

    found: asyncio.Queue[Service] = asyncio.Queue()
    asking: set[asyncio.Task[None]] = set()

    async def ask(service_type: str, name: str) -> None:
        info = AsyncServiceInfo(service_type, name)
        if await info.async_request(zeroconf.zeroconf, _ENTRY_WITHIN_MS):
            found.put_nowait(Service.of(info))

    def seen(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:  # noqa: ARG001 - the browser's signature
        if state_change is ServiceStateChange.Added:
            asking.add(asyncio.ensure_future(ask(service_type, name)))

    options: dict[str, Any] = {} if where is None else {"interfaces": list(where)}
    zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only, **options)
    types = [service_types] if isinstance(service_types, str) else list(service_types)
    browser = AsyncServiceBrowser(zeroconf.zeroconf, types, handlers=[seen])
    try:
        deadline = asyncio.get_running_loop().time() + timeout_s
        while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                yield await asyncio.wait_for(found.get(), left_s)
            except TimeoutError:
                break
    finally:
        await browser.async_cancel()
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await zeroconf.async_close()


def mdns_addresses() -> tuple[str, ...] | None:
    """Return where mDNS is used, as $HOMEWIRE_MDNS says: None is everywhere, nothing is nowhere."""
    chosen = os.environ.get(MDNS, "").strip()
    if not chosen:
        return None
    return () if chosen == "off" else tuple(part.strip() for part in chosen.split(","))


@functools.lru_cache(4096)  # the same ones again and again, for every announcement
def _place(host: str) -> tuple[str, int | None, int | None]:
    """Return the address or name in its usual spelling, the port if any, and an address's IP version."""
    name, port = host, None
    with contextlib.suppress(ValueError):
        split = urllib.parse.urlsplit(f"//{host}")
        name, port = split.hostname or host, split.port
    for candidate in (host, name):
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(candidate)
            return str(address), None if candidate == host else port, address.version
    return name.rstrip(".").casefold(), port, None


def _addresses(network: str) -> list[str]:
    try:
        wanted = ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise InvalidValue(f"{network!r} is no network", allowed="such as 192.168.1.0/24") from None
    if wanted.num_addresses > _SCAN_MOST:
        raise InvalidValue(
            f"{network} has {wanted.num_addresses} addresses", allowed=f"networks of up to {_SCAN_MOST}"
        )
    return [str(address) for address in wanted.hosts()]


async def scan_subnet(
    network: str, probe: Callable[[str], Awaitable[Discovered | None]]
) -> AsyncIterator[Discovered]:
    """Probe every address of a network such as `192.168.1.0/24` and yield what answers.

    For networks in which mDNS does not get through; `probe` returns None for an address with nothing
    behind it. An address within the network stands for the network; a mistyped or a vast one is refused.
    """
    addresses = _addresses(network)
    gate = asyncio.Semaphore(_SCAN_AT_ONCE)

    async def one(address: str) -> Discovered | None:
        async with gate:
            try:
                return await probe(address)
            except (HomewireError, OSError):
                return None

    tasks = [asyncio.create_task(one(address)) for address in addresses]
    try:
        for done in asyncio.as_completed(tasks):
            if (found := await done) is not None:
                yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
