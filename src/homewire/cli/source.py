"""Where the appliances of a command come from: homewire.toml, `--connection` options, or the demo home.

`--connection` takes the name of a connection in homewire.toml, or describes one:

    --connection lamarzocco-direct,host=10.0.0.7,key=env:LM_KEY

Command lines can be read by every user of the computer and stay in the shell's history. So a secret is only
accepted as a reference (`env:NAME`, `file:PATH`, `keyring:SERVICE/NAME`).
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

import msgspec
from cyclopts import Group, Parameter, validators

from homewire.cli.names import connections
from homewire.cli.output import Output, UsageError
from homewire.errors import ConfigurationError, HomewireError

if TYPE_CHECKING:
    from homewire.config import ConnectionEntry

__all__ = ["ABOVE_ZERO", "REFERENCES", "Source", "refuse_literal_secret"]

ABOVE_ZERO = validators.Number(gt=0)
"""For options such as a speed, which is no speed at zero."""

REFERENCES = ("env", "file", "keyring", "credential")

ResultT = TypeVar("ResultT")

_APPLIANCES = Group("Which appliances", sort_key=5)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Source:
    """The options that say which connections to open."""

    connection: Annotated[
        tuple[str, ...],
        Parameter(
            name=["--connection", "-c"],
            completer=connections,
            group=_APPLIANCES,
            negative=(),
            help="A connection of homewire.toml by name, or KIND,setting=value,… with secrets as env:NAME, "
            "file:PATH or keyring:SERVICE/NAME. May be given several times.",
        ),
    ] = ()
    config: Annotated[
        Path | None, Parameter(group=_APPLIANCES, help="Read this file instead of the usual homewire.toml.")
    ] = None
    demo: Annotated[
        bool, Parameter(group=_APPLIANCES, negative=(), help="Start the simulated demo home and use that.")
    ] = False


def entries(source: Source, output: Output) -> tuple[ConnectionEntry, ...]:
    """Return the connections that the options ask for.

    Raise UsageError or ConfigurationError.
    """
    described = [text for text in source.connection if is_description(text)]
    names = [text for text in source.connection if not is_description(text)]
    found = [_described(text) for text in described]
    if names or not described:
        found += _configured(source.config, names, output)
    return tuple(found)


def is_description(text: str) -> bool:
    from homewire.kinds import installed_kinds  # noqa: PLC0415 - reads the entry points

    return "," in text or "=" in text or text in installed_kinds()


def _configured(path: Path | None, names: Sequence[str], output: Output) -> list[ConnectionEntry]:
    from homewire.config import default_path, load  # noqa: PLC0415 - reads TOML

    configuration = load(path or default_path())
    if output.verbosity <= 0:  # with -v the log tells the same
        for warning in configuration.warnings:
            output.warning(warning)
    known = {entry.name: entry for entry in configuration.connections}
    if names:
        return [_named(name, known, configuration.places.file) for name in names]
    chosen = [entry for entry in known.values() if entry.enabled]
    if not chosen:
        hint = "Add one (docs/configuration.md), or look around with: homewire demo"
        raise ConfigurationError("there is no enabled connection", file=configuration.places.file, hint=hint)
    return chosen


def _named(name: str, known: dict[str, ConnectionEntry], file: str) -> ConnectionEntry:
    folded = {key.casefold(): entry for key, entry in known.items()}
    if name.casefold() in folded:
        return folded[name.casefold()]
    near = difflib.get_close_matches(name, known, n=1) or [", ".join(known)]
    raise UsageError(f"there is no connection {name!r} in {file}", hint=f"There is: {near[0]}.")


def _described(text: str) -> ConnectionEntry:
    """Return the connection that `KIND,setting=value,…` describes."""
    from homewire.config import ConnectionEntry  # noqa: PLC0415 - reads TOML
    from homewire.kinds import find_kind  # noqa: PLC0415 - reads the entry points

    kind, *parts = next(csv.reader([text], escapechar="\\"), [""])
    settings_type = _usage(lambda: find_kind(kind.strip()).load_connection().Settings)
    values: dict[str, Any] = {}
    allow: list[str] = []
    for part in parts:
        key, equals, value = part.strip().partition("=")
        if not equals:
            raise UsageError(f"{part!r} in --connection is not setting=value")
        if key == "allow":
            allow.append(value)
        else:
            values[key] = value
    name = values.pop("name", kind.strip())
    typed = {key: _typed(settings_type, key, value) for key, value in values.items()}
    entry = ConnectionEntry(kind=kind.strip(), name=name, values=typed, allow=tuple(allow))
    _usage(entry.settings)
    return entry


def _usage(action: Callable[[], ResultT]) -> ResultT:
    """Return what the action returns; what is wrong with a command line is a usage error."""
    try:
        return action()
    except HomewireError as error:
        raise UsageError(f"--connection: {error.message}", hint=error.hint) from error


def _typed(settings_type: type[msgspec.Struct], key: str, text: str) -> Any:
    """Return the text as the type that the setting has; an unknown setting is named later."""
    from homewire.settings import holds_secret  # noqa: PLC0415 - with the settings

    field = {field.encode_name: field for field in msgspec.structs.fields(settings_type)}.get(key)
    if field is None:
        return text
    if holds_secret(field.type):
        return refuse_literal_secret(key, text)
    try:
        plain: Any = text.split("+") if _is_list(field.type) else text
        return msgspec.to_builtins(msgspec.convert(plain, field.type, strict=False))
    except msgspec.ValidationError as error:
        what = str(error).split(" - at ", maxsplit=1)[0]
        raise UsageError(f"--connection: {key}={text} is wrong: {what[:1].lower()}{what[1:]}") from error


def _is_list(kind: Any) -> bool:
    origin = getattr(kind, "__origin__", None)
    return origin in (list, tuple, set, frozenset) or any(_is_list(part) for part in get_args(kind))


def refuse_literal_secret(key: str, text: str, *, written: str = "{key}={reference}") -> str:
    """Return the reference; raise UsageError, without the text, when it is the secret itself.

    `written` is how such an option is typed.
    """
    scheme, _, name = text.partition(":")
    if scheme in REFERENCES and name:
        return text
    raise UsageError(
        f"the secret {key} must not stand on the command line",
        hint="Put it into an environment variable and write "
        f"{written.format(key=key, reference='env:NAME')}, or file:PATH or keyring:SERVICE/NAME.",
    )
