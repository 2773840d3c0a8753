"""Listening: uvicorn on the configured address and on the owner's Unix socket, in the bridge's loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import uvicorn

from homewire.bridge.http.app import Parts, make_app
from homewire.bridge.http.gate import Gate
from homewire.bridge.settings import HttpSettings, check_exposure
from homewire.errors import ConnectionFailed

__all__ = ["HttpOutput"]

_log = logging.getLogger(__name__)

_STOP_WITHIN_S = 1
_PING_EVERY_S = 20.0
_BACKLOG = 2048
_MOST_FILES = 65_536


class _HandshakeFilter(logging.Filter):
    """Drops what uvicorn logs as an error when a WebSocket is refused with a proper answer."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "without completing handshake" not in str(record.msg)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the bridge decides when it ends."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals alone."""
        yield


_REFUSALS_ARE_NO_ERRORS = _HandshakeFilter()


class HttpOutput:
    """The HTTP API, on TCP and on a Unix socket (mode 0600)."""

    def __init__(self, parts: Parts, settings: HttpSettings, *, socket_path: Path | None = None) -> None:
        check_exposure(settings)
        self._parts = parts
        self._settings = settings
        self._socket_path = socket_path
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._sockets: list[socket.socket] = []
        self.port = 0

    @property
    def address(self) -> str:
        """Where browsers find it."""
        host = self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    async def start(self) -> None:
        """Listen and serve; raise ConnectionFailed when the address is taken."""
        gate: Any = Gate(make_app(self._parts), self._settings, self._parts.registry.clock)
        self.listen()
        self._parts.event_log.start()
        config = uvicorn.Config(
            gate,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=64 * 1024,
            ws_ping_interval=_PING_EVERY_S,
            ws_ping_timeout=_PING_EVERY_S,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
            proxy_headers=False,
        )
        logging.getLogger("uvicorn.error").addFilter(_REFUSALS_ARE_NO_ERRORS)
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(self._sockets), name="http server")

    async def stop(self) -> None:
        """End streams, answer what is being answered, and stop listening."""
        self._parts.event_log.stop()
        task, self._task = self._task, None
        if task is not None and self._server is not None:
            self._server.should_exit = True
            await asyncio.wait((task,))
        if self._sockets and self._socket_path is not None:
            self._socket_path.unlink(missing_ok=True)
        for one in self._sockets:
            one.close()
        self._sockets = []

    def report(self) -> Mapping[str, Any]:
        """Tell how it is."""
        running = self._task is not None and not self._task.done()
        log = self._parts.event_log
        return {"ok": running, "address": self.address, "event_clients": log.followers, "events": log.seq}

    def listen(self) -> None:
        """Take the addresses, so that no other bridge can; raise ConnectionFailed when one has them."""
        if self._sockets:
            return
        allow_many_files()
        sockets: list[socket.socket] = []
        if self._settings.enabled:
            sockets.append(self._listen_on_address())
            self.port = sockets[0].getsockname()[1]
        if self._socket_path is not None:
            try:
                sockets.append(listen_privately(self._socket_path))
            except BaseException:
                for one in sockets:
                    one.close()
                raise
        self._sockets = sockets

    def _listen_on_address(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise ConnectionFailed(
                f"the bridge cannot listen on {host}:{port}: {error.strerror or error}",
                hint="Is another bridge running? Choose another port in [http], or stop that one.",
            ) from error
        # Inherited by every connection: an answer's second packet must not wait 40 ms for the client's
        # acknowledgement of the first. asyncio cannot see that a socket made elsewhere is a TCP one.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener


def allow_many_files() -> None:
    """Raise the soft limit of open files as far as it goes: every client of the event stream is one.

    The usual 1,024 is a heritage of select(), which nothing here uses.
    """
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen_privately(path: Path) -> socket.socket:
    """Return a Unix socket that only its owner can open; raise ConnectionFailed when a bridge has it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    former = os.umask(stat.S_IRWXG | stat.S_IRWXO)
    try:
        listener.bind(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        listener.close()
        raise ConnectionFailed(
            f"the bridge cannot listen on {path}: {error.strerror or error}",
            hint='Choose another place, of at most 100 characters, with socket = "…" in [bridge].',
        ) from error
    finally:
        os.umask(former)
    listener.listen(_BACKLOG)
    return listener


def _remove_stale(path: Path) -> None:
    """Remove a socket whose bridge is gone."""
    if not path.exists():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise ConnectionFailed(
        f"another bridge is running for this configuration ({path})", hint="Stop it first, or use it."
    )
