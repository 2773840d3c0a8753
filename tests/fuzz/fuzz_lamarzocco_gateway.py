"""Fuzzing of the gateway generation: what is not understood is refused with a ProtocolError or kept aside.

The first target takes WebSocket messages into a machine's state, the second configurations of machine and
grinder, bare and in the cloud's envelope, the third whole capture files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from homewire.clock import Clock
from homewire.errors import ProtocolError
from homewire.lamarzocco.gateway.appliance import MachineAppliance
from homewire.lamarzocco.gateway.codec import decode_configuration, decode_stream, unknown_fields_of
from homewire.lamarzocco.gateway.decoder import decode as decode_capture
from homewire.lamarzocco.gateway.machine import LaMarzoccoMachine
from homewire.lamarzocco.gateway.models import Configuration, GrinderConfiguration
from homewire.lamarzocco.gateway.simulator import GatewaySimulator
from homewire.lamarzocco.gateway.state import LiveState
from homewire.lamarzocco.gateway.views import grinder_view
from homewire.unknowns import Unknowns
from tests.fuzz.harness import Target

CAPTURES: Final = Path(__file__).parents[1] / "captures" / "lamarzocco" / "gateway"
CLOCK: Final = Clock()


def messages() -> Sequence[bytes]:
    """Return one shot, one flush and every kind of setting, as the simulated GS3 tells them."""
    options = GatewaySimulator.Options(models=("GS3 AV",), bluetooth=False)
    machine = GatewaySimulator(options).machine
    said: list[Any] = []
    machine.subscribe(said.append)
    said.extend(machine.greeting())
    machine.set_boiler_enabled("SteamBoiler", False)
    machine.set_boiler_target("CoffeeBoiler1", 93.9)
    machine.set_preinfusion_mode("Enabled")
    machine.set_dose("DoseB", 130)
    machine.set_tank(False)
    info = {"flushInfo": {"doseIndex": "DoseA", "time": 3.1, "volume": 12}}
    said.append([{"FlushSnapshotGroup1": json.dumps(info)}, {"FlushStoppedGroup1Time": 3.1}])
    said.append([{"BrewingStartedGroup1StopType": "Volume"}, {"BrewingStartedGroup1DoseIndex": "DoseA"}])
    said.append([{"BrewingUpdateGroup1Time": 7}, {"BrewingUpdateGroup1Ev": True}])
    said.append([{"BrewingStoppedGroup1Time": 25.5}, {"BrewingStoppedGroup1StopReason": "Manual"}])
    said.append([{"MachineStatistics": json.dumps(machine.statistics())}])
    return [json.dumps(each).encode() for each in said]


def check_message(data: bytes) -> bool:
    """Take a message into a state; whatever it made of it must be readable."""
    try:
        decode_stream(data)
    except ProtocolError:
        return False
    state = LiveState(CLOCK.now)
    state.receive(data, Unknowns())
    view = state.view()
    assert view.brew_active in (True, False)
    assert view.steam_level is None or view.boilers
    return True


def configurations() -> Sequence[bytes]:
    return [
        json.dumps(json.loads(path.read_text())).encode() for path in sorted(CAPTURES.rglob("conf*.json"))
    ]


def check_configuration(data: bytes) -> bool:
    """Decode in every form; an appliance must be able to show what came out."""
    accepted = [take(data, enveloped) for enveloped in (True, False)]
    return any(accepted)


def take(data: bytes, enveloped: bool) -> bool:
    try:
        config = decode_configuration(data, Configuration, enveloped=enveloped)
        grinder = decode_configuration(data, GrinderConfiguration, enveloped=enveloped)
        unknown_fields_of(data, Configuration, enveloped=enveloped)
    except ProtocolError:
        return False
    grinder_view(grinder)
    machine = LaMarzoccoMachine.create("GS3 AV", "GS000001", "fuzzed", clock=CLOCK)
    machine.state.take(config)
    appliance = MachineAppliance(machine)
    appliance._declare(machine.config)
    assert appliance._values(machine.config)
    return True


def captures() -> Sequence[bytes]:
    whole = [path.read_bytes() for path in sorted(CAPTURES.rglob("*.json")) if path.stat().st_size < 1000]
    return [*whole, b"\n".join(messages()[2:5]), b"7b226e616d65223a2278222c22706172616d65746572223a7b7d7d00"]


def check_capture(data: bytes) -> bool:
    """Decode a whole file: what cannot be read is an error of its record, or refuses the whole."""
    try:
        return not any(record.error for record in decode_capture(data))
    except ProtocolError:
        return False


TARGETS: Final = (
    Target(name="gateway stream", seeds=messages, check=check_message, calls=6000),
    Target(
        name="gateway configuration",
        seeds=configurations,
        check=check_configuration,
        inputs=6_000,
        calls=30_000,
    ),
    Target(name="gateway capture", seeds=captures, check=check_capture, inputs=6_000, calls=8000),
)
