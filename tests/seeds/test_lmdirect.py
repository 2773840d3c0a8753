"""The programs that lmdirect's descriptions show, against simulated machines.

Seed 001 shows a prompt with four choices, seed 002 one with nine, and parse.py; their prompts are the
descriptions' own. The promises of their texts are tested one by one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from homewire.lamarzocco.direct import LMDirect
from homewire.lamarzocco.direct.codec import Codec, ReadReply, ReadRequest, parse_key
from homewire.lamarzocco.direct.machine import DirectMachine
from homewire.lamarzocco.direct.simulator import DirectSimulator, SimulatorOptions

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "lamarzocco-direct"

FIRST_PROMPT = "1 = ON, 2 = OFF, 3 = Status, Other = quit:"
LATER_PROMPT = (
    "1=Power <on/off>, 2=Status, 3=Coffee Temp <temp>, 4=Steam Temp <temp>, 5=PB <on/off>, "
    "6=Auto on/off <0=global or day> <on/off>, 7=Dose <sec>, 8=Tea Dose <sec>, 8=PB times <on off>:"
)


def _simulator(**options: Any) -> DirectSimulator:
    return DirectSimulator(SimulatorOptions(reply_delay_s=0.0, **options))


async def _run(program: str, config: dict[str, Any], folder: Path, *lines: str) -> str:
    (folder / "config.json").write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / program),
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaints = await asyncio.wait_for(
        process.communicate("".join(f"{line}\n" for line in lines).encode()), 60
    )
    assert (process.returncode, complaints.decode()) == (0, "")
    return said.decode()


@pytest.mark.real_time
async def test_the_first_prompt_switches_on_and_off_and_dumps_the_status(tmp_path: Path) -> None:
    async with _simulator() as simulator:
        simulator.machine.set_power(False)
        config = {"key": simulator.options.key.reveal(), "ip_addr": "127.0.0.1", "port": simulator.port}
        said = await _run("onoff.py", config, tmp_path, "1", "3", "q")
        assert simulator.machine.is_on
        assert said.count(FIRST_PROMPT) == 3
        assert "'power': 1," in said
        assert "'coffee_set_temp': 93.5," in said
        await _run("onoff.py", config, tmp_path, "2", "q")
        assert not simulator.machine.is_on


@pytest.mark.real_time
async def test_the_later_prompt_does_all_its_choices(tmp_path: Path) -> None:
    async with _simulator(account_port=0) as simulator:
        assert simulator.account is not None
        login, url = simulator.account.credentials, simulator.account.url
        config = {
            "filename": "dose_tea.json",
            "host": "127.0.0.1",
            "port": str(simulator.port),
            "client_id": login.client_id,
            "client_secret": login.client_secret,
            "username": login.username,
            "password": login.password,
            "account_url": url,
            "gateway_url": url,
        }
        choices = ("1 off", "3 94.4", "4 121.5", "5 off", "6 0 off", "6 sat on", "7 99", "8 17", "8 1.5 2.5")
        said = await _run("prompt.py", config, tmp_path, *choices, "2", "3 200", "9", "")
        memory = simulator.machine.memory
        assert not simulator.machine.is_on
        assert (memory["coffee_setpoint_c"], memory["steam_setpoint_c"]) == (94.4, 121.5)
        assert (memory["prebrew_mode"], memory["schedule_enabled"], memory["sat_enabled"]) == (0, False, True)
        assert (memory["dose_k1_pulses"], memory["hot_water_dose_s"]) == (99, 17)
        assert (memory["prebrew_on_k1_s"], memory["prebrew_off_k1_s"]) == (1.5, 2.5)
    assert LATER_PROMPT in said
    assert "'dose_hot_water': 17," in said
    assert "Allowed: 87 to 100 °C" in said
    assert "there is no choice '9'" in said


@pytest.mark.real_time
async def test_parse_reads_the_frames_of_a_file(tmp_path: Path) -> None:
    key = "0123456789abcdefghijklmnopqrstuv"
    codec = Codec(parse_key(key))
    frames = [codec.encode(ReadRequest(0x0007, 2)), codec.encode(ReadReply(0x0007, b"\x03\xa7"))]
    (tmp_path / "frames.txt").write_bytes(b"\n".join(frames))
    said = await _run("parse.py", {"filename": "frames.txt", "key": key}, tmp_path)
    assert "coffee_setpoint_c = 93.5 °C" in said


async def test_request_status_connects_by_itself_and_builds_a_dict() -> None:
    """ "request_status() will automatically connect … and build a dict … current_status()"."""
    async with _simulator() as simulator:
        info = {"host": "127.0.0.1", "port": simulator.port, "key": simulator.options.key.reveal()}
        machine = LMDirect(info)
        assert machine.current_status == {}
        await machine.request_status()
        assert machine.current_status["coffee_temp"] == pytest.approx(93.8, abs=0.2)
        assert machine.firmware_version == "1.40"
        await machine.close()


async def test_users_register_for_new_data() -> None:
    """ "Users can register for a callback when new data is received"."""
    async with _simulator() as simulator:
        info = {"host": "127.0.0.1", "port": simulator.port, "key": simulator.options.key.reveal()}
        machine, seen = LMDirect(info), []
        machine.register_callback(lambda **values: seen.append(values["current_status"]))
        await machine.request_status()
        assert seen[-1]["power"] == 1
        simulator.levers.set_value("steam_boiler_enabled", False)
        await asyncio.sleep(5)
        assert seen[-1]["steam_boiler_enable"] is False
        await machine.close()


async def test_the_connection_is_kept_only_as_long_as_it_takes() -> None:
    """The connection is open only long enough to send commands and receive the responses."""
    async with _simulator() as simulator:
        key = simulator.options.key.reveal()
        first = DirectMachine("127.0.0.1", key, port=simulator.port)
        second = DirectMachine("127.0.0.1", key, port=simulator.port)
        await first.refresh()
        connected = [first.connected]
        await asyncio.sleep(11)
        connected.append(first.connected)
        assert connected == [True, False]
        await second.refresh()
        assert second.state.power is True
        await second.close()
