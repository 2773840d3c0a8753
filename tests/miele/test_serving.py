"""The receiving end: what a strict and a lenient module take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "miele-crypto.json").read_text("utf-8")
)
ROUTE = "000177753917"


def _vector(table: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(vector for vector in VECTORS[table] if vector["id"] == name)
    return found


async def _status(simulator: MieleSimulator, vector: dict[str, Any]) -> int:
    """Send a recorded request as it is, Host header included."""
    headers = {
        "Host": vector["host"],
        "Accept": vector["accept"],
        "Date": vector["date"],
        "Content-Type": vector["content_type"] or "",
        "Authorization": vector["authorization"] or "",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            vector["method"],
            f"http://{simulator.host}{vector['path']}",
            headers={key: value for key, value in headers.items() if value},
            data=bytes.fromhex(vector["ciphertext_hex"]) or None,
            skip_auto_headers=("Content-Type",),
        ) as response,
    ):
        return response.status


def _options(vector: dict[str, Any], **more: Any) -> MieleSimulatorOptions:
    keys = {"group_id": vector["group_id"], "group_key": vector["group_key"]}
    if vector["id"] == "refuse-unknown-group":
        keys["group_id"] = "0A1B2C3D4E5F6071"
    return MieleSimulatorOptions(**keys, fab_number=ROUTE, scene="asleep", **more)


@pytest.mark.parametrize("vector", VECTORS["requests_to_refuse"], ids=lambda vector: str(vector["id"]))
async def test_a_strict_module_refuses_every_forged_request(vector: dict[str, Any]) -> None:
    async with MieleSimulator(_options(vector)) as simulator:
        assert await _status(simulator, vector) == vector["expect_status"]


@pytest.mark.parametrize("name", ["put-wake-mielerest", "put-wake-compact"])
async def test_a_module_takes_recorded_writes(name: str) -> None:
    vector = _vector("requests", name)
    async with MieleSimulator(_options(vector)) as simulator:
        assert await _status(simulator, vector) == 200
        assert not simulator.appliance.asleep


async def test_a_lenient_module_takes_asyncmieles_writes_too() -> None:
    vector = _vector("requests_to_refuse", "refuse-signed-over-unpadded-body")
    async with MieleSimulator(_options(vector, strict=False)) as simulator:
        assert await _status(simulator, vector) == 200
        flipped = vector | {"authorization": vector["authorization"][:-1] + "0"}
        assert await _status(simulator, flipped) == 403


async def test_a_picky_module_wants_upper_case() -> None:
    vector = _vector("requests", "put-wake-mielerest")
    scheme, _, rest = vector["authorization"].partition(" ")
    lower = vector | {"authorization": f"{scheme} {rest.lower()}"}
    async with MieleSimulator(_options(vector)) as simulator:
        assert await _status(simulator, lower) == 200
    async with MieleSimulator(_options(vector, upper_case_only=True)) as simulator:
        assert await _status(simulator, lower) == 403
