"""set, press: what is checked before, what is waited for, and how each failure reads."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Cli, Kettle


async def test_set_returns_once_it_took_effect(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    result = await cli("set", "tea", "power", "on", *running.words)
    assert (result.code, result.out, result.err) == (0, "Tea Kettle: Power is on\n", "")
    assert running.simulator.written == [{"power": True}]


async def test_set_takes_several_and_names_as_people_write_them(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    result = await cli("set", "tea", "target=92.5", "Mode=FAST", "wake at=7:15", *running.words)
    assert result.code == 0
    assert running.simulator.written == [{"target": 92.5}, {"mode": "fast"}, {"wake": "07:15"}]


async def test_nothing_is_sent_when_one_of_several_is_wrong(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    result = await cli("set", "tea", "power=on", "target=-5", *running.words)
    assert result.code == 7
    assert result.err == (
        "error: Tea Kettle: Target temperature (target) does not take -5. "
        "Allowed: 40 to 100 °C in steps of 0.5.\n"
    )
    assert running.simulator.written == []


async def test_a_command_as_json_tells_its_story(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    [story] = (await cli("set", "tea", "power=on", "--json", *running.words)).documents
    assert (story["schema"], story["stage"], story["value"]) == ("homewire.command/1", "confirmed", True)
    assert list(story["times"]) == ["queued", "sent", "accepted", "confirmed"]


async def test_a_dry_run_sends_nothing(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    result = await cli("set", "tea", "lid", "unlock", "--dry-run", *running.words)
    assert result.out == "Tea Kettle: would set to unlocked: Lid (dangerous: needs consent)\n"
    [document] = (await cli("press", "tea", "whistle", "--dry-run", "--json", *running.words)).documents
    assert (document["schema"], document["key"]) == ("homewire.dry-run/1", "whistle")
    assert running.simulator.written == []


async def test_danger_needs_consent(cli: Cli, kettle: Kettle) -> None:
    running = await kettle()
    refused = await cli("press", "tea", "descale", *running.words)
    assert refused.code == 7
    assert 'allow = ["tin-kettle:K1/descale"]' in refused.err
    assert "--dangerous" in refused.err
    assert running.simulator.written == []
    assert (await cli("press", "tea", "descale", "--dangerous", *running.words)).code == 0
    described = running.words[1] + ",allow=lid"
    assert (await cli("set", "tea", "lid", "unlock", "-c", described)).code == 0


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("set", "tea", "mode", "slow"), 7, "Mode (mode) does not take 'slow'. Allowed: eco, fast."),
        (("set", "tea", "temperature", "5"), 7, "Temperature (temperature) cannot be set. Allowed: nothing"),
        (("set", "tea", "temp", "50"), 3, "there is no feature 'temp'. Did you mean temperature"),
        (("set", "tea", "trget", "50"), 3, "there is no feature 'trget'. Did you mean target"),
        (("set", "tea", "zzz", "50"), 3, "`homewire status` lists its features."),
        (("set", "tea", "power"), 2, "what to set is not clear from 'power'. Write FEATURE VALUE"),
        (("press", "tea", "power"), 7, "Power (power) is not something to press. Use `homewire set`"),
        (("set", "coffee", "power", "on"), 3, "there is no appliance 'coffee'"),
    ],
)
async def test_bad_input_is_one_clear_line(
    cli: Cli, kettle: Kettle, words: tuple[str, ...], code: int, complaint: str
) -> None:
    running = await kettle()
    result = await cli(*words, *running.words)
    assert (result.code, result.out) == (code, "")
    assert complaint in result.err
    assert result.err.count("\n") == 1
    assert running.simulator.written == []


@pytest.mark.parametrize(
    ("options", "code", "complaint"),
    [
        (
            {"password": "coffee"},
            4,
            "tin-kettle: the kettle does not take this password. Look under its base.",
        ),
        ({"busy": True}, 5, "tin-kettle: the kettle talks to somebody else. Close the other program."),
        ({"empty": True}, 7, "Tea Kettle: the kettle is empty. Fill in water."),
        ({"mute": True}, 8, "Tea Kettle: power was not confirmed within 3 s. It may still take effect"),
    ],
)
async def test_each_refusal_is_one_clear_line_with_its_exit_code(
    cli: Cli, kettle: Kettle, options: dict[str, object], code: int, complaint: str
) -> None:
    running = await kettle(**options)
    result = await cli("set", "tea", "power", "on", "--timeout", "3", *running.words)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(f"error: {complaint}")
    assert result.err.count("\n") == 1


async def test_debug_shows_where_it_went_wrong(cli: Cli, kettle: Kettle) -> None:
    running = await kettle(password="coffee")
    result = await cli("status", "--debug", *running.words)
    assert "Traceback (most recent call last):" in result.err
    assert result.err.splitlines()[-1].startswith("error: tin-kettle: the kettle does not take this password")
    assert "tea" not in result.err.replace("tea-", "")


async def test_quiet_tells_only_errors(cli: Cli, kettle: Kettle) -> None:
    running = await kettle(on=True)
    assert (await cli("watch", "-q", "--for", "2", *running.words)).err == ""
    assert (await cli("set", "tea", "x", "1", "-q", *running.words)).err.startswith("error: ")


async def test_an_unexpected_error_is_one_line_too(
    cli: Cli, kettle: Kettle, monkeypatch: pytest.MonkeyPatch
) -> None:
    from homewire.cli import status

    def fail(*_args: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(status, "find_appliances", fail)
    result = await cli("status", *(await kettle()).words)
    assert result.code == 1
    assert result.err == "error: division by zero (ZeroDivisionError; --debug shows where)\n"
