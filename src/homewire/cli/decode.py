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
from homewire.cli.derived import build, derived_parameters, options_type, summary_of
from homewire.cli.output import Output, UsageError
from homewire.errors import ProtocolError
from homewire.kinds import Kind, find_kind, installed_kinds

__all__ = ["app"]  # noqa: F822 - made when it is asked for, see __getattr__

_PREFIX = "kind:"


def __getattr__(name: str) -> Any:
    """Return the group's command line, or the command of the kind of that name."""
    if name == "app":
        return _app()
    if name.startswith(_PREFIX):
        return _command(find_kind(name.removeprefix(_PREFIX)))
    raise AttributeError(name)


def _app() -> App:
    group = App(name="decode", help="Decode a capture, offline.")
    for kind in installed_kinds().values():
        if kind.decoder is not None:
            group.command(f"{__name__}:{_PREFIX}{kind.kind}", name=kind.kind, help=kind.summary)
    return group


def _command(kind: Kind) -> Any:
    decoder = kind.load_decoder()
    options = options_type(decoder)

    def decode(file: Path, **values: Any) -> None:
        output: Output = values.pop("output")
        capture = _read(file)
        typed = build(options, values, invented_secrets=False)
        records = _records(decoder, capture, typed)
        unreadable = _print(records, output)
        if unreadable:
            raise ProtocolError(f"{unreadable} of the messages could not be read")

    decode.__doc__ = f"Decode a capture of {kind.kind}.\n\n{summary_of(decoder)}"
    decode.__signature__ = inspect.Signature([_FILE, *derived_parameters(options), _OUTPUT])  # type: ignore[attr-defined]  # how Python lets a function tell its real parameters
    return decode


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


def _records(decoder: Callable[..., Iterator[Record]], capture: bytes, options: msgspec.Struct) -> Any:
    if "options" in inspect.signature(decoder).parameters:
        return decoder(capture, options=options)
    return decoder(capture, **{name: getattr(options, name) for name in options.__struct_fields__})


def _print(records: Iterator[Record], output: Output) -> int:
    """Print every record; return how many could not be read."""
    unreadable = 0
    for record in records:
        unreadable += record.error is not None
        if output.json:
            output.document("record/1", msgspec.to_builtins(record, enc_hook=str))
        else:
            for line in _lines(record):
                output.console.print(line, soft_wrap=True)
    return unreadable


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
