"""decode, simulate, doctor, demo: everything that works without an appliance."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from tests.cli.conftest import Cli, Kettle

from homewire import kinds
from homewire.cli.derived import derived_parameters, options_type
from homewire.errors import ConnectionFailed
from homewire.kinds import Kind
from homewire.simulation.home import VirtualHome

CAPTURE = '{"set": {"power": true}}\n{"get": true}\nnoise\n'


@pytest.fixture
def capture(tmp_path: Path) -> str:
    file = tmp_path / "capture.txt"
    file.write_text(CAPTURE)
    return str(file)


async def test_a_port_that_is_taken_is_told_in_one_line(cli: Cli) -> None:
    async with await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0) as taken:
        port = taken.sockets[0].getsockname()[1]
        result = await cli("simulate", "tin-kettle", "--port", str(port))
    assert (result.code, result.out) == (5, "")
    assert "error: cannot listen: " in result.err
    assert "Choose another port." in result.err
    assert (await cli("simulate", "tin-kettle", "--port", "99999")).code == 5


async def test_decode_shows_every_field_and_counts_what_it_cannot_read(cli: Cli, capture: str) -> None:
    result = await cli("decode", "tin-kettle", capture)
    assert result.code == 6
    assert "#0 out set\n    set  {'power': True}  [00ff]\n" in result.out
    assert "#2 unreadable\n    Expecting value" in result.out
    assert result.err == "error: 1 of the messages could not be read\n"


async def test_decode_as_json_and_with_the_decoders_own_options(cli: Cli, capture: str) -> None:
    result = await cli("decode", "tin-kettle", capture, "--only", "get", "--json", "--password", "env:KETTLE")
    assert [one["schema"] for one in result.documents] == ["homewire.record/1"] * 2
    assert result.documents[0]["fields"] == [{"name": "get", "value": True, "raw": "00ff"}]


async def test_decode_tells_when_there_is_nothing_in_it(cli: Cli) -> None:
    result = await cli("decode", "tin-kettle", "-", stdin="")
    assert (result.code, result.out) == (6, "")
    assert "no message was found in the capture" in result.err


async def test_decode_reads_standard_input(cli: Cli) -> None:
    result = await cli("decode", "tin-kettle", "-", stdin='{"get": true}\n')
    assert (result.code, result.out.splitlines()[0]) == (0, "#0 out get")


async def test_decode_takes_no_literal_secret_and_names_a_missing_file(cli: Cli, capture: str) -> None:
    result = await cli("decode", "tin-kettle", capture, "--password", "opensesame")
    assert (result.code, result.out) == (2, "")
    assert "write --password env:NAME" in result.err
    assert "opensesame" not in result.err
    assert (
        "nothing.txt cannot be read: No such file" in (await cli("decode", "tin-kettle", "nothing.txt")).err
    )


def test_a_decoders_keywords_are_options_too() -> None:
    def decode(_capture: bytes, *, key: str, strict: bool = False) -> None:
        del key, strict

    fields = options_type(decode).__struct_fields__
    assert fields == ("key", "strict")


def test_a_switch_that_decides_for_itself_can_be_switched_off() -> None:
    class Options(msgspec.Struct):
        radio: bool | None = None
        loud: bool = False
        visible: bool = True

    offs = {each.name: each.annotation.__metadata__[0].negative for each in derived_parameters(Options)}
    assert offs == {"radio": ("--no-radio",), "loud": (), "visible": ("--no-visible",)}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("homismart", "--lights", "-5"), 'value "-5" for --lights. Must be >= 0.'),
        (("homismart", "--nodes", "255"), 'value "255" for --nodes. Must be >= 1 and <= 254.'),
        (("homismart", "--life-every-s", "0"), 'value "0.0" for --life-every-s. Must be > 0.'),
        (("homismart", "--life-every-s", "nan"), 'value "nan" for --life-every-s. Must be > 0.'),
        (("miele", "--port", "99999"), 'value "99999" for --port. Must be >= 0 and <= 65535.'),
        (("miele", "--fab-number", "abc"), 'value "abc" for --fab-number. Must be like ^[0-9]{12}$.'),
        (("lamarzocco-direct", "--account-port", "-1"), "--account-port. Must be >= 0 and <= 65535."),
        (("lamarzocco-direct", "--reply-delay-s", "-1"), '"-1.0" for --reply-delay-s. Must be >= 0.'),
        (
            ("lamarzocco-gateway", "--cloud-port", "-1"),
            'value "-1" for --cloud-port. Must be >= 0 and <= 65535.',
        ),
    ],
)
async def test_a_value_out_of_range_is_one_line_with_the_range(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], complaint: str
) -> None:
    monkeypatch.setattr(kinds, "GROUP", GROUP)
    kinds.installed_kinds.cache_clear()
    result = await cli("simulate", *words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: Invalid value ")
    assert complaint in result.err
    assert result.err.count("\n") == 1


async def test_a_decoders_value_out_of_range_too(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, capture: str
) -> None:
    monkeypatch.setattr(kinds, "GROUP", GROUP)
    kinds.installed_kinds.cache_clear()
    result = await cli("decode", "lamarzocco-direct", capture, "--port", "0")
    assert result.code == 2
    assert '"0" for --port. Must be >= 1 and <= 65535.' in result.err


class Limited(msgspec.Struct):
    """One option for each way to limit a value."""

    low: Annotated[int, msgspec.Meta(ge=1, lt=5)] = 1
    steps: Annotated[int, msgspec.Meta(multiple_of=5)] = 5
    maybe: Annotated[float, msgspec.Meta(gt=0)] | None = None
    word: Annotated[str, msgspec.Meta(min_length=2, max_length=4, description="A word.")] = "word"
    many: tuple[Annotated[str, msgspec.Meta(pattern="^[a-z]$")], ...] = ()
    free: int = 0
    hidden: Annotated[str, msgspec.Meta(description="No limit.")] = ""


@pytest.mark.parametrize(
    ("option", "good", "bad", "limits"),
    [
        ("low", 4, 5, "Must be >= 1 and < 5."),
        ("steps", 10, 11, "Must be a multiple of 5."),
        ("maybe", 0.5, 0.0, "Must be > 0."),
        ("word", "four", "fiver", "Must be of length >= 2 and of length <= 4."),
        ("many", ("a", "b"), ("a", "bc"), "Must be like ^[a-z]$."),
    ],
)
def test_every_limit_is_checked(option: str, good: object, bad: object, limits: str) -> None:
    checks = {each.name: each.annotation.__metadata__[0].validator for each in derived_parameters(Limited)}
    (check,) = checks[option]
    check(None, good)
    with pytest.raises(ValueError, match=re.escape(limits)):
        check(None, bad)
    assert not checks["free"]
    assert not checks["hidden"]


GROUP = kinds.GROUP


async def test_simulate_tells_how_to_reach_it_and_serves(cli: Cli) -> None:
    simulating = asyncio.ensure_future(
        cli("simulate", "tin-kettle", "--port", "18831", "--on", "--speed", "10")
    )
    await asyncio.sleep(0.5)
    words = ("-c", "tin-kettle,host=127.0.0.1,port=18831,password=env:KETTLE")
    result = await cli("status", "--json", *words)
    assert result.documents[0]["appliances"][0]["values"]["temperature"] > 20
    simulating.cancel()
    await asyncio.wait([simulating])
    assert simulating.cancelled()


SIMULATED = [kind for kind in kinds.installed_kinds().values() if kind.simulator]


@pytest.mark.parametrize("kind", SIMULATED, ids=lambda kind: kind.kind)
async def test_every_simulator_lives_as_fast_as_it_is_told(
    cli: Cli, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    speeds: list[float] = []
    simulator_type = kind.load_simulator()

    async def start(simulator: Any) -> None:
        speeds.append(simulator.clock.speed)
        raise ConnectionFailed("enough is known")

    monkeypatch.setattr(simulator_type, "start", start)
    monkeypatch.setattr(kinds, "GROUP", GROUP)
    kinds.installed_kinds.cache_clear()
    await cli("simulate", kind.kind, "--speed", "10")
    assert speeds == [10.0]


async def test_doctor_finds_nothing_wrong_or_says_what_to_do(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    fine = await cli("doctor", *running.words)
    assert (fine.code, fine.err) == (0, "Everything is fine.\n")
    assert "✓ tin-kettle: password: accepted" in fine.out
    locked = await kettle(password="coffee")
    wrong = await cli("doctor", *locked.words)
    assert wrong.code == 1
    assert "✗ tin-kettle: password: the kettle does not take this password\n    → Look under" in wrong.out
    checks = (await cli("doctor", "--json", *locked.words)).documents
    assert [(one["schema"], one["ok"]) for one in checks][-1] == ("homewire.check/1", False)
    assert (await cli("doctor", "--demo")).code == 0


async def test_doctor_checks_in_general_where_a_kind_brings_no_checks(
    cli: Cli, kettle: Kettle, monkeypatch: pytest.MonkeyPatch
) -> None:
    tin_kettle = importlib.import_module("tin_kettle")

    from homewire import kinds

    plain = Kind(kind="tin-kettle", summary="A kettle", connection=tin_kettle.KIND.connection)
    monkeypatch.setattr(tin_kettle, "KIND", plain)
    kinds.installed_kinds.cache_clear()
    running = await kettle()
    fine = await cli("doctor", *running.words)
    assert "✓ tin-kettle: opening: open; behind it: Tea Kettle" in fine.out
    gone = await cli("doctor", "-c", "tin-kettle,host=127.0.0.1,port=1,password=env:KETTLE")
    assert (gone.code, "127.0.0.1 port 1 refuses or cannot be reached" in gone.out) == (1, True)
    unknown = await cli("doctor", "-c", "tin-kettle,host=no.such.invalid,password=env:KETTLE")
    assert "Check the spelling, or write the IP address" in unknown.out


async def test_doctor_goes_on_after_a_connection_whose_secret_is_missing(cli: Cli) -> None:
    _write_two_connections()
    result = await cli("doctor")
    assert result.code == 1
    assert "✗ One: configuration: homewire.toml:6: the secret env:NOT_SET does not exist" in result.out
    assert "→ Set the environment variable NOT_SET." in result.out
    assert "✗ Two: connection:" in result.out
    assert "2 things need your attention." in result.err


def _write_two_connections() -> None:
    entries = (
        f'[[connections]]\nkind="tin-kettle"\nname="{name}"\nhost="127.0.0.1"\nport=1\npassword="env:{key}"\n'
        for name, key in (("One", "NOT_SET"), ("Two", "KETTLE"))
    )
    Path("homewire.toml").write_text("".join(entries))


async def test_demo_once_reads_everything(cli: Cli) -> None:
    result = await cli("demo", "--once", "--json")
    assert (result.code, result.err) == (0, "")
    [appliance] = result.documents[0]["appliances"]
    assert set(appliance["values"]) | {"whistle", "descale", "boiled"} == set(appliance["features"])
    assert None not in appliance["values"].values()


async def test_demo_without_a_terminal_prints_changes(cli: Cli) -> None:
    result = await cli("demo", "tin-kettle", "--for", "3", "--speed", "2")
    assert result.code == 0
    assert "Temperature" in result.out
    assert (await cli("demo", "toaster")).code == 3


async def test_a_kind_that_cannot_be_simulated_is_left_out_of_the_home() -> None:
    tin_kettle = importlib.import_module("tin_kettle")

    broken = Kind(kind="broken", summary="", connection="", simulator="tests.needs_a_missing_package:Thing")
    async with VirtualHome([broken, tin_kettle.KIND]) as home:
        assert [one.name for one in home.connections()] == ["tin-kettle"]
        [problem] = home.problems
        assert problem.startswith("broken is not simulated: the Python package not_there is not installed.")
    assert home.simulators == ()


async def test_watch_and_demo_speak_the_same_json(cli: Cli) -> None:
    watched = await cli("watch", "--demo", "--json", "--count", "1")
    shown = await cli("demo", "--json", "--for", "5", "--speed", "1")
    for result in (watched, shown):
        first, change, *_ = (json.loads(line) for line in result.out.splitlines())
        assert (first["schema"], change["schema"]) == ("homewire.status/1", "homewire.change/1")
