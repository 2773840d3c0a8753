"""The dashboard's files: served with strict rules, complete, and nothing from another host in them."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.bridge.conftest import Api, running_api
from yarl import URL

from homewire.bridge.registry import Registry
from homewire.bridge.web import web_router

STATIC = Path(str(importlib.resources.files("homewire.bridge.web"))) / "static"
OURS = [path for path in STATIC.rglob("*") if path.is_file() and "vendor" not in path.parts]
MODULES = sorted(STATIC.rglob("*.js"))


@pytest.fixture
async def api(registry: Registry) -> AsyncIterator[Api]:
    async with running_api(registry, root_routers=[web_router()]) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/assets/app.js", "text/javascript; charset=utf-8"),
        ("/assets/style/base.css", "text/css; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
        ("/assets/app.webmanifest", "application/manifest+json"),
        ("/assets/vendor/geist/geist-latin.woff2", "font/woff2"),
        ("/assets/vendor/lit/LICENSE", "text/plain"),
    ],
)
async def test_files_come_with_strict_rules(api: Api, path: str, media_type: str) -> None:
    async with api.session.get(api.output.address + path) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(media_type)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        etag, body = answer.headers["ETag"], await answer.read()
    assert body
    async with api.session.get(api.output.address + path, headers={"If-None-Match": etag}) as again:
        assert (again.status, await again.read()) == (304, b"")


async def test_text_is_compressed_for_who_takes_it(api: Api) -> None:
    address = f"{api.output.address}/assets/vendor/uplot/uplot.js"
    async with api.session.get(address, headers={"Accept-Encoding": "identity"}) as plain:
        assert "Content-Encoding" not in plain.headers
        size = int(plain.headers["Content-Length"])
    async with api.session.get(address, headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) < size / 2


@pytest.mark.parametrize(
    "path", ["/assets/nothing.js", "/assets/../routes.py", "/assets/%2e%2e/routes.py", "/assets//etc/passwd"]
)
async def test_nothing_else_is_served(api: Api, path: str) -> None:
    async with api.session.get(URL(api.output.address + path, encoded=True)) as got:
        answer = await got.json(content_type=None)
        assert got.status == 404
    assert answer["code"] == "not_found"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(STATIC)))
def test_every_import_is_there(module: Path) -> None:
    text = module.read_text()
    for name in re.findall(r'(?:^|[;}\s])(?:import|from)\s*\(?"([^"]+)"', text):
        assert name.startswith("."), f"{module.name} imports {name!r}, which only a bundler could find"
        assert (module.parent / name).is_file(), f"{module.name} imports {name!r}"


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(STATIC)))
def test_nothing_comes_from_another_host(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z0-9.-]+\.[a-z]{2,}/", text)
    for asset in re.findall(r'["(]/assets/([^")]+)', text):
        assert (STATIC / asset).is_file(), asset


def test_every_style_and_first_module_is_in_the_page() -> None:
    page = (STATIC / "index.html").read_text()
    assert {f"style/{path.name}" for path in (STATIC / "style").iterdir()} == set(
        re.findall(r'stylesheet" href="/assets/([^"]+)', page)
    )


@pytest.mark.parametrize("folder", ["lit", "uplot", "geist"])
def test_what_is_kept_in_the_tree_has_its_licence(folder: str) -> None:
    assert "Copyright" in (STATIC / "vendor" / folder / "LICENSE").read_text()


def test_no_vendor_is_named() -> None:
    for path in OURS:
        assert not re.search(r"marzocco|homismart|miele", path.read_text(), re.IGNORECASE), path
