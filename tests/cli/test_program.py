"""The program as a process: what its start costs, how it ends, what it says when it cannot."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cli.conftest import Cli

from homewire.cli import main

Process = Callable[..., "subprocess.Popen[str]"]

HEAVY = ("aiohttp", "zeroconf", "bleak", "bumble", "cryptography", "litestar", "sqlalchemy", "asyncio", "ssl")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["status", "--help"], ["frobnicate"]])
def test_looking_at_the_program_imports_nothing_heavy(words: list[str]) -> None:
    watched = HEAVY if words[0] == "--help" else HEAVY[:-2]
    script = (
        "import sys; from homewire.cli.main import run; "
        f"run({words!r}); print([m for m in {watched!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_signal_ends_it_with_its_own_exit_code_and_without_noise(
    process: Process, number: signal.Signals, code: int
) -> None:
    running = process("simulate", "tin-kettle", "--json")
    assert running.stdout is not None
    shown = running.stdout.readline()
    assert '"homewire.simulator/1"' in shown
    assert '"password":"tea"' in shown
    running.send_signal(number)
    _, errors = running.communicate(timeout=20)
    assert (running.returncode, errors) == (code, "")


@pytest.mark.real_time
def test_a_simulator_tells_the_command_that_reads_it(process: Process) -> None:
    running = process("simulate", "lamarzocco-direct", "--key", "k" * 32)
    assert running.stdout is not None
    told = [running.stdout.readline() for _ in range(2)][1]
    running.terminate()
    running.communicate(timeout=20)
    assert told.startswith(
        f"Look at it with: KEY={'k' * 32} homewire status -c lamarzocco-direct,host=127.0.0.1,"
    )
    assert told.endswith(",key=env:KEY,hold=true\n")


@pytest.mark.real_time
@pytest.mark.parametrize(("words", "first"), [(["--json"], '"homewire.status/1"'), ([], "Tea")])
def test_a_reader_that_goes_away_ends_it_quietly(process: Process, words: list[str], first: str) -> None:
    running = process("demo", "tin-kettle", "--quiet", "--no-dashboard", *words)
    assert running.stdout is not None
    assert first in running.stdout.readline()
    running.stdout.close()
    assert running.stderr is not None
    errors = running.stderr.read()
    running.stderr.close()
    assert (running.wait(timeout=20), errors) == (141, "")


@pytest.mark.real_time
def test_a_vendor_package_on_the_path_is_part_of_the_program(process: Process) -> None:
    out, errors = process("demo", "tin-kettle", "--once", "--json").communicate(timeout=20)
    assert '"id":"tin-kettle:K1"' in out
    assert errors == ""


def test_without_its_libraries_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "homewire.cli.app", raising=False)
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    assert main.run(["status"]) == 1
    assert "pip install 'homewire[cli]'" in capsys.readouterr().err


def test_running_it_here_ends_with_the_code_of_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main.run(["demo", "--once", "--json", "tin-kettle"]) == 0
    assert '"homewire.status/1"' in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["homewire", "staus"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["staus"], "there is no command 'staus'. Did you mean status? See: homewire --help"),
        (["xyz"], "there is no command 'xyz'. There is: list, status,"),
        (["status", "--frob"], "Unknown option: --frob. See: homewire status --help"),
        (["set"], "requires an argument. See: homewire set --help"),
        (["set", "a", "b", "--timeout", "soon"], 'unable to convert "soon" into float'),
        (["simulate", "tin-kettle", "--speed", "0"], "Must be > 0"),
        (["simulate", "toaster"], "there is no command 'toaster'. There is: tin-kettle"),
        (["simulate", "tin-kettle", "--port", "x"], 'unable to convert "x" into int'),
    ],
)
async def test_a_mistyped_command_is_one_line_and_exit_code_2(
    cli: Cli, words: list[str], complaint: str
) -> None:
    result = await cli(*words)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: ")
    assert complaint in result.err
    assert result.err.count("\n") == 1


async def test_errors_are_json_when_everything_is(cli: Cli) -> None:
    result = await cli("frobnicate", "--json")
    assert result.err.startswith('{"schema":"homewire.error/1","code":"usage"')


async def test_help_is_data_and_reads_well(cli: Cli, capsys: pytest.CaptureFixture[str]) -> None:
    assert (await cli("--help")).code == 0
    shown = capsys.readouterr().out
    for word in ("list", "watch", "console", "demo", "--json", "--debug", "Try it without hardware"):
        assert word in shown
    assert (await cli("simulate", "tin-kettle", "--help")).code == 0
    shown = capsys.readouterr().out
    assert "TCP port, 0 for any." in shown
    assert "--hang-up-after-s FLOAT" in shown
    assert "A kettle with one place for a client." in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_completion_knows_the_commands(cli: Cli, shell: str) -> None:
    result = await cli("completion", shell)
    assert result.code == 0
    for word in ("watch", "doctor", "tin-kettle"):
        assert word in result.out


def test_the_bash_completion_is_valid_bash() -> None:
    script = subprocess.run(
        [sys.executable, "-m", "homewire.cli", "completion", "bash"], capture_output=True, check=True
    )
    checked = subprocess.run(["bash", "-n"], input=script.stdout, capture_output=True, check=False)  # noqa: S607 - the system's shell
    assert (checked.returncode, checked.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("set", ""), ["my-kitchen\ttin-kettle"]),
        (("status", "--connection", ""), ["my-kitchen\ttin-kettle"]),
        (("set", "my-kitchen", "mo"), ["mode=\teco, fast"]),
        (("press", "my-kitchen", "w"), ["whistle\tWhistle"]),
        (("press", "elsewhere", ""), []),
    ],
)
async def test_the_shell_completes_names_without_opening_anything(
    cli: Cli, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: list[str]
) -> None:
    _write_configuration()
    await cli("__complete", *words)
    offered = [line for line in capsys.readouterr().out.splitlines() if "\t" in line]
    assert set(expected) <= set(offered)
    assert bool(offered) == bool(expected)


def _write_configuration() -> None:
    Path("homewire.toml").write_text('[[connections]]\nkind="tin-kettle"\nname="My Kitchen"\nhost="h"\n')


async def test_completion_installs_itself(
    cli: Cli, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    result = await cli("completion", "fish", "--install")
    assert result.code == 0
    assert str(tmp_path) in result.out
