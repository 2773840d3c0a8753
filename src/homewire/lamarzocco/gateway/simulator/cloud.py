"""The simulated cloud: token service, customer record, gateway (`lamarzocco-gateway.md`, sections 4 to 7)."""

from __future__ import annotations

import asyncio
import base64
import collections
import datetime as dt
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from aiohttp import web

from homewire.clock import Clock
from homewire.lamarzocco.gateway.simulator.accounts import Account, Refusal, TokenService
from homewire.lamarzocco.gateway.simulator.commands import WRITES, form_value, performed
from homewire.lamarzocco.gateway.simulator.levers import CloudLevers, CommandOutcome
from homewire.lamarzocco.gateway.simulator.machine import SimulatedMachine

__all__ = ["CloudServer"]

Handler: TypeAlias = "Callable[[web.Request], Awaitable[web.StreamResponse]]"

_HOME = "/v1/home"
_BASE = _HOME + "/machines/{sn}"

_REMEMBERED = 10_000
"""Calls that are kept to be looked at."""


class CloudServer:
    """One HTTP listener for both host names of section 2.

    `calls` notes every request as method and path, for those who count.
    """

    def __init__(
        self, account: Account, machines: Mapping[str, SimulatedMachine], *, clock: Clock, levers: CloudLevers
    ) -> None:
        self.account = account
        self.tokens = TokenService(account, clock)
        self.levers = levers
        self.calls: collections.deque[str] = collections.deque(maxlen=_REMEMBERED)
        self._machines = machines
        self._clock = clock
        self._commands: dict[str, dict[str, Any]] = {}
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The base address of both services."""
        if self._runner is None:
            message = "the cloud does not listen"
            raise RuntimeError(message)
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def start(self, host: str, port: int) -> None:
        """Listen."""
        app = web.Application(middlewares=[self._misbehave])
        app.router.add_post("/oauth/v2/token", self._token)
        app.router.add_post("/oauth/v2/logout", self._logout)
        app.router.add_get("/api/customer", self._customer)
        app.router.add_get(f"{_HOME}/aws-proxy/{{sn}}/commands/{{id}}", self._record)
        for path, read in self._reads().items():
            app.router.add_get(_BASE + path, self._reading(read))
        for method, path in WRITES:
            app.router.add_route(method, _BASE + path, self._writing(method, path))
        app.router.add_post(_BASE + "/firmware/{component}/update", self._update)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        """Stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    # --- misbehaviour

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.calls.append(f"{request.method} {request.path}")
        levers = self.levers
        if levers.silent:
            await asyncio.get_running_loop().create_future()
        if levers.calls_left is not None:
            levers.calls_left -= 1
            if levers.calls_left < 0:
                return web.Response(status=429, headers={"Retry-After": str(levers.retry_after_s)})
        if levers.status is not None and request.path.startswith(_HOME):
            return _json({"message": "simulated"}, levers.status)
        try:
            answer = await handler(request)
        except Refusal as refusal:
            return _json(refusal.body, refusal.status)
        if levers.body is not None:
            return web.Response(body=levers.body, content_type="application/json")
        return answer

    # --- account

    async def _token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        client = (form.get("client_id", ""), form.get("client_secret", ""))
        basic = request.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            name, _, secret = base64.b64decode(basic[6:]).decode("utf-8", "replace").partition(":")
            client = (name, secret)
        if self.levers.lock_account:
            raise Refusal(400, "invalid_grant", "User account is locked.")
        return _json(self.tokens.grant(form, client))

    async def _logout(self, _request: web.Request) -> web.Response:
        return web.Response(status=204)

    async def _customer(self, request: web.Request) -> web.Response:
        self.tokens.check(request.headers.get("Authorization", ""))
        record = self.account.record(list(self._machines.values()))
        return _json({"status": True, "status_code": 200, "data": record})

    # --- gateway

    def _machine(self, request: web.Request) -> SimulatedMachine:
        self.tokens.check(request.headers.get("Authorization", ""))
        try:
            return self._machines[request.match_info["sn"]]
        except KeyError:
            raise Refusal(404, body={"message": "Not Found"}) from None

    def _reads(self) -> dict[str, Callable[[SimulatedMachine, web.Request], Any]]:
        return {
            "/configuration": lambda machine, _request: machine.configuration(),
            "/status": lambda machine, _request: machine.short_status(),
            "/firmware/": lambda machine, _request: machine.firmware,
            "/firmwarev2/": lambda machine, _request: _older(machine.firmware),
            "/statistics/counters": _counters,
            "/statistics/daily": _daily,
            "/token-request": lambda machine, _request: self._command(
                machine, "TokenGet", machine.activate_token
            ),
        }

    def _reading(self, read: Callable[[SimulatedMachine, web.Request], Any]) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            machine = self._machine(request)
            if request.path.endswith(self.levers.failing_reads):
                return _json({"message": "simulated"}, 504)
            answer = read(machine, request)
            if request.path.endswith("/configuration") and machine.gateway.startswith("v2"):
                return _json(_capitals(answer, self._clock.now()))
            return _json({"data": answer, "status": True})

        return handle

    def _writing(self, method: str, path: str) -> Handler:
        async def handle(request: web.Request) -> web.Response:
            machine = self._machine(request)
            body = await _body(request) | dict(request.match_info)
            action = performed(WRITES[method, path], machine, body)
            return _json({"data": self._command(machine, path, action), "status": True})

        return handle

    async def _update(self, request: web.Request) -> web.Response:
        machine = self._machine(request)
        component = request.match_info["component"]
        if component not in ("machine", "gateway"):
            raise Refusal(404, body={"message": "Not Found"})
        machine.update_firmware(component)
        return _json({"data": {"commandId": str(uuid.uuid4())}, "status": True})

    def _command(self, machine: SimulatedMachine, name: str, action: Callable[[], object]) -> dict[str, Any]:
        """Record a command that completes a little later (section 7.3)."""
        outcome = self.levers.command_outcome
        if outcome is CommandOutcome.NO_ID:
            return {}
        command_id = str(uuid.uuid4())
        record = _new_record(command_id, name, machine.serial, self._clock.now())
        self._commands[command_id] = record
        machine.later(self.levers.command_delay_s, lambda: self._complete(machine, record, outcome, action))
        return {"commandId": command_id}

    def _complete(
        self,
        machine: SimulatedMachine,
        record: dict[str, Any],
        outcome: CommandOutcome,
        action: Callable[[], object],
    ) -> None:
        if outcome is CommandOutcome.PENDING or not machine.online:
            return
        status = "success"
        if outcome is CommandOutcome.REFUSED:
            record["status"] = "FAILED"
            return
        try:
            if outcome is CommandOutcome.COMPLETED:
                action()
        except (KeyError, ValueError, IndexError, TypeError, StopIteration) as error:
            status = f"error: {error}"
        record["status"] = "COMPLETED"
        record["updatedAt"] = int(self._clock.now().timestamp() * 1000)
        record["responsePayload"] = {
            "id": record["commandId"],
            "message": "",
            "status": "error" if outcome is CommandOutcome.FAILED else status,
            "topic": record["resTopic"],
            "ts": self._clock.now().isoformat(),
        }

    async def _record(self, request: web.Request) -> web.Response:
        self._machine(request)
        if self.levers.command_outcome is CommandOutcome.NO_RECORD:
            return _json({"data": None, "status": True})
        return _json({"data": self._commands.get(request.match_info["id"]), "status": True})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(text=json.dumps(value), status=status, content_type="application/json")


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/x-www-form-urlencoded":
        return {key: form_value(str(value)) for key, value in (await request.post()).items()}
    text = await request.text()
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        raise Refusal(400, body={"message": "Bad Request"}) from None
    if not isinstance(body, dict):
        raise Refusal(400, body={"message": "Bad Request"})
    return body


