"""The public names, what importing them costs, and which way imports point."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import homewire

SOURCE = Path(homewire.__file__).parent

HEAVY = (
    "aiohttp",
    "zeroconf",
    "bleak",
    "bumble",
    "cryptography",
    "litestar",
    "sqlalchemy",
    "rich",
    "aiomqtt",
)


def test_public_names_are_these() -> None:
    assert homewire.__all__ == [
        "Appliance",
        "AuthenticationFailed",
        "Availability",
        "Change",
        "Command",
        "CommandRejected",
        "CommandSuperseded",
        "CommandTimeout",
        "ConfigurationError",
        "Connection",
        "ConnectionFailed",
        "ConnectionLost",
        "HomewireError",
        "Identity",
        "InvalidValue",
        "NotFound",
        "NotSupported",
        "Occurrence",
        "Origin",
        "ProtocolError",
        "RemoteControlDisabled",
        "Stage",
        "__version__",
        "connect",
        "discover",
    ]
    for name in homewire.__all__:
        assert getattr(homewire, name) is not None
    assert dir(homewire) == sorted(homewire.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = homewire.nothing


def test_importing_homewire_brings_no_heavy_library() -> None:
    script = f"import sys, homewire; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


ROOMS = {"codec": 0, "models": 0, "client": 1, "appliance": 2, "connection": 3}
"""The rooms of a protocol package, each allowed to import from those of its own or a lower rank."""

CORE = {path.stem for path in SOURCE.glob("*.py")} | {"link"}
OUTER = {"bridge", "cli"}
SHARED = CORE | OUTER | {"simulation"}


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every homewire module that a file imports at run time, with its line."""
    tree = ast.parse(path.read_text())
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (
                (node.lineno, alias.name) for alias in node.names if alias.name.startswith("homewire")
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("homewire"):
            for alias in node.names:
                dotted = f"{node.module}.{alias.name}"
                target = SOURCE.parent / Path(*dotted.split("."))
                is_module = target.with_suffix(".py").exists() or target.is_dir()
                yield node.lineno, dotted if is_module else str(node.module)


def _violations(path: Path) -> Iterator[str]:
    here = list(path.relative_to(SOURCE).with_suffix("").parts)
    for line, dotted in _imports(path):
        reason = _broken_rule(here, dotted.split(".")[1:])
        if reason:
            yield f"{path.relative_to(SOURCE)}:{line} imports {dotted}: {reason}"


def _broken_rule(here: list[str], there: list[str]) -> str | None:
    home, target = here[0], (there or ["__init__"])[0]
    rules = {
        "nobody imports bridge or cli": target in OUTER and home not in OUTER,
        "the bridge knows no vendor": home == "bridge" and target not in SHARED,
        "the core imports neither vendors nor simulators": home in CORE and target not in CORE,
        "what simulators share knows no vendor": home == "simulation" and target not in CORE | {"simulation"},
        "vendors do not import each other": not {home, target} & SHARED and home != target,
        "simulators import codecs and models, never clients": home == target
        and _from_a_simulator(here, there),
        "codec, models, client, appliance, connection: one way": here[:-1] == there[: len(here) - 1]
        and _backwards(_room(here), _room(there)),
    }
    return next((reason for reason, broken in rules.items() if broken), None)


def _from_a_simulator(here: list[str], there: list[str]) -> bool:
    return "simulator" in here and _room(there) in ("client", "appliance", "connection")


def _backwards(room: str, other: str) -> bool:
    return room in ROOMS and other in ROOMS and ROOMS[other] > ROOMS[room]


def _room(parts: list[str]) -> str:
    return next((part for part in parts if part in (*ROOMS, "simulator")), "")


def test_imports_point_one_way() -> None:
    found = [violation for path in sorted(SOURCE.rglob("*.py")) for violation in _violations(path)]
    assert found == []


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("clock", "bridge.service"),
        ("bridge.mqtt", "miele.client"),
        ("appliance", "miele.codes"),
        ("appliance", "simulation.simulator"),
        ("simulation.home", "homismart.simulator"),
        ("miele.client", "homismart.client"),
        ("homismart.simulator", "homismart.client"),
        ("lamarzocco.direct.codec", "lamarzocco.direct.client"),
        ("homismart.client", "homismart.appliance"),
    ],
)
def test_the_rules_catch_what_they_forbid(here: str, there: str) -> None:
    assert _broken_rule(here.split("."), there.split(".")) is not None
