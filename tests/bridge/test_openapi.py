from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from homewire.bridge.http.app import make_app
from homewire.bridge.metrics import Metrics
from homewire.bridge.registry import Registry
from homewire.bridge.settings import HttpSettings
from tests.bridge.conftest import Api, running_api
from tests.bridge.kitchen import KitchenConnection, entry

pytestmark = pytest.mark.real_time

_UNDESCRIBED = {"/api/v1/openapi.json", "/api/v1/events"}
"""The description itself, and the WebSocket, which OpenAPI cannot describe."""


def routes_of(app: Any) -> set[tuple[str, str]]:
    found = set()
    for route in app.routes:
        if route.path_format in _UNDESCRIBED:
            continue
        found |= {(route.path_format, method.lower()) for method in route.methods if method != "OPTIONS"}
    return found


async def test_the_description_and_the_routes_are_the_same(registry: Registry) -> None:
    async with running_api(registry, scrape=Metrics(registry).page) as api:
        document = await api.json("GET", "/api/v1/openapi.json")
        described = {
            (path, method)
            for path, item in document["paths"].items()
            for method in item
            if method in ("get", "post", "put", "delete", "patch", "head")
        }
        routes = {(path, method) for path, method in routes_of(make_app(api.parts)) if method != "head"}
    assert document["openapi"].startswith("3.1")
    assert described == routes


def documented_routes() -> set[tuple[str, str]]:
    """Return the routes in the table of docs/http-api.md."""
    text = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text("utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    found = set()
    for row in rows:
        for call in row.split("`")[1::2]:
            method, _, path = call.partition(" ")
            if path.startswith(("/api", "/metrics", "/healthz", "/readyz")):
                found.add((path, method.lower()))
    return found


async def test_the_guide_lists_every_route(registry: Registry) -> None:
    async with running_api(registry, scrape=Metrics(registry).page) as api:
        names = {"appliance_id": "id", "command_id": "command_id", "name": "name", "key": "key"}
        routes = {
            (path.format(**{k: "{" + v + "}" for k, v in names.items()}), method)
            for path, method in routes_of(make_app(api.parts))
            if method != "head"
        }
    documented = documented_routes()
    assert routes <= documented
    assert documented - routes == {("/api/v1/events", "get")}


async def test_every_operation_says_what_can_go_wrong(api: Api) -> None:
    document = await api.json("GET", "/api/v1/openapi.json")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            answers = operation["responses"]
            assert {"401", "403", "404", "421", "429"} <= set(answers), (path, method)
            assert "application/problem+json" in answers["404"]["content"]
    problem = document["components"]["schemas"]["Problem"]
    assert {"type", "title", "status", "detail", "code"} <= set(problem["properties"])


def write(file: Path, text: str) -> None:
    file.write_text(text)


async def test_schemathesis_finds_no_undocumented_answer(registry: Registry, tmp_path: Path) -> None:
    await registry.apply([entry("Kitchen")])
    await KitchenConnection.made["Kitchen"].ready.wait()
    settings = HttpSettings(port=0, requests_per_second=1e6, burst=1_000_000)
    async with running_api(registry, settings, scrape=Metrics(registry).page) as api:
        write(tmp_path / "schemathesis.toml", '[parameters]\nappliance_id = "test:kitchen"\n')
        command = [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{api.output.address}/api/v1/openapi.json",
            "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            "--exclude-path=/api/v1/events/stream",
            "--suppress-health-check=filter_too_much",
            "--max-examples=6",
            "--seed=1",
            "--phases=examples,coverage,fuzzing",
            "--generation-database=none",
        ]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-6000:]