def _new_record(command_id: str, name: str, serial: str, now: dt.datetime) -> dict[str, Any]:
    topics = {
        "topic": f"lamar/cmd/settings/{serial}/{name}",
        "ackTopic": f"lamar/cmd-ack/settings/{serial}/{name}",
        "resTopic": f"lamar/cmd-res/settings/{serial}/{name}",
    }
    return {
        "commandId": command_id,
        "thingId": serial,
        **topics,
        "commandPayload": {"id": command_id, "name": name, "parameter": {}, "ts": now.isoformat()},
        "createdAt": int(now.timestamp() * 1000),
        "updatedAt": None,
        "status": "PENDING",
        "responsePayload": None,
    }


def _older(firmware: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        name: {("latestVersion" if key == "targetVersion" else key): value for key, value in record.items()}
        for name, record in firmware.items()
    }


def _counters(machine: SimulatedMachine, _request: web.Request) -> list[dict[str, int]]:
    return [{"coffeeType": kind, "count": count} for kind, count in machine.counters.items()]


def _daily(machine: SimulatedMachine, request: web.Request) -> list[dict[str, Any]]:
    try:
        first = dt.datetime.fromisoformat(request.query["startDate"]).date()
        last = dt.datetime.fromisoformat(request.query["endDate"]).date()
    except (KeyError, ValueError):
        raise Refusal(400, body={"message": "Bad Request"}) from None
    names = ("doseA", "doseB", "doseC", "doseD", "doseTea", "doseContinous", "flush")
    days = []
    for day in sorted(day for day in machine.history if first <= day <= last):
        counts = {name: machine.history[day].get(name, 0) for name in names}
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        total = sum(count for name, count in counts.items() if name != "flush")
        stamps = {"date": f"{day}T00:00:00.000Z", "timestamp": int(midnight.timestamp() * 1000)}
        days.append({"count": total, **counts, **stamps})
    return days


def _capitals(config: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """Return the form of gateway v2: capitals, booleans as text, no current temperatures (section 8.7)."""
    for boiler in config["boilers"]:
        boiler.pop("current", None)
    body = {key.upper(): _as_text(value) for key, value in config.items()}
    return {"received": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"), **body}


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return str(value) if isinstance(value, bool) else value
