"""`homewire decode KIND FILE`: a capture made readable, field by field, without any appliance.

Each kind that can read captures is a command of its own, whose options are those of its decoder.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter
from rich.text import Text

from homewire.captures import Record
from homewire.cli.derived import DERIVED, build, derived_parameters, options_type, summary_of
from homewire.cli.output import Output, UsageError
from homewire.cli.source import refuse_literal_secret
from homewire.config import resolve_secret
from homewire.errors import ProtocolError
from homewire.kinds import Kind, find_kind, installed_kinds
from homewire.secrets import HIDDEN, redact

__all__ = ["app"]  # noqa: F822 - made when it is asked for, see __getattr__

_PREFIX = "kind_"


def __getattr__(name: str) -> Any:
    """Return the group's command line, or the command of the kind of that name."""
    if name == "app":
        return _app()
    if name.startswith(_PREFIX):
        return _command(find_kind(name.removeprefix(_PREFIX)))
    raise AttributeError(name)


def _app() -> App:
    group = App(name="decode", help_epilogue="", help="Decode a capture, offline.")
    for kind in installed_kinds().values():
        if kind.decoder is not None:
            group.command(f"{__name__}:{_PREFIX}{kind.kind}", name=kind.kind, help=kind.summary)
    return group


def _command(kind: Kind) -> App:
    decoder = kind.load_decoder()
    options = options_type(decoder)
    parameters = derived_parameters(options) or ([_OPTION] if _takes_options(decoder) else [])

    def decode(*words: Any, **values: Any) -> None:
        output: Output = values.pop("output")
        capture = _read(*words)
        extra = _extra_options(values.pop("option", ()))
        typed = build(options, values, invented_secrets=False)
        records = _records(decoder, capture, typed, extra)
        shown, unreadable = _print(records, output)
        if not shown:
            hint = "Is it a capture of this kind, and complete?"
            raise ProtocolError("no message was found in the capture", hint=hint)
        if unreadable:
            raise ProtocolError(f"{unreadable} of the messages could not be read")

    decode.__signature__ = inspect.Signature([_FILE, *parameters, _OUTPUT])  # type: ignore[attr-defined]  # how Python lets a function tell its real parameters
    command = App(
        name=kind.kind,
        help_epilogue=summary_of(options if options.__struct_fields__ else decoder),
        help_format="plaintext",
    )
    command.default(decode)
    return command


_FILE = inspect.Parameter(
    "file",
    inspect.Parameter.POSITIONAL_ONLY,
    annotation=Annotated[
        Path,
        Parameter(
            allow_leading_hyphen=True, help="pcap, pcapng, HAR, hex or text; - reads from standard input."
        ),
    ],
)
_OPTION = inspect.Parameter(
    "option",
    inspect.Parameter.KEYWORD_ONLY,
    default=(),
    annotation=Annotated[
        tuple[str, ...],
        Parameter(
            group=DERIVED, help="NAME=VALUE for the decoder; a secret as NAME=env:VARIABLE or NAME=file:PATH."
        ),
    ],
)
_OUTPUT = inspect.Parameter(
    "output", inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[Output, Parameter(parse=False)]
)


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _takes_options(decoder: Callable[..., Iterator[Record]]) -> bool:
    return "options" in inspect.signature(decoder).parameters


def _extra_options(words: tuple[str, ...]) -> dict[str, str]:
    """Return the NAME=VALUE options; those whose name tells a secret only take references."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"--option takes NAME=VALUE, not {name!r}")
        if redact({name: value})[name] == HIDDEN:
            refuse_literal_secret(name, value, written="--option {key}={reference}")
        found[name] = resolve_secret(value).reveal()
    return found


def _records(
    decoder: Callable[..., Iterator[Record]],
    capture: bytes,
    options: msgspec.Struct,
    extra: dict[str, str],
) -> Iterator[Record]:
    if _takes_options(decoder):
        return decoder(capture, options=options if options.__struct_fields__ else extra)
    return decoder(capture, **{name: getattr(options, name) for name in options.__struct_fields__})


def _print(records: Iterator[Record], output: Output) -> tuple[int, int]:
    """Print every record; return how many there are, and how many could not be read."""
    shown = unreadable = 0
    for record in records:
        shown += 1
        unreadable += record.error is not None
        if output.json:
            output.document("record/1", msgspec.to_builtins(record, enc_hook=str))
        else:
            for line in _lines(record):
                output.console.print(line, soft_wrap=True)
    return shown, unreadable


def _lines(record: Record) -> Iterator[Text]:
    head = Text(f"#{record.index} ", "dim")
    if record.at is not None:
        head.append(f"{record.at.astimezone():%H:%M:%S.%f} ", "dim")
    if record.direction is not None:
        head.append(f"{record.direction} ", "cyan")
    yield head.append(record.summary, "bold")
    width = max((len(field.name) for field in record.fields), default=0)
    for field in record.fields:
        line = Text(f"    {field.name:<{width}}  ").append(f"{field.value}")
        line.append(f" {field.unit}" if field.unit else "")
        line.append(f"  [{field.raw}]" if field.raw else "", "dim")
        yield line.append(f"  {field.note}" if field.note else "", "yellow")
    if record.error is not None:
        yield Text(f"    {record.error}", "red")
