"""Change homewire.toml without losing its comments, atomically and readable only by its owner.

The file is written beside the old one, flushed to the disk and renamed over it: a power cut leaves the old or
the new file.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from homewire.config import parse
from homewire.errors import ConfigurationError, NotFound

__all__ = ["put_connection", "remove_connection", "write_private"]


def put_connection(
    path: Path, kind: str, name: str, values: Mapping[str, Any], *, allow: tuple[str, ...] | None = None
) -> None:
    """Add a connection, or replace the settings of the one of that name.

    Raise ConfigurationError and change nothing.
    """
    document = _read(path)
    connections = _connections(document)
    table = _find(connections, name)
    if table is None:
        table = tomlkit.table()
        connections.append(table)
    _fill(table, kind, name, values, allow)
    _save(path, document)


def remove_connection(path: Path, name: str) -> None:
    """Remove the connection of that name; raise NotFound."""
    document = _read(path)
    connections = _connections(document)
    table = _find(connections, name)
    if table is None:
        raise NotFound(f"there is no connection {name!r} in {path}")
    connections.remove(table)
    _save(path, document)


def write_private(path: Path, text: str) -> None:
    """Write a file atomically with mode 0600; what a symbolic link points to is written, the link stays."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - pathlib's replace does not say that it is atomic
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)  # noqa: PTH108 - a path from mkstemp
        raise


def _read(path: Path) -> tomlkit.TOMLDocument:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", file=str(path)) from error
    parse(text, str(path))
    return tomlkit.parse(text)


def _connections(document: tomlkit.TOMLDocument) -> AoT:
    connections = document.get("connections")
    if not isinstance(connections, AoT):
        connections = tomlkit.aot()
        document["connections"] = connections
    return connections


def _find(connections: AoT, name: str) -> Table | None:
    table: Table
    for table in connections:
        if (table.get("name") or table.get("kind")) == name:
            return table
    return None


def _fill(
    table: Table, kind: str, name: str, values: Mapping[str, Any], allow: tuple[str, ...] | None
) -> None:
    wanted = {"kind": kind, "name": name} | {k: v for k, v in values.items() if v is not None}
    if allow is not None:
        wanted["allow"] = list(allow)
    for key in [key for key in table if key not in (*wanted, "allow", "enabled")]:
        table.remove(key)
    for key, value in wanted.items():
        table[key] = value


def _save(path: Path, document: tomlkit.TOMLDocument) -> None:
    text = tomlkit.dumps(document)
    parse(text, str(path))
    try:
        write_private(path, text)
    except OSError as error:
        hint = "The file is replaced as a whole: its folder must be writable, too."
        raise ConfigurationError(
            f"cannot be written: {error.strerror or error}",
            file=str(path),
            hint=hint if isinstance(error, PermissionError) else None,
        ) from error
