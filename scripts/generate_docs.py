"""Write what the program itself knows into docs: commands, features, configuration, HTTP API and metrics.

    python scripts/generate_docs.py           write them
    python scripts/generate_docs.py --check   exit with 1 when one is not current

What stands above the marker in a page is written by hand, what is below is made here. A test runs the check,
so the pages cannot fall behind.
"""

from __future__ import annotations

import io
import sys
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from api_reference import api_page
from cyclopts import App
from rich.console import Console

from homewire.bridge.metrics import declared_metric
from homewire.cli.app import COMMANDS, load_command, make_app
from homewire.cli.derived import summary_of
from homewire.cli.output import Output
from homewire.features import Feature, Number, Select, Sensor
from homewire.kinds import Kind, installed_kinds
from homewire.secrets import Secret

DOCS = Path(__file__).parent.parent / "docs"
_MARKER = "<!-- Made by scripts/generate_docs.py from here on; edit above. -->\n"
_WIDTH = 100


def commands_page() -> str:
    """Return the help of every command."""
    app = make_app(Output())
    parts = ["## homewire\n", _help_block(app, ())]
    for name, *_ in COMMANDS:
        if name in app:
            parts += _command_parts(app, (name,))
    return "\n".join(parts)


def _command_parts(app: App, words: tuple[str, ...]) -> list[str]:
    """Return the sections of a command and of all commands below it."""
    parts = [f"{'#' * (1 + len(words))} homewire {' '.join(words)}\n", _help_block(app, words)]
    command = app
    for word in words:
        command = command[word]
    for name in command:
        if not name.startswith("-"):
            parts += _command_parts(app, (*words, name))
    return parts


def _help_block(app: App, words: tuple[str, ...]) -> str:
    load_command(app, words)
    file = io.StringIO()
    console = Console(file=file, width=_WIDTH, color_system=None, force_terminal=False, legacy_windows=False)
    app.meta([*words, "--help"], console=console, result_action="return_value", exit_on_error=False)
    lines = [line.rstrip() for line in file.getvalue().strip().splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def features_page() -> str:
    """Return the tables of features of every installed kind that declares them."""
    parts: list[str] = []
    for kind in installed_kinds().values():
        if kind.catalogue is not None:
            parts += [f"## {kind.kind}\n", f"{kind.summary}.\n", *_kind_tables(kind)]
    return "\n".join(parts)


def _kind_tables(kind: Kind) -> Iterator[str]:
    """Yield a table per set of features; models that share one share it."""
    models: dict[tuple[Feature, ...], list[str]] = {}
    for model, features in kind.load_catalogue()():
        models.setdefault(tuple(features), []).append(model)
    for features, names in models.items():
        yield f"### {', '.join(dict.fromkeys(names))}\n"
        yield _table(features)


def _table(features: tuple[Feature, ...]) -> str:
    rows = ["| key | name | kind | values | can be set | category |", "|---|---|---|---|---|---|"]
    rows += [_row(feature) for feature in features]
    return "\n".join(rows) + "\n"


def _row(feature: Feature) -> str:
    allowed = feature.allowed if feature.writable else ""
    marks = " **dangerous**" if feature.dangerous else ""
    help_text = f" — {feature.help}" if feature.help else ""
    cells = (
        f"`{feature.key}`",
        feature.name + help_text,
        feature.kind.replace("_", " "),
        _values(feature),
        allowed + marks,
        feature.category.value,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _values(feature: Feature) -> str:
    if isinstance(feature, Number):
        return f"{feature.minimum:g} to {feature.maximum:g} {feature.unit or ''}".strip()
    if isinstance(feature, Select | Sensor) and feature.options:
        return _shortened(feature.options)
    return feature.unit or _shortened(getattr(feature, "event_types", ()))


def _shortened(options: tuple[str, ...], most: int = 12) -> str:
    more = f", … ({len(options)} in all)" if len(options) > most else ""
    return ", ".join(options[:most]) + more


def settings_page() -> str:
    """Return the tables of settings of every installed kind."""
    parts: list[str] = []
    for kind in installed_kinds().values():
        settings = kind.load_connection().Settings
        parts += [f"## {kind.kind}\n", f"{kind.summary}.\n", f"{summary_of(settings)}\n"]
        parts += ["| key | type | default | meaning |", "|---|---|---|---|"]
        parts += [_setting_row(field) for field in msgspec.structs.fields(settings)]
        parts.append("")
    return "\n".join(parts)


def _setting_row(field: msgspec.structs.FieldInfo) -> str:
    kind, meaning = field.type, ""
    if typing.get_origin(kind) is typing.Annotated:
        kind, *extras = typing.get_args(kind)
        meaning = next((one.description for one in extras if isinstance(one, msgspec.Meta)), None) or ""
    cells = (f"`{field.encode_name}`", _type_name(kind), _default(field), meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_TYPE_NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false", Secret: "secret"}


def _type_name(kind: object) -> str:
    if kind in _TYPE_NAMES:
        return _TYPE_NAMES[kind]
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (tuple, list, frozenset):
        return f"list of {_type_name(parts[0])}"
    if origin in (dict, Mapping):
        return f"table of {_type_name(parts[0])} to {_type_name(parts[1])}"
    if origin is typing.Literal:
        return " or ".join(f"`{part}`" for part in parts)
    known = [_type_name(part) for part in parts if part is not type(None)]
    return " or ".join(known) or (
        "table" if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else "text"
    )


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    default = field.default if field.default is not msgspec.NODEFAULT else None
    if isinstance(default, bool):
        return str(default).lower()
    return f"`{default}`" if default not in (None, (), "") else ""


def metrics_page() -> str:
    """Return the table of the metrics that the features of all installed kinds become."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for kind in installed_kinds().values():
        for _model, features in kind.load_catalogue()() if kind.catalogue is not None else ():
            for feature in features:
                if (metric := declared_metric(feature)) is not None:
                    found.setdefault(metric, set()).add((feature.name, kind.kind))
    rows = ["## Features\n", "| metric | type | what | kinds of connection |", "|---|---|---|---|"]
    for (name, type_), told in sorted(found.items()):
        names, kinds = (", ".join(sorted(set(column))) for column in zip(*told, strict=True))
        rows.append(f"| `{name}` | {type_} | {names} | {kinds} |")
    return "\n".join(rows) + "\n"


PAGES = {
    "commands.md": commands_page,
    "features.md": features_page,
    "configuration.md": settings_page,
    "api-reference.md": api_page,
    "metrics.md": metrics_page,
}


def stale() -> list[str]:
    """Return the names of the pages that are not current."""
    return [name for name in PAGES if (DOCS / name).read_text() != _current(name)]


def _current(name: str) -> str:
    """Return the page as it should be: its own words above the marker, what the program knows below."""
    head, marker, _ = (DOCS / name).read_text().partition(_MARKER)
    return f"{head}{marker or _MARKER}\n{PAGES[name]()}"


def main() -> int:
    """Write the pages, or check them; return the exit code."""
    if "--check" in sys.argv[1:]:
        found = stale()
        print(*(f"docs/{name} is not current; run scripts/generate_docs.py" for name in found), sep="\n")
        return 1 if found else 0
    for name in PAGES:
        (DOCS / name).write_text(_current(name))
        print(DOCS / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
