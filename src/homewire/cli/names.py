"""What a shell may complete: names of connections and features, from homewire.toml and the catalogues.

Nothing is opened for it: a Tab key must not reach for a machine. A mistake in the file completes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from homewire.cli.targets import slug

if TYPE_CHECKING:
    from cyclopts.completion._engine import CompletionContext

    from homewire.config import ConnectionEntry
    from homewire.features import Feature

__all__ = ["buttons", "changes", "connections"]


def connections(_context: CompletionContext) -> list[tuple[str, str]]:
    """Return the names of the configured connections, each with its kind."""
    return [(slug(entry.name), entry.kind) for entry in _entries()]


def buttons(context: CompletionContext) -> list[tuple[str, str]]:
    """Return what can be pressed on the appliance that was typed before."""
    return [(one.key, one.name) for one in _features(context) if one.pressable]


def changes(context: CompletionContext) -> list[tuple[str, str]]:
    """Return what can be set on the appliance that was typed before, as FEATURE=."""
    return [(f"{one.key}=", one.allowed) for one in _features(context) if one.writable and not one.pressable]


def _entries() -> tuple[ConnectionEntry, ...]:
    from homewire.config import default_path, load  # noqa: PLC0415 - only for completion

    return load(default_path()).connections


def _features(context: CompletionContext) -> Iterator[Feature]:
    """Yield the features of every model that the typed connection's kind knows, each key once."""
    from homewire.kinds import find_kind  # noqa: PLC0415 - only for completion

    wanted = slug(context["appliance"].raw or "")
    kinds = {entry.kind for entry in _entries() if slug(entry.name) == wanted}
    seen: dict[str, Feature] = {}
    for kind in sorted(kinds):
        for _, features in find_kind(kind).load_catalogue()():
            seen |= {one.key: one for one in features if one.key not in seen}
    yield from seen.values()
