"""Opening the database: engine, SQLite's pragmas, migrations.

SQLite runs with a write-ahead log: readers never block the writer, and killing the process at any moment
leaves a database that is whole. `synchronous=NORMAL` writes through to the disk at checkpoints only, which
spares flash memory; a power cut may then cost the newest transactions, never the database.
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from homewire.bridge.history.settings import HistorySettings, engine_url
from homewire.errors import ConfigurationError

__all__ = ["is_sqlite", "make_engine", "migrate", "newest_revision"]

_BUSY_S = 1
"""How long SQLite waits for another program's lock (a backup, a shell) before a write is put off."""

_PAGE_BYTES = 4096
_MIB_PAGES = 1024 * 1024 // _PAGE_BYTES


def make_engine(settings: HistorySettings) -> AsyncEngine:
    """Return the engine, nothing opened yet; raise ConfigurationError for a wrong address."""
    try:
        url = make_url(engine_url(settings))
    except ArgumentError as error:
        raise ConfigurationError("history.url cannot be read as a database address", key="url") from error
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=3, max_overflow=2, pool_pre_ping=True)
    if not url.database:
        raise ConfigurationError("history.url names no file", key="url", hint="Use sqlite:///path/to/file.")
    engine = create_async_engine(url, connect_args={"timeout": _BUSY_S, "isolation_level": None})
    event.listen(engine.sync_engine, "connect", _pragmas(settings.size_limit_mib * _MIB_PAGES))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def is_sqlite(engine: AsyncEngine) -> bool:
    """Tell whether the history is a file."""
    return engine.dialect.name == "sqlite"


async def migrate(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the schema to a revision, the newest by default; make the file's folder first."""
    if is_sqlite(engine):
        Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with engine.connect() as connection:
        await connection.run_sync(_upgrade, revision)
        await connection.commit()


def newest_revision() -> str:
    """Return the revision that this homewire writes."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - costs 0.2 s, needed when opening only

    return str(ScriptDirectory.from_config(_alembic_config()).get_current_head())


def _upgrade(connection: SyncConnection, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - costs 0.2 s, needed when opening only
    from alembic.migration import MigrationContext  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    config = _alembic_config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in known:
        raise ConfigurationError(
            f"the history was written by a newer homewire (schema {found})",
            key="url",
            hint="Install that version again, or give this one a history of its own.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _alembic_config() -> Any:
    from alembic.config import Config  # noqa: PLC0415 - costs 0.2 s, needed when opening only

    config = Config()
    config.set_main_option("script_location", str(importlib.resources.files(__package__) / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _begin(connection: SyncConnection) -> None:
    """Begin for real: left to itself, Python's driver keeps table changes outside of transactions."""
    connection.exec_driver_sql("BEGIN")


def _pragmas(limit_pages: int) -> Any:
    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in (
            "auto_vacuum=INCREMENTAL",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        if limit_pages:
            cursor.execute(f"PRAGMA max_page_count={limit_pages}")
        cursor.close()

    return on_connect
