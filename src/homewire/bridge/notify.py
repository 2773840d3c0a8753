"""Telling systemd how the service is: ready, reloading, stopping, alive (sd_notify(3)).

Without systemd (`NOTIFY_SOCKET` not set) nothing is sent.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket

from homewire.clock import Clock

__all__ = ["Notifier"]

_log = logging.getLogger(__name__)


class Notifier:
    """Sends datagrams to systemd; the watchdog is fed from the event loop, so a stuck loop is noticed."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._address = os.environ.get("NOTIFY_SOCKET")
        self._watchdog_s = _watchdog_s()
        self._task: asyncio.Task[None] | None = None

    def ready(self, status: str) -> None:
        """Tell that the service is up, and begin to feed the watchdog."""
        self.send(f"READY=1\nSTATUS={status}")
        if self._watchdog_s and self._address and self._task is None:
            self._task = asyncio.create_task(self._feed(), name="systemd watchdog")

    def status(self, status: str) -> None:
        """Show a line in `systemctl status`."""
        self.send(f"STATUS={status}")

    async def stopping(self) -> None:
        """Tell that the service is on its way out."""
        self.send("STOPPING=1")
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    def send(self, message: str) -> None:
        """Send one datagram, if anybody wants it."""
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
                sender.sendto(message.encode(), address)
        except OSError as error:
            _log.debug("systemd was not told %r: %s", message, error)

    async def _feed(self) -> None:
        while True:
            self.send("WATCHDOG=1")
            await self._clock.sleep(self._watchdog_s / 2)


def _watchdog_s() -> float:
    """Return the watchdog's interval in seconds, 0 when systemd asks for none of this process."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return 0.0
