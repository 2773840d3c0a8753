"""`homewire miele …`, the program itself, against simulated appliances."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.miele.conftest import ROUTE, Simulate, own_number
from tests.miele.test_captures import har_of, vector, wake_answer

from homewire.cli.main import finish
from homewire.cli.output import Output
from homewire.miele.simulator import MieleSimulator, Status

TAIL = b" 0001 0401 0002 0400 0003 0400 2020 2020 2020 2020"

Cli = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("HOMEWIRE_CONFIG", raising=False)
    monkeypatch.setenv("MIELE_KEY", "123456789ABCDEFE" * 8)
    monkeypatch.setenv("WIFI_KEY", "correct horse")
    monkeypatch.setenv("COLUMNS", "200")

    async def run(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        code = await finish(("miele", *words), Output(out, err))
        return code, out.getvalue(), err.getvalue()

    return run


def _to(simulator: MieleSimulator) -> tuple[str, str]:
    keys = f"group_id={simulator.options.group_id},group_key=env:MIELE_KEY"
    return "--connection", f"miele,host={simulator.host},{keys}"


def _documents(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def _key_files(folder: Path) -> list[Path]:
    return list(folder.rglob("*.key"))


def _written(folder: Path) -> tuple[Path, str, int, str]:
    (key_file,) = folder.glob("*.key")
    mode = stat.S_IMODE(key_file.stat().st_mode)
    return key_file, key_file.read_text().strip(), mode, (folder / "homewire.toml").read_text()


async def test_pairing_keeps_the_keys_safe_and_adds_the_connection(
    cli: Cli, simulate: Simulate, tmp_path: Path
) -> None:
    simulator = await simulate(paired=False)
    code, out, err = await cli("pair", simulator.host, "--name", "laundry")
    assert (code, "Paired 000123456789" in out) == (0, True), err
    assert simulator.module.credentials is not None
    key_file, key, mode, toml = _written(tmp_path / "config" / "homewire")
    assert (key, mode) == (simulator.module.credentials.key_text, 0o600)
    assert f"file:{key_file}" in toml
    assert simulator.module.credentials.key_text not in toml + out + err
    code, out, _ = await cli("programs")
    assert (code, "cottons" in out) == (0, True)


async def test_a_second_appliance_joins_the_household(cli: Cli, simulate: Simulate) -> None:
    first, second = await simulate(paired=False), await simulate("dishwasher", paired=False)
    await cli("pair", first.host, "--name", "laundry")
    code, out, err = await cli("--json", "pair", second.host, "--household", "laundry", "--name", "dishes")
    assert code == 0, err
    assert _documents(out)[0]["connection"] == "dishes"
    assert second.module.credentials == first.module.credentials
    code, _, err = await cli("pair", second.host, "--household", "nobody")
    assert (code, "no Miele connection" in err) == (2, True)


async def test_keys_that_may_have_arrived_are_kept(
    cli: Cli, simulate: Simulate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = await simulate(paired=False)
    with monkeypatch.context() as broken:
        broken.setattr(simulator.server, "_devices", lambda: "no object")  # taken, but not to be proven
        code, _, err = await cli("pair", simulator.host, "--name", "laundry")
    assert code == 8
    (key_file,) = (tmp_path / "config" / "homewire").glob("miele-*.key")
    assert simulator.module.credentials is not None
    assert key_file.read_text().strip() == simulator.module.credentials.key_text
    assert str(key_file) in err
    again = err.rpartition("homewire miele ")[2].split()
    assert again[:2] == ["pair", simulator.host]
    assert (await cli(*again))[0] == 0


async def test_a_refused_pairing_leaves_nothing_behind(cli: Cli, simulate: Simulate, tmp_path: Path) -> None:
    simulator = await simulate()
    code, _, err = await cli("pair", simulator.host)
    assert (code, "refuses new keys" in err) == (4, True)
    assert _key_files(tmp_path) == []
    assert (await cli("pair", simulator.host, "--tan", "env:NOBODY_SET_THIS"))[0] == 9
    assert not _key_files(tmp_path)
    code, _, err = await cli("pair", simulator.host, "--tan", "12345678")
    assert (code, "must not stand on the command line" in err) == (2, True)


async def test_keys_that_nobody_got_are_removed(cli: Cli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    code, _, err = await cli("pair", f"127.0.0.1:{free}")
    assert (code, "cannot be reached" in err) == (5, True)
    assert _key_files(tmp_path) == []


async def test_wifi(cli: Cli, simulate: Simulate) -> None:
    simulator = await simulate(access_point=True)
    code, out, _ = await cli("wifi", "scan", simulator.host)
    assert (code, "Home Sweet Home" in out) == (0, True)
    assert (await cli("--json", "wifi", "scan", simulator.host))[1].count("miele-network/1") == 3
    words = ("wifi", "join", "Home Sweet Home", "--host", simulator.host)
    assert (await cli(*words, "--key", "correct horse"))[0] == 2
    assert (await cli(*words, "--key", "env:WIFI_KEY"))[0] == 0
    await asyncio.sleep(10)
    assert not simulator.module.access_point


async def test_programmes_are_listed_selected_and_started(
    cli: Cli, simulate: Simulate, tmp_path: Path
) -> None:
    simulator = await simulate(scene="ready")
    here = _to(simulator)
    assert _documents((await cli("--json", "programs", *here))[1])[0]["device_type"] == "washing_machine"
    await cli("programs", "--options", "--out", "catalogue.json", *here)
    assert "temperature" in (tmp_path / "catalogue.json").read_text()
    code, out, _ = await cli("programs", "--options", *here)
    assert (code, "0, 30, 40, 50, 60" in out) == (0, True)
    code, _, err = await cli("select", "shirts", "--option", "temperature=40", *here)
    assert code == 0, err
    assert simulator.appliance.programme is not None
    assert simulator.appliance.programme.number == 23
    assert _documents((await cli("--json", "select", "23", *here))[1])[0]["obstacles"] == []
    code, _, err = await cli("start", *here)
    assert (code, "dangerous" in err) == (7, True)
    assert (await cli("start", "--dangerous", *here))[0] == 0
    assert simulator.appliance.status == Status.RUNNING
    code, _, err = await cli("start", "--dangerous", *here)
    assert (code, "running already" in err) == (7, True)
    assert (await cli("select", "shirts", "--option", "temperature=warm", *here))[0] == 2


async def test_reading_and_writing_leaves(cli: Cli, simulate: Simulate) -> None:
    simulator = await simulate("oven")
    here = _to(simulator)
    code, out, _ = await cli("dop2", "read", "2/1586", *here)
    assert (code, "appliance_state" in out) == (0, True)
    assert (await cli("dop2", "read", "2/1586", "--raw", *here))[1].startswith("00160002")
    assert (await cli("dop2", "read", "2/9999", *here))[0] == 3
    assert (await cli("dop2", "read", "two", *here))[0] == 2
    assert (await cli("dop2", "write", "2/1583", "request=13", *here))[0] == 2
    code, _, err = await cli("dop2", "write", "2/1583", "request=13", "--dangerous", *here)
    assert code == 0, err
    assert simulator.appliance.light == 1
    for wrong in ("colour=1", "request=on"):
        assert (await cli("dop2", "write", "2/1583", wrong, "--dangerous", *here))[0] == 2


async def test_a_walk_does_not_ask_again_for_what_the_firmware_refuses(cli: Cli, simulate: Simulate) -> None:
    simulator = await simulate()
    simulator.levers.refused_leaves[(14, 130)] = 404
    words = ("dop2", "walk", "--unit", "14", "--refusals", "refusals.json", *_to(simulator))
    for asked in (1, 0):
        assert (await cli(*words))[0] == 0
        assert sum("/DOP2/14/130?" in path for _, path, _ in simulator.server.log) == asked
        simulator.server.log.clear()


async def test_a_walk_is_recorded_resumed_and_explained(cli: Cli, simulate: Simulate) -> None:
    simulator = await simulate()
    here = _to(simulator)
    words = ("dop2", "walk", "--unit", "14", "--out", "walk.json", "--resume", "walk.state")
    code, out, err = await cli(*words, *here)
    assert code == 0, err
    assert "14/1573" in out
    simulator.server.log.clear()
    code, _, err = await cli(*words, *here)
    assert code == 0, err
    assert not [path for _, path, _ in simulator.server.log if "DOP2/14/1573" in path], (
        "nothing is read twice"
    )
    code, out, _ = await cli("dop2", "decode", "walk.json")
    assert (code, "Home Sweet Home" in out) == (0, True)
    assert (await cli("--json", "dop2", "decode", "walk.json"))[1].count("record/1") > 5
    assert (await cli("--json", "dop2", "walk", "--unit", "14", *here))[1].count("dop2-step/1") > 5


async def test_traffic_is_explained_with_the_keys(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "capture.har").write_bytes(har_of(vector("requests", "put-wake-mielerest"), wake_answer()))
    code, out, _ = await cli("dop2", "decode", "capture.har")
    assert (code, "64 encrypted bytes" in out) == (0, True)
    keys = ("--group-id", "123456789ABCDEFE", "--group-key")
    code, out, err = await cli("dop2", "decode", "capture.har", *keys, "env:MIELE_KEY")
    assert (code, "DeviceAction" in out) == (0, True), err
    assert (await cli("dop2", "decode", "capture.har", *keys, "123456789ABCDEFE" * 8))[0] == 2
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"0016 0002 0632 0000 0000 0003" + TAIL)))
    code, out, err = await cli("dop2", "decode", "-")
    assert (code, "combined state" in out) == (0, True), err
    assert (await cli("dop2", "decode", str(tmp_path)))[0] == 2


async def test_hex_is_explained_without_an_appliance(cli: Cli) -> None:
    leaf = "0016 0002 0632 0000 0000 0003 0001 0401 0002 0400 0003 0400 2020 2020 2020 2020"
    code, out, _ = await cli("dop2", "decode", leaf)
    assert (code, "combined state" in out) == (0, True)
    code, out, err = await cli("dop2", "decode", "0016 00")
    assert (code, "could not be read" in err) == (6, True)
    assert (await cli("dop2", "decode", "no such file"))[0] == 2


async def test_attributes_are_explained(cli: Cli) -> None:
    code, out, _ = await cli("dop2", "explain", "2/256")
    assert (code, "remaining_time" in out) == (0, True)
    assert _documents((await cli("--json", "dop2", "explain", "1586"))[1])[0]["writable"] is True
    assert (await cli("dop2", "explain", "2/99999"))[0] == 3


async def test_it_has_to_be_clear_which_appliance_is_meant(cli: Cli, simulate: Simulate) -> None:
    first, second = await simulate(), await simulate("dishwasher", fab_number="000000000002")
    both = (*_to(first), *_to(second))
    code, _, err = await cli("programs", *both)
    assert (code, "--device" in err) == (2, True)
    assert all(f"{route} (" in err for route in (ROUTE, "000000000002")), err
    code, out, _ = await cli("programs", "--device", "000000000002", *both)
    assert (code, "eco" in out) == (0, True)
    await first.drop_wifi()
    code, out, err = await cli("programs", "--device", "000000000002", *both)
    assert (code, "eco" in out) == (0, True), err
    assert (await cli("programs", "--device", ROUTE, *both))[0] == 5
    await first.return_wifi()
    assert (await cli("programs", "--device", "9", *both))[0] == 3
    code, _, err = await cli("programs", "--config", "missing.toml")
    assert code == 9


async def test_an_appliance_is_chosen_by_the_name_of_its_connection(cli: Cli, simulate: Simulate) -> None:
    first, second = await simulate(paired=False), await simulate("dishwasher", paired=False)
    await cli("pair", first.host, "--name", "laundry")
    await cli("pair", second.host, "--household", "laundry", "--name", "dishes")
    code, out, err = await cli("programs", "--device", "dishes")
    assert (code, "quick_power_wash" in out) == (0, True), err


async def test_the_demo_kitchen_can_be_asked(cli: Cli) -> None:
    code, out, err = await cli("programs", "--demo", "--device", ROUTE[:-1] + "2")
    assert (code, "conventional_heat" in out) == (0, True), err


@pytest.mark.real_time
async def test_discovery(cli: Cli, simulate: Simulate) -> None:
    simulator = await simulate(announce=True, paired=False, fab_number=own_number())
    code, out, _ = await cli("discover", "--for", "4", "--interface", "127.0.0.1")
    assert code == 0
    assert simulator.host in out
    code, _, err = await cli("discover", "--scan", "127.0.0.77/32")
    assert (code, "--scan" in err) == (3, True)
