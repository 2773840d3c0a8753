"""The simulated account of the first generation: sign-in, fleet with communication keys, drink counters.

docs/protocols/lamarzocco-tcp.md, section 13.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec
from aiohttp import web

__all__ = ["AccountSimulator", "Credentials", "FleetMachine"]


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What the account wants: the app's client, and the owner's name and password. All invented."""

    client_id: str = "simulated-app"
    client_secret: str = "simulated-app-secret"  # noqa: S105 - invented
    username: str = "owner@example.com"
    password: str = "simulated-password"  # noqa: S105 - invented


class FleetMachine(msgspec.Struct, kw_only=True):
    """One machine of the account; `counters` are by coffee type (section 13.3)."""

    serial: str
    model: str
    name: str
    key: str
    counters: dict[int, int] = {}
    update_available: bool = False


class AccountSimulator:
    """Serves both hosts of the account on one port. `failing` answers every request with that status."""

    def __init__(
        self,
        machines: Iterable[FleetMachine],
        *,
        credentials: Credentials | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.credentials = credentials or Credentials()
        self.machines = {machine.serial: machine for machine in machines}
        self.failing: int | None = None
        self.requests: list[str] = []
        self._host, self._port = host, port
        self._tokens: set[str] = set()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base of all endpoints, only after `start()`."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen."""
        app = web.Application(middlewares=[self._gate])
        app.router.add_post("/oauth/v2/token", self._token)
        app.router.add_get("/api/customer", self._customer)
        app.router.add_get("/v1/home/machines/updates-available", self._updates)
        app.router.add_get("/v1/home/machines/{serial}/statistics/counters", self._counters)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def revoke_tokens(self) -> None:
        """Let every token expire."""
        self._tokens.clear()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Fail on demand; let nobody pass without a token."""
        self.requests.append(f"{request.method} {request.path}")
        if self.failing is not None:
            return web.json_response({"error": "simulated failure"}, status=self.failing)
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if request.path != "/oauth/v2/token" and bearer not in self._tokens:
            return web.json_response({"error": "invalid_token"}, status=401)
        response: web.StreamResponse = await handler(request)
        return response

    async def _token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        wanted = self.credentials
        if _client(request, form) != (wanted.client_id, wanted.client_secret):
            return web.json_response({"error": "invalid_client"}, status=400)
        if (form.get("username"), form.get("password")) != (wanted.username, wanted.password):
            return web.json_response({"error": "invalid_grant"}, status=400)
        if form.get("grant_type") != "password":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        token = secrets.token_hex(16)
        self._tokens.add(token)
        return web.json_response(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": 3600,
                "refresh_token": secrets.token_hex(16),
                "scope": None,
            }
        )

    async def _customer(self, _request: web.Request) -> web.Response:
        fleet = [
            {
                "name": machine.name,
                "communicationKey": machine.key,
                "machine": {"serialNumber": machine.serial, "model": {"name": machine.model}},
            }
            for machine in self.machines.values()
        ]
        return web.json_response({"data": {"fleet": fleet}})

    async def _counters(self, request: web.Request) -> web.Response:
        machine = self.machines.get(request.match_info["serial"])
        if machine is None:
            return web.json_response({"status": False}, status=404)
        data = [{"coffeeType": kind, "count": count} for kind, count in machine.counters.items()]
        return web.json_response({"status": True, "data": data})

    async def _updates(self, _request: web.Request) -> web.Response:
        waiting = [m.serial for m in self.machines.values() if m.update_available]
        return web.json_response({"data": waiting})


def _client(request: web.Request, form: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return client id and secret, from the header or the form: the account takes either (section 13.1)."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None, None
        return name, secret
    return form.get("client_id"), form.get("client_secret")
