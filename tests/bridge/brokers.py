"""A real mosquitto on a free loopback port, started, killed and started again by tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Self

import aiomqtt


class Mosquitto:
    """One broker with its files in `folder`; `extra` are further lines of its configuration."""

    def __init__(self, folder: Path, *extra: str) -> None:
        self.port = _free_port()
        self._folder = folder
        self._extra = extra
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program, "mosquitto is not installed: make system"
        lines = [f"listener {self.port} 127.0.0.1", *(self._extra or ("allow_anonymous true",))]
        lines += ["set_tcp_nodelay true"]  # else mosquitto holds small messages back for 40 ms
        lines += ["persistence true", f"persistence_location {self._folder}/", "log_dest stderr"]
        configuration = self._folder / "mosquitto.conf"
        configuration.write_text("\n".join([*lines, f"user {os.environ.get('USER', 'root')}", ""]))
        self._process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(configuration),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await self._reachable()

    async def stop(self) -> None:
        """End it in order, so that it keeps sessions and retained messages."""
        await self._end(lambda process: process.terminate())

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(lambda process: process.kill())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    async def _end(self, how: Callable[[asyncio.subprocess.Process], None]) -> None:
        process, self._process = self._process, None
        if process is not None:
            how(process)
            await process.wait()

    async def _reachable(self) -> None:
        for _ in range(500):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.01)
        raise AssertionError("mosquitto did not start")


class Listener:
    """Another client of the broker: keeps the latest payload of every topic, and everything in order."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.latest: dict[str, bytes] = {}
        self.heard: list[tuple[str, bytes, bytes | None]] = []
        self._news = asyncio.Event()

    async def run(self) -> None:
        async for message in self.client.messages:
            payload = message.payload
            self.latest[message.topic.value] = payload
            correlation = getattr(message.properties, "CorrelationData", None)
            self.heard.append((message.topic.value, payload, correlation))
            self._news.set()

    async def until(self, reached: Callable[[], Any], within_s: float = 20.0) -> None:
        async with asyncio.timeout(within_s):
            while not reached():
                self._news.clear()
                await self._news.wait()

    def json(self, topic: str) -> Any:
        return json.loads(self.latest[topic]) if self.latest.get(topic) else None


@contextlib.asynccontextmanager
async def listening(broker: Mosquitto, *filters: str, **options: Any) -> AsyncIterator[Listener]:
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, **options
    ) as client:
        listener = Listener(client)
        for one in filters or ("#",):
            await client.subscribe(one, qos=2)
        task = asyncio.create_task(listener.run())
        try:
            yield listener
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def eventually(reached: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait for what no event tells; another process decides when."""
    async with asyncio.timeout(within_s):
        while not reached():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
