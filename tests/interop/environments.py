"""Environments of their own for other people's clients, and a way to run them against our simulators.

The proof that codec and simulator are not wrong together is a client that nobody here wrote. Such a client
lives in a virtual environment under `.interop/`, built once with pinned packages on a Python that suits it;
a stamp tells whether it is still the right one. A test hands it a script and plain arguments and gets plain
JSON back:

    LMDIRECT = Environment("lmdirect", ("lmdirect==0.9.4", …))
    found = await run_script(LMDIRECT, SCRIPT, {"host": "127.0.0.1", "port": 1774})

The script finds its arguments in the variable `arguments` and leaves its answer in `result`; a coroutine
function `main(arguments)` is awaited and returns it. What it prints is shown when it fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Environment", "ForeignClientFailed", "NoSuitablePython", "build", "run_script"]

ROOT = Path(__file__).resolve().parents[2] / ".interop"

PYTHONS = ("3.13", "3.12", "3.11", "3.10", "3.9")
"""Tried in this order when an environment does not care."""

RUN_WITHIN_S = 120.0
"""A foreign client that has not finished by then hangs; real seconds, because it does not travel in time."""

_WRAPPER = """
import asyncio, inspect, json, sys, traceback
job = json.loads(sys.stdin.readline())
scope = {"__name__": "foreign", "arguments": job["arguments"]}
try:
    exec(compile(job["script"], "<foreign script>", "exec"), scope)
    main = scope.get("main")
    if inspect.iscoroutinefunction(main):
        scope["result"] = asyncio.run(main(job["arguments"]))
    elif main is not None:
        scope["result"] = main(job["arguments"])
    answer = {"result": scope.get("result")}
except BaseException:
    answer = {"error": traceback.format_exc()}
with open(job["answer"], "w") as file:
    json.dump(answer, file, default=str)
"""


class ForeignClientFailed(AssertionError):
    """A foreign client raised, hung, or could not be installed; the message carries what it said."""


class NoSuitablePython(ForeignClientFailed):
    """No Python that a foreign client runs on is installed, and none can be made here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Environment:
    """A foreign client's home: its name, its pinned packages, the Pythons that suit it (best first).

    `pip` pins the installer, for packages whose metadata newer ones refuse.
    """

    name: str
    requirements: tuple[str, ...]
    pythons: tuple[str, ...] = PYTHONS
    pip: str | None = None

    def stamp(self, interpreter: str) -> str:
        """Return what changes whenever the environment must be built anew."""
        parts = (interpreter, self.pip or "", *self.requirements)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@functools.cache
def build(environment: Environment) -> Path:
    """Return the interpreter of the environment, building it when its stamp is missing or old."""
    interpreter = _interpreter(environment.pythons)
    home, stamp = ROOT / environment.name, environment.stamp(interpreter)
    with _locked(environment.name):
        marker = home / "stamp"
        if not marker.exists() or marker.read_text() != stamp:
            shutil.rmtree(home, ignore_errors=True)
            _install(environment, interpreter, home)
            marker.write_text(stamp)
    return home / "bin" / "python"


async def run_script(
    environment: Environment,
    script: str,
    arguments: Mapping[str, Any],
    *,
    within_s: float = RUN_WITHIN_S,
    variables: Mapping[str, str] | None = None,
) -> Any:
    """Run a script in the environment beside the caller's event loop and return its result, as JSON has it.

    Raises ForeignClientFailed with the script's own traceback and output.
    """
    python = await asyncio.to_thread(build, environment)
    ROOT.mkdir(exist_ok=True)
    answer = ROOT / f"answer-{environment.name}-{os.getpid()}-{id(arguments)}.json"
    job = {"script": script, "arguments": dict(arguments), "answer": str(answer)}
    try:
        said = await _run(python, json.dumps(job) + "\n", within_s, dict(variables or {}))
        outcome = json.loads(answer.read_text()) if answer.exists() else {"error": "it left no answer"}
    finally:
        answer.unlink(missing_ok=True)
    if "error" in outcome:
        raise ForeignClientFailed(f"{environment.name}: {outcome['error']}\n{said}")
    return outcome["result"]


async def _run(python: Path, job: str, within_s: float, variables: Mapping[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        str(python),
        "-c",
        _WRAPPER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**_clean_environment(), **variables},
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(job.encode()), within_s)
    except BaseException as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        if isinstance(error, TimeoutError):
            raise ForeignClientFailed(f"it has not finished within {within_s:.0f} s") from error
        raise
    return said.decode(errors="replace")


def _clean_environment() -> dict[str, str]:
    """Return the environment without what would lead a foreign Python to our packages."""
    ours = ("PYTHON", "VIRTUAL_ENV", "COV_", "COVERAGE")
    return {key: value for key, value in os.environ.items() if not key.startswith(ours)}


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    """Let one process build an environment while the others wait."""
    ROOT.mkdir(exist_ok=True)
    with (ROOT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(environment: Environment, interpreter: str, home: Path) -> None:
    _call(interpreter, "-m", "venv", str(home))
    python = str(home / "bin" / "python")
    pip = (python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    if environment.pip:
        _call(*pip, f"pip=={environment.pip}")
    if environment.requirements:
        _call(*pip, *environment.requirements)


def _call(*command: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own constants
        command, check=False, capture_output=True, text=True, env=_clean_environment()
    )
    if done.returncode:
        raise ForeignClientFailed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _interpreter(versions: tuple[str, ...]) -> str:
    """Return the first installed Python of these versions."""
    for version in versions:
        for candidate in _candidates(version):
            if candidate and _is_version(candidate, version):
                return str(Path(candidate).resolve())
    raise NoSuitablePython(f"this client needs one of Python {', '.join(versions)}; none is installed")


def _candidates(version: str) -> Iterator[str | None]:
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield getattr(sys, "_base_executable", sys.executable)
    store = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for installed in sorted(store.glob(f"{version}.*/bin/python"), reverse=True):
        yield str(installed)
    yield shutil.which(f"python{version}")
    yield shutil.which("python3")


@functools.cache
def _is_version(candidate: str, version: str) -> bool:
    """Tell whether it runs, is that version and can make environments."""
    probe = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(  # noqa: S603 - a Python that was found on this machine
            (candidate, "-c", probe), check=False, capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == version
