"""Makes the example kind known to the core for a test, as an installed package would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from homewire.kinds import Kind, installed_kinds

EXAMPLE = Kind(kind="example", summary="A kettle", connection="tests.example:KettleConnection")


@contextmanager
def example_kind() -> Iterator[Kind]:
    """Install the example kind beside the real ones."""
    kinds = {**installed_kinds(), "example": EXAMPLE}
    with pytest.MonkeyPatch.context() as patch:
        for module in ("homewire.kinds", "homewire.discovery"):
            patch.setattr(f"{module}.installed_kinds", lambda: kinds)
        yield EXAMPLE
