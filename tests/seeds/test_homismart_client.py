"""The example of homismart-client's description, unchanged but for the import lines and the address.

The description that survives breaks off inside `logging.basicConfig(`: EXAMPLE is what there is, word for
word; REST goes on with what the same description documents (environment variables, `connect`, the session's
listeners, `get_all_devices`, `turn_on`, `toggle`, `disconnect`) in the order that it announces: connecting,
listing devices, performing a simple action.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from homewire.homismart.simulator import HomismartSimulator, SimulatorOptions

EXAMPLE = """\
import asyncio
import logging
import os

# Make sure the library is installed or sys.path is configured
from homismart_client import (
    HomismartClient,
    AuthenticationError,
    ConnectionError,
    HomismartError
)
from homismart_client.devices import SwitchableDevice, HomismartDevice

# Configure basic logging
logging.basicConfig(
    level=logging.INFO,
    format="%(asctime)s - %(name)s - %(levelname)s - %(message)s\""""

REST = """
)

said = []


def on_new_device(device: HomismartDevice):
    said.append(f"new {device.name}")


def on_device_updated(device: HomismartDevice):
    said.append(f"updated {device.name}")


def on_authenticated(username: str):
    said.append(f"authenticated {username}")


def on_session_error(details: dict):
    said.append(f"error {details}")


async def main():
    client = HomismartClient(
        os.environ.get("HOMISMART_USERNAME"), os.environ.get("HOMISMART_PASSWORD"), **ADDRESS
    )
    client.session.register_event_listener("new_device_added", on_new_device)
    client.session.register_event_listener("device_updated", on_device_updated)
    client.session.register_event_listener("session_authenticated", on_authenticated)
    client.session.register_event_listener("session_error", on_session_error)
    try:
        await client.connect()
        for device in client.session.get_all_devices():
            said.append(f"{device.id} {device.name} {device.device_type_enum.name} {device.is_online}")
            if isinstance(device, SwitchableDevice):
                await device.turn_on()
                await device.toggle()
                said.append(f"is on: {device.is_on}")
    except AuthenticationError as error:
        said.append(f"authentication failed: {error}")
    except ConnectionError as error:
        said.append(f"connection failed: {error}")
    except HomismartError as error:
        said.append(f"failed: {error}")
    finally:
        await client.disconnect()
    return said
"""


@pytest.fixture(autouse=True)
def root_level() -> Iterator[None]:
    """Put back what the example's `basicConfig` sets."""
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


def program(**address: Any) -> Any:
    text = (EXAMPLE + REST).replace("homismart_client", "homewire.homismart")
    scope: dict[str, Any] = {"ADDRESS": address}
    exec(compile(text, "<example>", "exec"), scope)  # noqa: S102 - our own text, a few lines above
    return scope["main"]


def test_only_the_import_lines_change() -> None:
    changed = (EXAMPLE + REST).replace("homismart_client", "homewire.homismart").splitlines()
    lines = [
        ours for theirs, ours in zip((EXAMPLE + REST).splitlines(), changed, strict=True) if theirs != ours
    ]
    assert lines == [
        "from homewire.homismart import (",
        "from homewire.homismart.devices import SwitchableDevice, HomismartDevice",
    ]


async def test_the_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMISMART_USERNAME", "dana@example.com")
    monkeypatch.setenv("HOMISMART_PASSWORD", "open-sesame")
    async with HomismartSimulator(SimulatorOptions()) as cloud:
        assert cloud.certificate is not None
        said = await program(url=cloud.url, ssl=cloud.certificate.trust())()
        await asyncio.sleep(0.1)
        assert cloud.connections == []
    assert said[0] == "authenticated dana@example.com"
    assert said.count("is on: False") == 6
    assert "new Office light" in said
    assert "updated Office light" in said
    assert "04510000000401 Kitchen shutter SHUTTER True" in said
    assert not [line for line in said if "failed" in line or "error" in line]


async def test_the_examples_errors_are_the_named_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOMISMART_USERNAME", "dana@example.com")
    monkeypatch.setenv("HOMISMART_PASSWORD", "wrong")
    async with HomismartSimulator(SimulatorOptions()) as cloud:
        assert cloud.certificate is not None
        trust, url = cloud.certificate.trust(), cloud.url
        said = await program(url=url, ssl=trust)()
        assert "authentication failed: the login of dana@example.com was refused" in said[-1]
    said = await program(url=url, ssl=trust)()
    assert said[-1].startswith("connection failed: 127.0.0.1 cannot be reached")
