"""list, status, watch, discover: what they print, and what goes where."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.cli.conftest import Cli, Kettle

TOML = """
[[connections]]
kind = "tin-kettle"
name = "Kitchen"
host = "127.0.0.1"
port = {port}
password = "env:KETTLE"

[[connections]]
kind = "tin-kettle"
name = "Cellar"
host = "127.0.0.1"
port = 1
password = "env:KETTLE"
enabled = {cellar}
{extra}
"""


def _configure(port: int, *, cellar: bool = False, extra: str = "") -> None:
    Path("homewire.toml").write_text(TOML.format(port=port, cellar=str(cellar).lower(), extra=extra))


async def test_list_shows_connections_and_appliances(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    shown = await cli("list", *running.words)
    assert (shown.code, shown.err) == (0, "")
    for text in ("tin-kettle", "online", "Tea Kettle", "Tin", "tin-kettle:K1"):
        assert text in shown.out
    [document] = (await cli("list", "--json", *running.words)).documents
    assert document["schema"] == "homewire.list/1"
    assert document["connections"][0]["appliances"] == ["tin-kettle:K1"]
    assert document["appliances"][0]["model"] == "Two"


async def test_one_broken_connection_does_not_hide_the_others(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    _configure(running.simulator.settings()["port"], cellar=True)
    result = await cli("list", "--json")
    states = {link["name"]: link["online"] for link in result.documents[0]["connections"]}
    assert (states, result.code) == ({"Kitchen": True, "Cellar": False}, 5)
    assert '"code":"connection_failed"' in result.err
    shown = await cli("list")
    assert "error: Cellar: 127.0.0.1:1 refuses the connection. Is it switched on?\n" in shown.err


async def test_a_connection_with_a_wrong_setting_does_not_hide_the_others(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    _configure(running.simulator.settings()["port"], cellar=True, extra='sped = "x"')
    result = await cli("status")
    assert result.code == 9
    assert "homewire.toml:16: tin-kettle 'Cellar' has no setting 'sped'" in result.err
    assert "Tea Kettle" in result.out


async def test_status_shows_values_units_and_what_can_be_set(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    shown = await cli("status", *running.words)
    assert shown.code == 0
    for text in ("20.0 °C", "40 to 100 °C in steps of 0.5", "eco, fast", "06:30", "dangerous", "--all"):
        assert text in shown.out
    assert "Starts" not in shown.out
    assert "Starts" in (await cli("status", "--all", *running.words)).out


async def test_status_as_json_has_every_feature(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    [document] = (await cli("status", "--json", *running.words)).documents
    assert document["schema"] == "homewire.status/1"
    [appliance] = document["appliances"]
    assert appliance["values"] == {
        "power": False,
        "temperature": 20.0,
        "target": 90.0,
        "mode": "eco",
        "wake": "06:30:00",
        "empty": False,
        "lid": True,
        "starts": 7,
    }
    assert appliance["features"]["target"]["maximum"] == 100
    assert appliance["features"]["power"]["writable"] is True
    assert appliance["availability"]["online"] is True


@pytest.mark.parametrize(
    "wanted", ["tea", "Tea Kettle", "tea-kettle", "k1", "tin-kettle:K1", "Kitchen", "KITCHEN"]
)
async def test_an_appliance_is_found_by_what_people_call_it(cli: Cli, kettle: Kettle, wanted: str) -> None:
    running = await kettle()
    _configure(running.simulator.settings()["port"])
    result = await cli("status", wanted)
    assert (result.code, result.err) == (0, "")


async def test_an_unknown_appliance_is_named_with_what_there_is(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    result = await cli("status", "toaster", *running.words)
    assert (result.code, result.err) == (3, "error: there is no appliance 'toaster'. There is: Tea Kettle.\n")
    result = await cli("status", "Tee Kettle", *running.words)
    assert result.err == "error: there is no appliance 'Tee Kettle'. Did you mean Tea Kettle?\n"


async def test_naming_a_connection_opens_only_that_one(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    _configure(running.simulator.settings()["port"], cellar=True)
    for words in (("status", "kitchen"), ("status", "-c", "kitchen")):
        result = await cli(*words)
        assert (result.code, result.err) == (0, "")


async def test_watch_prints_a_line_per_change(cli: Cli, kettle: Kettle) -> None:
    running = await kettle(on=True)
    result = await cli("watch", "--for", "20", *running.words)
    assert result.code == 0
    assert "Tea Kettle  Temperature  25.0 °C" in result.out
    assert "Tea Kettle  Power  off" in result.out
    assert "Tea Kettle  Boiled  done (seconds 90.5)" in result.out
    assert result.err == "Watching; Ctrl-C ends.\n"


async def test_watch_as_json_lines_begins_with_everything(cli: Cli, kettle: Kettle) -> None:
    running = await kettle(on=True)
    result = await cli("watch", "tea", "--json", "--count", "14", *running.words)
    first, *changes = result.documents
    assert first["schema"] == "homewire.status/1"
    assert [change["schema"] for change in changes] == ["homewire.change/1"] * 14
    assert changes[0]["values"] == {"temperature": 25.0}
    assert changes[0]["origin"] == "push"
    assert changes[13]["occurrences"][0]["data"] == {"seconds": 90.5}


async def test_watch_goes_on_when_the_link_is_lost_and_comes_back(cli: Cli, kettle: Kettle) -> None:
    running = await kettle(hang_up_after_s=2.0, on=True)
    result = await cli("watch", "--json", "--for", "30", *running.words)
    online = [one["availability"]["online"] for one in result.documents[1:] if "availability" in one]
    assert online[:3] == [False, True, False]
    assert result.code == 0


async def test_watch_of_an_unreachable_machine_says_so_at_once(cli: Cli) -> None:
    result = await cli("watch", "-c", "tin-kettle,host=127.0.0.1,port=1,password=env:KETTLE")
    assert result.code == 5
    assert result.err == "error: tin-kettle: 127.0.0.1:1 refuses the connection. Is it switched on?\n"


async def test_a_cancelled_watch_leaves_nothing_behind(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    before = asyncio.all_tasks()
    watching = asyncio.ensure_future(cli("watch", *running.words))
    await asyncio.sleep(1)
    watching.cancel()
    await asyncio.wait([watching])
    await asyncio.sleep(1)
    assert {task for task in asyncio.all_tasks() if "_serve" not in repr(task)} <= before


async def test_discover_prints_what_to_write(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    result = await cli("discover")
    assert (result.code, result.out) == (3, "")
    assert "nothing was found" in result.err
    monkeypatch.setenv("TIN_KETTLE_NEARBY", "1")
    shown = (await cli("discover", "tin-kettle")).out
    assert '    [[connections]]\n    kind = "tin-kettle"\n    name = "Tea Kettle"\n' in shown
    assert "# password = … is needed, too" in shown
    [found] = (await cli("discover", "--json")).documents
    assert (found["schema"], found["missing"]) == ("homewire.found/1", ["password"])
    assert (await cli("discover", "toaster")).code == 3


async def test_colours_only_where_they_are_wanted(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in (await cli("status", "--demo")).out
    assert "\x1b[" not in (await cli("status", "--demo", "--no-color")).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in (await cli("status", "--demo")).out
