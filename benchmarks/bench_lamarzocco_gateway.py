"""The gateway generation beside pylamarzocco 1.2.3: decoding, streaming, a command, and the first state.

Both sides read the same bytes and talk to the same simulator on this machine, each in an interpreter of its
own. The simulated machine answers a command after 0.3 s; real ones take one to three.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.interop.environments import Environment, run_script

from benchmarks.figure import Figure, best_seconds, rounds
from homewire.lamarzocco.gateway import LaMarzoccoCloudClient, LaMarzoccoLocalClient, LaMarzoccoMachine
from homewire.lamarzocco.gateway.codec import decode_configuration
from homewire.lamarzocco.gateway.models import Configuration
from homewire.lamarzocco.gateway.simulator import GatewaySimulator

CAPTURE = Path(__file__).parents[1] / "tests/captures/lamarzocco/gateway/mini/configuration-gateway-v3.json"
OTHER = "pylamarzocco 1.2.3"
PYLAMARZOCCO = Environment(
    "bench-pylamarzocco-1",
    ("pylamarzocco==1.2.3", "websockets==13.1", "httpx==0.28.1"),
    (f"{sys.version_info[0]}.{sys.version_info[1]}",),
)
DECODES = 500
SHOTS = 30
ROUNDS = rounds(15)

THEIRS = """
import asyncio, gc, json, logging, time
logging.disable(logging.CRITICAL)
import pylamarzocco.client_cloud as module
from pylamarzocco.client_cloud import LaMarzoccoCloudClient
from pylamarzocco.client_local import LaMarzoccoLocalClient
from pylamarzocco.const import MachineModel
from pylamarzocco.lm_machine import LaMarzoccoMachine

def best(function, rounds):
    gc.collect()
    gc.disable()
    shortest = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        shortest = min(shortest, time.perf_counter() - began)
    gc.enable()
    return shortest

def point(url):
    module.TOKEN_URL = url + "/oauth/v2/token"
    module.CUSTOMER_URL = url + "/api/customer"
    module.GW_MACHINE_BASE_URL = url + "/v1/home/machines"
    module.GW_AWS_PROXY_BASE_URL = url + "/v1/home/aws-proxy"

def offline(arguments):
    mini = LaMarzoccoMachine(MachineModel.LINEA_MINI, "LM000001", "bench")
    gs3 = LaMarzoccoMachine(MachineModel.GS3_AV, "GS000001", "bench")
    raw, decodes = arguments["configuration"], range(arguments["decodes"])
    gs3.parse_config(json.loads(arguments["gs3"]))
    messages = arguments["messages"]

    def decode():
        for _ in decodes:
            mini.parse_config(json.loads(raw))

    def stream():
        for message in messages:
            gs3.on_websocket_message_received(message)

    decode_s = best(decode, arguments["rounds"]) / arguments["decodes"]
    return {"decode": decode_s, "message": best(stream, arguments["rounds"]) / len(messages)}

async def first_state(arguments):
    cloud = LaMarzoccoCloudClient(arguments["username"], arguments["password"])
    (serial, info), = (await cloud.get_customer_fleet()).items()
    local = LaMarzoccoLocalClient(arguments["host"], info.communication_key, arguments["port"])
    machine = await LaMarzoccoMachine.create(info.model, serial, info.name, cloud, local)
    await machine.get_config()
    return machine

async def main(arguments):
    figures = offline(arguments)
    point(arguments["url"])
    times = []
    for _ in range(arguments["tries"]):
        began = time.perf_counter()
        machine = await first_state(arguments)
        times.append(time.perf_counter() - began)
    figures["first"] = min(times)
    times = []
    for on in (True, False, True):
        began = time.perf_counter()
        assert await machine.set_power(on)
        times.append(time.perf_counter() - began)
    figures["command"] = min(times)
    return figures
