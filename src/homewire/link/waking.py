"""Lost links are tried at once when their appliances announce themselves: one listener for all of them.

An appliance that starts tells everybody on its network unasked (RFC 6762, section 8.3). Nothing is asked here
and nothing is kept: datagrams that name no service type of a lost link are dropped unread, some more each
second are read, and what they say of addresses, households and serial numbers is compared with what the
connections know (`Connection.is_announced_by`). Links that are open or parked are left alone, and how often a
link may be woken is its supervisor's decision: what arrives here may come from anybody.

Bluetooth has no part in this. No link waits for it: a machine's commands go over the air, but it is read
over the network or the cloud, and its connection looks for it over the air while it is open.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import struct
from collections.abc import Iterable
from typing import Final

import msgspec

from homewire.clock import Clock
from homewire.discovery import MDNS, Service, mdns_addresses
from homewire.link.supervisor import LinkStatus, Supervisor

__all__ = ["AnnouncementWatch", "WatchReport"]

_log = logging.getLogger(__name__)

_GROUP: Final = "224.0.0.251"
_PORT: Final = 5353
"""RFC 6762, section 3."""

_READ_PER_S: Final = 25
"""Datagrams that are read per second, at a millisecond each for fifty lost links: a street after a power cut.

Appliances repeat themselves, and a link that misses it all is tried by its supervisor anyway.
"""

_LOOK_AGAIN_S: Final = 60.0
"""How often to look for new interfaces: a bridge may start before the Wi-Fi does."""


class WatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether it listens, where or why not; how many announcements it heard, how many matched a lost link."""

    listening: bool
    reason: str
    heard: int
    matched: int


class AnnouncementWatch:
    """Wakes the links that it follows. `start()` returns at once; without `enabled` it does nothing.

    It begins to listen when it follows a link whose appliances announce themselves: on all interfaces, or
    where $HOMEWIRE_MDNS says.
    """

    def __init__(self, *, enabled: bool = True, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._addresses = mdns_addresses() if enabled else ()
        self._enabled = enabled
        self._lost: dict[str, dict[Supervisor, None]] = {}
        self._needed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._joined: tuple[str, ...] = ()
        self._problem: str | None = None
        self._second = (0, 0)
        self._heard = 0
        self._matched = 0

    def start(self) -> None:
        """Listen as soon as somebody is followed."""
        if self._task is None and self._addresses != ():
            self._task = asyncio.create_task(self._run(), name="announcements")

    async def stop(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    def follow(self, supervisor: Supervisor) -> None:
        """Wake this link from now on; once it is closed it is forgotten."""
        types = supervisor.connection.announced_as
        if not types or self._addresses == ():
            return
        self._needed.set()

        def look(_status: LinkStatus) -> None:
            for service_type in types:
                self._note(service_type.lower(), supervisor)

        supervisor.subscribe(look)
        look(supervisor.status)

    def report(self) -> WatchReport:
        """Tell how it goes."""
        return WatchReport(
            listening=bool(self._joined), reason=self._reason(), heard=self._heard, matched=self._matched
        )

    def hear(self, datagram: bytes) -> None:
        """Take an mDNS message: any bytes, as often as anybody likes."""
        lowered = datagram.lower()
        types = [each for each in self._lost if each.partition(".")[0].encode() in lowered]
        if types and self._has_time():
            from homewire.mdns import announced_services  # noqa: PLC0415 - needs zeroconf, imported late

            for service_type, service in announced_services(datagram, types):
                self._heard += 1
                self._wake(service_type, service)

    def _reason(self) -> str:
        if self._addresses == ():
            return f"switched off with {MDNS}" if self._enabled else "switched off in the configuration"
        if not self._needed.is_set():
            return "no connection has appliances that announce themselves"
        return self._problem or (f"at {', '.join(self._joined)}" if self._joined else "not started")

    def _note(self, service_type: str, supervisor: Supervisor) -> None:
        """Keep the lost links by service type, so that nothing is read while there is none."""
        lost = self._lost.setdefault(service_type, {})
        if supervisor.trying:
            lost[supervisor] = None
        else:
            lost.pop(supervisor, None)
        if not lost:
            del self._lost[service_type]

    def _has_time(self) -> bool:
        second, read = self._second
        now = int(self._clock.monotonic())
        self._second = (now, read + 1) if now == second else (now, 1)
        return self._second[1] <= _READ_PER_S

    def _wake(self, service_type: str, service: Service) -> None:
        """Have the links tried that the service belongs to; all of the type when nobody can tell."""
        told = {each: _is_announced(each, service) for each in self._lost.get(service_type, ())}
        sure = [each for each, answer in told.items() if answer]
        for supervisor in sure or [each for each, answer in told.items() if answer is None]:
            self._matched += 1
            supervisor.announced()

    async def _run(self) -> None:
        await self._needed.wait()
        while True:
            try:
                await self._listen()
            except OSError as error:
                self._fail(f"mDNS cannot be listened to: {error}")
            await self._clock.sleep(_LOOK_AGAIN_S)

    async def _listen(self) -> None:
        """Listen until that fails, on interfaces that come later, too."""
        with contextlib.closing(_multicast_socket()) as listener:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: _Ears(self), sock=listener)
            try:
                while True:
                    self._join(listener)
                    await self._clock.sleep(_LOOK_AGAIN_S)
            finally:
                self._joined = ()
                transport.close()

    def _join(self, listener: socket.socket) -> None:
        places = _everywhere() if self._addresses is None else _at(self._addresses)
        self._joined = tuple(name for name, place in places.items() if _joined(listener, place))
        if self._joined:
            self._problem = None
        else:
            self._fail("no network interface has multicast")

    def _fail(self, problem: str) -> None:
        if problem != self._problem:
            _log.info("Announcements of appliances are not heard: %s", problem)
        self._problem = problem


class _Ears(asyncio.DatagramProtocol):
    def __init__(self, watch: AnnouncementWatch) -> None:
        self._watch = watch

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        if addr[1] == _PORT:  # RFC 6762, section 6: no other may answer
            self._watch.hear(data)


def _is_announced(supervisor: Supervisor, service: Service) -> bool | None:
    """Ask the connection; one that stumbles over what a stranger sent has not been told anything."""
    try:
        return supervisor.connection.is_announced_by(service)
    except Exception:
        _log.debug("%s cannot read an announcement", supervisor.connection.name, exc_info=True)
        return False


def _multicast_socket() -> socket.socket:
    """Return a socket that hears mDNS beside whoever else does, and takes no answer away from them."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((_GROUP, _PORT))
    except BaseException:
        made.close()
        raise
    return made


def _everywhere() -> dict[str, bytes]:
    """Return how to join on each of this computer's interfaces, by name; those without IPv4 refuse."""
    anywhere = socket.inet_aton("0.0.0.0")  # noqa: S104 - no address to bind to: the index tells which interface
    return {name: anywhere + struct.pack("@i", index) for index, name in socket.if_nameindex()}


def _at(addresses: Iterable[str]) -> dict[str, bytes]:
    return {address: socket.inet_aton(address) + struct.pack("@i", 0) for address in addresses}


def _joined(listener: socket.socket, place: bytes) -> bool:
    """Join the group on an interface; tell whether that is so now."""
    try:
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(_GROUP) + place)
    except OSError as error:
        return error.errno == errno.EADDRINUSE  # it has been joined before
    return True
