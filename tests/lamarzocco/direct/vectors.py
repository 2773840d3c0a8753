"""The project's vectors of the direct protocol (format: docs/protocols/lamarzocco-tcp.md section 17)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).parents[2] / "vectors" / "lamarzocco-tcp.json"

VECTORS: list[dict[str, Any]] = json.loads(PATH.read_text())


def vector(name: str) -> dict[str, Any]:
    """Return one vector by name."""
    return next(v for v in VECTORS if v["name"] == name)