"""


def run() -> list[Figure]:
    """Measure both sides."""
    return asyncio.run(_measured())


async def _measured() -> list[Figure]:
    options = GatewaySimulator.Options(models=("GS3 AV",), bluetooth=False)
    async with GatewaySimulator(options) as simulator:
        simulator.cloud.levers.command_delay_s = 0.3
        arguments = _arguments(simulator)
        theirs = await run_script(PYLAMARZOCCO, THEIRS, arguments)
        ours = _offline(arguments) | {
            "first": min([await _first_state(simulator) for _ in range(arguments["tries"])]),
            "command": min([await _command(simulator, on) for on in (True, False, True)]),
        }
    return [
        _figure("configuration decoded", ours["decode"], theirs["decode"], "µs", "at least 3x"),
        _figure("configuration decoded and viewed whole", ours["view"], theirs["decode"], "µs"),
        _figure("streaming message handled", ours["message"], theirs["message"], "µs", "at least 3x"),
        _figure("command until confirmed and read again", ours["command"], theirs["command"], "ms"),
        _figure("sign-in to first state", ours["first"], theirs["first"], "ms"),
    ]


def _figure(name: str, ours: float, theirs: float, unit: str, aim: str = "") -> Figure:
    scale = {"µs": 1e6, "ms": 1e3}[unit]
    return Figure(name=name, ours=ours * scale, theirs=theirs * scale, unit=unit, other=OTHER, aim=aim)


def _arguments(simulator: GatewaySimulator) -> dict[str, Any]:
    machine = simulator.machine
    host, port = simulator.locals[machine.serial].address
    return {
        "configuration": json.dumps(json.loads(CAPTURE.read_text())["data"]),
        "gs3": json.dumps(machine.configuration()),
        "messages": _shots(),
        "decodes": DECODES,
        "rounds": ROUNDS,
        "tries": 5,
        "url": simulator.cloud.url,
        "username": simulator.options.username,
        "password": simulator.options.password,
        "host": host,
        "port": port,
    }


def _shots() -> list[str]:
    """Return what a GS3 says during some shots: mostly times, volumes and temperatures."""
    said: list[Any] = []
    for shot in range(SHOTS):
        said.append([{"BrewingStartedGroup1StopType": "Volume"}, {"BrewingStartedGroup1DoseIndex": "DoseA"}])
        for second in range(25):
            said.append(
                [
                    {"BrewingUpdateGroup1Time": second},
                    {"BrewingUpdateGroup1Ev": True},
                    {"BrewingUpdateGroup1Volume": second * 5},
                ]
            )
            said.append([{"CoffeeBoiler1UpdateTemperature": 92 + (shot + second) % 10 / 10}])
            said.append([{"SteamBoilerUpdateTemperature": 128 + (shot + second) % 7 / 10}])
    return [json.dumps(each) for each in said]


def _offline(arguments: dict[str, Any]) -> dict[str, float]:
    mini = LaMarzoccoMachine.create("Linea Mini", "LM000001", "bench")
    gs3 = LaMarzoccoMachine.create("GS3 AV", "GS000001", "bench")
    raw, messages = arguments["configuration"].encode(), arguments["messages"]
    gs3.state.take(decode_configuration(arguments["gs3"].encode(), Configuration))

    def decode() -> None:
        for _ in range(DECODES):
            mini.state.take(decode_configuration(raw, Configuration))

    def view() -> None:
        for _ in range(DECODES):
            mini.state.take(decode_configuration(raw, Configuration))
            mini.state.view()

    def stream() -> None:
        for message in messages:
            gs3.on_websocket_message_received(message)

    decode_s = best_seconds(decode, ROUNDS) / DECODES
    assert mini.config.boilers
    message_s = best_seconds(stream, ROUNDS) / len(messages)
    assert gs3.config.brew_active_duration == 24
    view_s = best_seconds(view, ROUNDS) / DECODES
    return {"decode": decode_s, "message": message_s, "view": view_s}


async def _first_state(simulator: GatewaySimulator) -> float:
    began = time.perf_counter()
    machine = await _machine(simulator)
    elapsed = time.perf_counter() - began
    assert machine.config.boilers
    await machine.close()
    return elapsed


async def _command(simulator: GatewaySimulator, on: bool) -> float:
    machine = await _machine(simulator)
    began = time.perf_counter()
    await machine.set_power(on)
    elapsed = time.perf_counter() - began
    assert machine.config.turned_on is on
    await machine.close()
    return elapsed


async def _machine(simulator: GatewaySimulator) -> LaMarzoccoMachine:
    own = simulator.options
    url = simulator.cloud.url
    cloud = LaMarzoccoCloudClient(own.username, own.password, cms_url=url, gateway_url=url)
    ((serial, info),) = (await cloud.get_customer_fleet()).items()
    host, port = simulator.locals[serial].address
    local = LaMarzoccoLocalClient(host, info.communication_key, port)
    machine = LaMarzoccoMachine.create(info.model, serial, info.name, cloud, local)
    await machine.get_config()
    return machine
