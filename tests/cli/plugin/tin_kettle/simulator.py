"""The kettle's side: it heats while it is on, boils, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from homewire.clock import Clock
from homewire.secrets import Secret
from homewire.simulation import Simulator


class KettleOptions(msgspec.Struct, frozen=True, kw_only=True):
    """A kettle with one place for a client."""

    port: Annotated[int, msgspec.Meta(description="TCP port, 0 for any.")] = 0
    password: str = "tea"
    names: tuple[str, ...] = ()
    busy: bool = False
    mute: bool = False
    empty: bool = False
    hang_up_after_s: float | None = None
    on: bool = False


class KettleSimulator(Simulator):
    Options = KettleOptions

    def __init__(self, options: KettleOptions, *, clock: Clock | None = None) -> None:
        self.options = options
        self.clock = clock or Clock()
        self.state: dict[str, Any] = {
            "power": options.on,
            "temperature": 20.0,
            "target": 90.0,
            "mode": "eco",
            "wake": "06:30",
            "empty": options.empty,
            "lid": True,
            "starts": 7,
        }
        self.written: list[dict[str, Any]] = []
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._living: asyncio.Future[None] | None = None

    @classmethod
    def demo(cls, clock: Clock) -> list[Simulator]:
        return [cls(KettleOptions(on=True), clock=clock)]

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.options.port)
        self._living = asyncio.ensure_future(self._live())

    async def stop(self) -> None:
        if self._server is None or self._living is None:
            return
        self._server.close()
        self._living.cancel()
        for writer in tuple(self._writers):
            writer.transport.abort()
        await asyncio.wait((self._living,))
        self._server = None

    def settings(self) -> Mapping[str, Any]:
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return {"host": "127.0.0.1", "port": port, "password": Secret(self.options.password)}

    async def _live(self) -> None:
        while True:
            await self.clock.sleep(1)
            if not self.state["power"]:
                continue
            warm = self.state["temperature"] = min(self.state["target"], self.state["temperature"] + 5)
            boiled = warm >= self.state["target"]
            self.state["power"] = not boiled
            self._push(boiled=boiled)

    def _push(self, **more: bool) -> None:
        for writer in self._writers:
            writer.write(json.dumps({"state": self.state, **more}).encode() + b"\n")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        busy = self.options.busy or bool(self._writers)
        if not busy:
            self._writers.add(writer)
        if self.options.hang_up_after_s is not None:
            self.clock.call_later(self.options.hang_up_after_s, writer.close)
        try:
            while line := await reader.readline():
                answer = {"answer": "busy"} if busy else self._answer(json.loads(line))
                if answer is not None:
                    writer.write(json.dumps(answer).encode() + b"\n")
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _answer(self, question: dict[str, Any]) -> dict[str, Any] | None:
        if "login" in question:
            return {"answer": "ok" if question["login"] == self.options.password else "wrong password"}
        if "get" in question:
            return {"answer": "ok", "state": self.state}
        if self.options.mute:
            return None
        if self.options.empty:
            return {"answer": "empty"}
        self.written.append(question["set"])
        self.state |= {key: value for key, value in question["set"].items() if key in self.state}
        return {"answer": "ok", "state": self.state}
