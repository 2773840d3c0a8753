"""Renew the browser libraries that the dashboard keeps in the tree, from their npm packages.

    python scripts/vendor_web.py

Files stay as published, except that imports by package name become relative (there is no build step to
resolve them), that references to source maps go, and that uPlot's browser script gets an export.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "src/homewire/bridge/web/static/vendor"
AXE = ROOT / "tests/e2e/vendor/axe"

PACKAGES = {
    "lit-html@3.3.3": (
        VENDOR / "lit",
        {
            "lit-html.js": "lit-html.js",
            "directive.js": "directive.js",
            "directive-helpers.js": "directive-helpers.js",
            "directives/repeat.js": "directives/repeat.js",
            "directives/live.js": "directives/live.js",
            "LICENSE": "LICENSE",
        },
    ),
    "lit-element@4.2.2": (VENDOR / "lit", {"lit-element.js": "lit-element.js"}),
    "@lit/reactive-element@2.1.2": (
        VENDOR / "lit",
        {"reactive-element.js": "reactive-element.js", "css-tag.js": "css-tag.js"},
    ),
    "uplot@1.6.32": (
        VENDOR / "uplot",
        {
            "dist/uPlot.iife.min.js": "uplot.js",
            "LICENSE": "LICENSE",
        },
    ),
    "@fontsource-variable/geist@5.3.0": (
        VENDOR / "geist",
        {
            "files/geist-latin-wght-normal.woff2": "geist-latin.woff2",
            "files/geist-latin-ext-wght-normal.woff2": "geist-latin-ext.woff2",
            "LICENSE": "LICENSE",
        },
    ),
    "axe-core@4.14.1": (
        AXE,
        {"axe.min.js": "axe.min.js", "LICENSE": "LICENSE", "LICENSE-3RD-PARTY.txt": "LICENSE-3RD-PARTY.txt"},
    ),
}

RELATIVE = {
    'from"@lit/reactive-element"': 'from"./reactive-element.js"',
    'from"lit-html"': 'from"./lit-html.js"',
}


def main() -> None:
    """Fetch every package and write its files."""
    for package, (target, files) in PACKAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            _unpack(package, Path(folder), target, files)


def _unpack(package: str, folder: Path, target: Path, files: dict[str, str]) -> None:
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        for source, name in files.items():
            member = packed.extractfile(f"package/{source}")
            if member is None:
                message = f"{package} has no {source}"
                raise SystemExit(message)
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_adapted(name, member.read()))
    print(f"{package} -> {target.relative_to(ROOT)}")


def _adapted(name: str, content: bytes) -> bytes:
    """Return a file as the dashboard serves it."""
    if not name.endswith(".js") or name == "axe.min.js":
        return content
    text = re.sub(r"\n//# sourceMappingURL=.*", "", content.decode())
    for package, path in RELATIVE.items():
        text = text.replace(package, path)
    if name == "uplot.js":
        text += "\nexport default uPlot;\n"
    return text.encode()


if __name__ == "__main__":
    main()
