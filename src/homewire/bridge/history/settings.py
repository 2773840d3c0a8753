"""The `[history]` table of homewire.toml."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from homewire.errors import ConfigurationError
from homewire.secrets import Secret

__all__ = ["HistorySettings", "engine_url"]

_SCHEMES = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


class HistorySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept, where, and for how long. Zero days mean: for ever."""

    enabled: bool = True
    url: Secret | None = None
    """`postgresql://user:password@host/database` or `sqlite:///path`.

    By default SQLite in the data folder.
    """

    flush_s: float = 1.0
    """Seconds between two writes: what a crash can cost, together with the time that one write takes."""

    buffer: int = 100_000
    """Changes kept in memory while the database cannot be written.

    The oldest go first (about 300 bytes each).
    """

    changes_days: int = 30
    """Every single change of numbers and switches."""

    five_minutes_days: int = 365
    """Mean, minimum and maximum of every five minutes."""

    hours_days: int = 0
    """Mean, minimum and maximum of every hour."""

    texts_days: int = 365
    """Changes of texts, such as programme phases."""

    events_days: int = 0
    """Events, such as shots and finished programmes."""

    size_limit_mib: int = 0
    """SQLite only: the file grows no further than this; zero means no limit."""


def default_file() -> Path:
    """Return where the history is kept unless told otherwise: homewire's data folder."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "homewire" / "history.sqlite"


def engine_url(settings: HistorySettings) -> str:
    """Return the database address for SQLAlchemy; raise ConfigurationError for an unknown scheme."""
    if settings.url is None:
        return f"sqlite+aiosqlite:///{default_file()}"
    scheme, separator, rest = settings.url.reveal().partition("://")
    if not separator or scheme not in _SCHEMES:
        raise ConfigurationError(
            "history.url is no database address that homewire knows",
            key="url",
            hint="Use sqlite:///path/to/file or postgresql://user:password@host/database.",
        )
    return f"{_SCHEMES[scheme]}://{rest}"
