"""The simulated machine's local API on port 8081 (`lamarzocco-gateway.md`, sections 9 and 10)."""

from __future__ import annotations

import asyncio
import json

from aiohttp import WSMsgType, web

from homewire.lamarzocco.gateway.simulator.levers import LocalLevers
from homewire.lamarzocco.gateway.simulator.machine import Batch, SimulatedMachine

__all__ = ["LocalServer"]

_MOST_UNSENT = 1000
"""Batches kept for a client that does not read; a real gateway has little memory and drops it, too."""


class LocalServer:
    """One machine's HTTP listener: the configuration and the stream, behind the communication key.

    `watched` is set once somebody opened the stream.
    """

    def __init__(self, machine: SimulatedMachine, levers: LocalLevers) -> None:
        self.machine = machine
        self.levers = levers
        self._runner: web.AppRunner | None = None
        self._streams: set[web.WebSocketResponse] = set()
        self.watched = asyncio.Event()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        if self._runner is None:
            message = "the machine does not listen"
            raise RuntimeError(message)
        host, port = self._runner.addresses[0][:2]
        return str(host), int(port)

    @property
    def streams(self) -> int:
        """How many WebSockets are open."""
        return len(self._streams)

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/api/v1/config", self._config)
        app.router.add_get("/api/v1/streaming", self._streaming)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        """Stop listening and hang up."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await self.drop_streams()
            await runner.cleanup()

    async def drop_streams(self) -> None:
        """Lever: close every WebSocket, as a restart of the gateway does."""
        for stream in tuple(self._streams):
            await stream.close()

    def _admits(self, request: web.Request) -> bool:
        bearer = request.headers.get("Authorization") == f"Bearer {self.machine.key}"
        return bearer and self.machine.local_active

    async def _config(self, request: web.Request) -> web.Response:
        if self.levers.status is not None:
            return web.Response(status=self.levers.status)
        if not self._admits(request):
            return web.Response(status=403)
        body = self.levers.body or json.dumps(self.machine.configuration()).encode()
        return web.Response(body=body, content_type="application/json")

    async def _streaming(self, request: web.Request) -> web.StreamResponse:
        if not self._admits(request):
            return web.Response(status=403)
        stream = web.WebSocketResponse(autoping=True)
        try:
            await stream.prepare(request)
        except ConnectionError:  # the client has left in the meantime
            return web.Response()
        queue: asyncio.Queue[Batch] = asyncio.Queue(_MOST_UNSENT)
        unsubscribe = self.machine.subscribe(lambda batch: None if queue.full() else queue.put_nowait(batch))
        for batch in self.machine.greeting():
            queue.put_nowait(batch)
        self._streams.add(stream)
        self.watched.set()
        sender = asyncio.ensure_future(self._send(stream, queue))
        try:
            async for message in stream:  # clients send nothing; this notices that they leave
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            unsubscribe()
            self._streams.discard(stream)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        return stream

    async def _send(self, stream: web.WebSocketResponse, queue: asyncio.Queue[Batch]) -> None:
        while True:
            batch = await queue.get()
            if self.levers.only_pings:
                await stream.ping()
            elif not self.levers.mute:
                await stream.send_str(json.dumps(batch))
