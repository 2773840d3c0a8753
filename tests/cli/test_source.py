"""Where appliances come from: homewire.toml, --connection, --demo; and that no secret is an option."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.cli.conftest import Cli, Kettle


def _write(text: str, name: str = "homewire.toml") -> Path:
    file = Path(name)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("described", "complaint"),
    [
        (
            "tin-kettle,host=h,password=opensesame",
            "must not stand on the command line. Put it into an environment variable and write password=env:",
        ),
        ("tin-kettle,host=h,pin=opensesame", "the secret pin must not stand on the command line"),
        ("tin-kettle,host", "'host' in --connection is not setting=value"),
        ("tin-kettle,host=h", "needs the setting 'password'"),
        ("tin-kettle,host=h,password=env:KETTLE,prot=1", "has no setting 'prot'. Did you mean port?"),
        ("tin-kettle,host=h,password=env:KETTLE,port=one", "port=one is wrong: expected `int`"),
        ("tin-kettle,host=h,password=env:NOT_SET", "Set the environment variable NOT_SET."),
        ("tin-ketle,host=h", "there is no connection kind 'tin-ketle'. Did you mean tin-kettle?"),
    ],
)
async def test_a_wrong_description_is_a_usage_error_without_the_secret(
    cli: Cli, described: str, complaint: str
) -> None:
    result = await cli("status", "-c", described)
    assert result.code == 2
    assert complaint in result.err
    assert "opensesame" not in result.err


async def test_secrets_come_from_files_and_values_may_hold_commas_and_lists(
    cli: Cli, kettle: Kettle, tmp_path: Path
) -> None:
    running = await kettle()
    secret = _write("tea\n", str(tmp_path / "key"))
    words = running.words[1].replace("env:KETTLE", f"file:{secret},tags=a+b,name=Up\\, here")
    [document] = (await cli("list", "--json", "-c", words)).documents
    assert document["connections"][0]["name"] == "Up, here"


async def test_without_a_configuration_it_says_what_to_do(cli: Cli, tmp_path: Path) -> None:
    result = await cli("status")
    assert result.code == 9
    assert f"{tmp_path}/config/homewire/homewire.toml: there is no such file" in result.err
    assert "homewire discover" in result.err
    result = await cli("status", "--config", str(_write("", "empty.toml")))
    assert (result.code, "there is no enabled connection" in result.err) == (9, True)


async def test_an_unknown_connection_name_is_named_with_the_nearest(cli: Cli) -> None:
    _write('[[connections]]\nkind="tin-kettle"\nname="Kitchen"\nhost="h"\n')
    result = await cli("status", "-c", "Kitchn")
    assert result.code == 2
    assert "there is no connection 'Kitchn' in homewire.toml. There is: Kitchen." in result.err


async def test_a_configuration_that_others_can_read_is_a_warning_unless_quiet(
    cli: Cli, kettle: Kettle
) -> None:
    running = await kettle()
    port = running.simulator.settings()["port"]
    file = _write(f'[[connections]]\nkind="tin-kettle"\nhost="127.0.0.1"\nport={port}\npassword="tea"\n')
    os.chmod(file, 0o644)  # noqa: PTH101 - no blocking call on a path
    result = await cli("list")
    assert (result.code, result.err.count("chmod 600 homewire.toml")) == (0, 1)
    assert (await cli("list", "-q")).err == ""


async def test_the_demo_home_stands_in_for_a_configuration(cli: Cli) -> None:
    result = await cli("list", "--demo", "--json")
    assert [one["name"] for one in result.documents[0]["appliances"]] == ["Tea Kettle"]


async def test_verbose_shows_the_log(cli: Cli, kettle: Kettle) -> None:
    running = await kettle(hang_up_after_s=2.0)
    quiet = await cli("watch", "--for", "5", *running.words)
    assert "not reachable" not in quiet.err
    told = await cli("watch", "-v", "--for", "5", *running.words)
    assert "is not reachable: tin-kettle: the kettle hung up" in told.err or "kettle hung up" in told.err
