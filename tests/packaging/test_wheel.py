"""The wheel as users install it: its content, and that the core runs with nothing but its dependencies."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.interop.environments import Environment, run_script

ROOT = Path(__file__).parents[2]
CORE_PACKAGES = ("aiohttp", "cryptography", "msgspec", "zeroconf")

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("wheel")]


def _pinned(names: tuple[str, ...]) -> tuple[str, ...]:
    pins = dict(re.findall(r"(?m)^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text()))
    return tuple(f"{name}=={pins[name]}" for name in names)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel; the path of its unpacked content."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own build
    [built] = folder.glob("*.whl")
    unpacked = folder / "unpacked"
    zipfile.ZipFile(built).extractall(unpacked)
    return unpacked


def test_holds_the_package_and_nothing_of_the_tests(wheel: Path) -> None:
    files = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file()}
    assert "homewire/py.typed" in files
    assert any(name.endswith("licenses/LICENSE") for name in files)
    assert {name.split("/")[0].partition("-")[0] for name in files} == {"homewire"}
    recordings = {path.name for path in (ROOT / "tests" / "captures").rglob("*.json")}
    assert not {name for name in files if Path(name).name in recordings}


EVERY_KIND = """
import asyncio, importlib.metadata, sys
import homewire
from homewire.kinds import installed_kinds

async def main(arguments):
    readings = {}
    for name, kind in installed_kinds().items():
        simulator_class = kind.load_simulator()
        async with simulator_class(simulator_class.Options()) as simulator:
            async with homewire.connect(name, **simulator.settings()) as connection:
                readings[name] = {a.identity.id: sum(v is not None for v in a.state.values())
                                  for a in connection.appliances.values()}
    installed = sorted(d.metadata["Name"].lower() for d in importlib.metadata.distributions())
    return {"readings": readings, "installed": installed}
"""


async def test_the_core_alone_reads_every_kind_of_appliance(wheel: Path) -> None:
    core = Environment(
        "core", _pinned(CORE_PACKAGES), pythons=(f"{sys.version_info[0]}.{sys.version_info[1]}",)
    )
    found: dict[str, Any] = await run_script(core, EVERY_KIND, {}, variables={"PYTHONPATH": str(wheel)})
    extras = {
        "bleak",
        "rich",
        "cyclopts",
        "litestar",
        "sqlalchemy",
        "aiomqtt",
        "prometheus-client",
        "tomlkit",
    }
    assert not extras & set(found["installed"])
    assert found["readings"]
    for kind, appliances in found["readings"].items():
        assert appliances, f"{kind} brought no appliance"
        assert all(known > 2 for known in appliances.values()), f"{kind} read next to nothing: {appliances}"
