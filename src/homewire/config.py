"""homewire.toml: which connections there are, and how the bridge is set up.

    [[connections]]
    kind = "lamarzocco-direct"
    name = "Kitchen"
    host = "10.0.0.7"
    key = "env:LM_KEY"
    allow = ["start_backflush"]

A secret is written in place (then the file should be 0600) or as a reference: `env:NAME`, `file:PATH`,
`keyring:SERVICE/NAME`, `credential:NAME` (handed over by systemd). Errors name file, line and key; unknown
keys are errors with a suggestion. One wrong connection does not keep the others from starting: it raises when
its own settings are asked for.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.errors import ConfigurationError, HomewireError
from homewire.kinds import find_kind
from homewire.link.connection import Connection
from homewire.secrets import Secret
from homewire.settings import convert_settings, holds_secret

__all__ = ["Configuration", "ConnectionEntry", "Places", "default_path", "load", "parse", "resolve_secret"]

_log = logging.getLogger(__name__)

StructT = TypeVar("StructT", bound=msgspec.Struct)

TABLES = ("bridge", "mqtt", "http", "metrics", "history")
"""The tables beside the connections; the bridge knows what stands in them."""

_OWN_KEYS = ("kind", "name", "allow", "enabled")
_REFERENCES = ("env", "file", "keyring", "credential")
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Places:
    """Where tables and keys stand in the file, for error messages."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._lines: dict[tuple[str, int, str | None], int] = {}
        table, counts = ("", 0), dict[str, int]()
        for number, line in enumerate(text.splitlines(), 1):
            if header := re.match(r"\s*\[\[?\s*([\w.\-]+)\s*\]", line):
                name = header[1]
                table = (name, counts.get(name, 0))
                counts[name] = table[1] + 1
                self._lines[(*table, None)] = number
            elif key := re.match(r"\s*[\"']?([\w\-]+)[\"']?\s*(?:\.[^=]*)?=", line):
                self._lines.setdefault((*table, key[1]), number)

    def line(self, table: str, index: int = 0, key: str | None = None) -> int | None:
        """Return the line of a key, else of its table, else of the key that holds the table."""
        places = ((table, index, key), (table, index, None), ("", 0, table))
        return next((self._lines[place] for place in places if place in self._lines), None)

    def located(self, error: ConfigurationError, table: str, index: int = 0) -> ConfigurationError:
        """Return the error with its place in the file."""
        line = self.line(table, index, error.key)
        return ConfigurationError(error.message, file=self.file, line=line, key=error.key, hint=error.hint)


class ConnectionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[connections]]` table as it was written.

    `values` are the kind's own settings, secrets still references.
    """

    kind: str
    name: str
    values: Mapping[str, Any]
    allow: tuple[str, ...] = ()
    enabled: bool = True
    index: int = 0
    places: Places | None = None

    def settings(self) -> msgspec.Struct:
        """Return the kind's typed settings with secrets resolved; raise ConfigurationError or NotFound."""
        try:
            settings_type = find_kind(self.kind).load_connection().Settings
            base = Path(self.places.file).parent if self.places else Path()
            values = _with_secrets(settings_type, self.values, base)
            named = "" if self.name == self.kind else f" {self.name!r}"
            return convert_settings(settings_type, values, subject=f"{self.kind}{named}")
        except ConfigurationError as error:
            raise self._located(error) from error
        except HomewireError as error:
            raise self._located(ConfigurationError(error.message, key="kind", hint=error.hint)) from error

    def connection(self, *, clock: Clock | None = None) -> Connection[Any]:
        """Return the connection, not yet opened; raise ConfigurationError."""
        settings = self.settings()
        connection_type = find_kind(self.kind).load_connection()
        return connection_type(settings, name=self.name, clock=clock, allow=Allowance(self.allow))

    def _located(self, error: ConfigurationError) -> ConfigurationError:
        return error if self.places is None else self.places.located(error, "connections", self.index)


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration file: connections, the other tables as written, what its owner should know."""

    connections: tuple[ConnectionEntry, ...]
    tables: Mapping[str, Mapping[str, Any]]
    places: Places
    warnings: tuple[str, ...] = ()

    def table(self, name: str, target: type[StructT]) -> StructT | None:
        """Return a table as a typed struct with secrets resolved, None when it is absent.

        Raise ConfigurationError.
        """
        values = self.tables.get(name)
        if values is None:
            return None
        try:
            resolved = _with_secrets(target, values, Path(self.places.file).parent)
            return convert_settings(target, resolved, subject=f"[{name}]")
        except ConfigurationError as error:
            raise self.places.located(error, name) from error


def default_path() -> Path:
    """Return where homewire.toml is: $HOMEWIRE_CONFIG, this folder, the user's configuration folder."""
    if named := os.environ.get("HOMEWIRE_CONFIG"):
        return Path(named)
    here = Path("homewire.toml")
    if here.exists():
        return here
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "homewire" / "homewire.toml"


def load(path: Path) -> Configuration:
    """Read a configuration file.

    Raise ConfigurationError when it cannot be read or is not what it should be.
    """
    try:
        text = path.read_text("utf-8")
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        hint = "`homewire discover` finds appliances; docs/configuration.md shows what to write."
        raise ConfigurationError("there is no such file", file=str(path), hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot be read: {error}", file=str(path)) from error
    return parse(text, str(path), private=not mode & _OPEN_TO_OTHERS)


def parse(text: str, file: str = "homewire.toml", *, private: bool = True) -> Configuration:
    """Return the configuration that the text describes.

    `private` says whether only its owner can read the file.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        what = re.sub(r" \(at .*", "", str(error))
        raise ConfigurationError(
            f"this is not TOML: {what}", file=file, line=int(place[1]) if place else None
        ) from error
    places = Places(text, file)
    _check_tables(data, places)
    entries = tuple(_entry(values, index, places) for index, values in enumerate(_connections(data, places)))
    _check_names(entries, places)
    warnings = () if private else _exposed(entries, data, file)
    for warning in warnings:
        _log.warning("%s", warning)
    tables = {name: values for name, values in data.items() if name != "connections"}
    return Configuration(connections=entries, tables=tables, places=places, warnings=warnings)


def resolve_secret(text: str, base: Path = Path()) -> Secret:
    """Return the secret that a text is or refers to; raise ConfigurationError.

    Relative files are relative to `base`.
    """
    scheme, _, name = text.partition(":")
    resolvers: dict[str, Callable[[str, Path], str | None]] = {
        "env": lambda name, _base: os.environ.get(name),
        "file": _from_file,
        "keyring": _from_keyring,
        "credential": _from_credential,
    }
    if scheme not in resolvers or not name:
        return Secret(text)
    found = resolvers[scheme](name, base)
    if found is None:
        raise ConfigurationError(
            f"the secret {scheme}:{name} does not exist", hint=_MISSING[scheme].format(name=name)
        )
    return Secret(found)


_MISSING = {
    "env": "Set the environment variable {name}.",
    "file": "Write it into {name}, readable only by you.",
    "keyring": "Store it with: keyring set {name} (service and name apart).",
    "credential": "Add LoadCredential={name}:… to the systemd unit.",
}


def _from_file(name: str, base: Path) -> str | None:
    path = base / Path(name).expanduser()
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the secret file {path} cannot be read: {error}") from error


def _from_keyring(name: str, _base: Path) -> str | None:
    try:
        import keyring  # noqa: PLC0415 - present only with the extra, and slow to import
        from keyring.errors import KeyringError  # noqa: PLC0415 - as above
    except ImportError as error:
        hint = "Install it with: pip install 'homewire[cli]'"
        raise ConfigurationError("the Python package keyring is not installed", hint=hint) from error
    service, _, user = name.rpartition("/")
    if not service:
        raise ConfigurationError(f"keyring:{name} is not complete", hint="Write keyring:SERVICE/NAME.")
    try:
        return keyring.get_password(service, user)
    except KeyringError as error:
        raise ConfigurationError(f"the keyring cannot be read: {error}") from error


def _from_credential(name: str, _base: Path) -> str | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return None if folder is None else _from_file(name, Path(folder))


def _with_secrets(target: type[msgspec.Struct], values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return the values with the texts of secret fields resolved."""
    resolved = dict(values)
    for key in _secret_keys(target):
        if isinstance(resolved.get(key), str):
            try:
                resolved[key] = resolve_secret(resolved[key], base)
            except ConfigurationError as error:
                raise ConfigurationError(error.message, key=key, hint=error.hint) from error
    return resolved


def _secret_keys(target: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(target) if holds_secret(field.type)]


def _check_tables(data: Mapping[str, Any], places: Places) -> None:
    known = ("connections", *TABLES)
    for name, values in data.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
            error = ConfigurationError(f"there is no table or key {name!r}", key=name, hint=hint)
            raise places.located(error, name if isinstance(values, dict | list) else "")
        if name in TABLES and not isinstance(values, dict):
            raise places.located(ConfigurationError(f"{name} must be a table", hint=f"Write [{name}]."), name)


def _connections(data: Mapping[str, Any], places: Places) -> list[dict[str, Any]]:
    connections = data.get("connections", [])
    if not isinstance(connections, list) or not all(isinstance(c, dict) for c in connections):
        error = ConfigurationError(
            "connections must be tables", hint="Write [[connections]] with two brackets."
        )
        raise places.located(error, "connections")
    return connections


class _Own(msgspec.Struct, frozen=True, kw_only=True):
    """What every connection has, whatever its kind."""

    kind: str
    name: str | None = None
    allow: tuple[str, ...] = ()
    enabled: bool = True


def _entry(values: Mapping[str, Any], index: int, places: Places) -> ConnectionEntry:
    own_values = {key: value for key, value in values.items() if key in _OWN_KEYS}
    try:
        own = convert_settings(_Own, own_values, subject=f"connection {index + 1}")
    except ConfigurationError as error:
        raise places.located(error, "connections", index) from error
    return ConnectionEntry(
        kind=own.kind,
        name=own.name or own.kind,
        values={key: value for key, value in values.items() if key not in _OWN_KEYS},
        allow=own.allow,
        enabled=own.enabled,
        index=index,
        places=places,
    )


def _check_names(entries: tuple[ConnectionEntry, ...], places: Places) -> None:
    seen: set[str] = set()
    for entry in entries:
        if entry.name in seen:
            error = ConfigurationError(
                f"two connections are called {entry.name!r}", key="name", hint="Give each a name of its own."
            )
            raise places.located(error, "connections", entry.index)
        seen.add(entry.name)


def _exposed(entries: tuple[ConnectionEntry, ...], data: Mapping[str, Any], file: str) -> tuple[str, ...]:
    """Warn when others can read a file with a secret in place."""
    for entry in entries:
        try:
            secret_keys = _secret_keys(find_kind(entry.kind).load_connection().Settings)
        except HomewireError:
            continue  # shown when the connection is opened
        if any(_in_place(entry.values.get(key)) for key in secret_keys):
            return (_exposure(file),)
    tables = (values for name, values in data.items() if name in TABLES)
    if any(_in_place(values.get(key)) for values in tables for key in ("password", "token")):
        return (_exposure(file),)
    return ()


def _in_place(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.partition(":")[0] not in _REFERENCES


def _exposure(file: str) -> str:
    return f"{file} holds a secret and can be read by other users; protect it with: chmod 600 {file}"
