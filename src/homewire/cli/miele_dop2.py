"""`homewire miele dop2`: the binary objects of an appliance, read, written, walked and explained.

`decode` and `explain` need no appliance: the one reads recordings and hex, the other tells what is known of
an attribute.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from homewire.cli.miele_client import Device, connected
from homewire.cli.output import Output, UsageError
from homewire.cli.source import Source, refuse_literal_secret
from homewire.errors import NotFound, ProtocolError

if TYPE_CHECKING:
    from homewire.captures import Record
    from homewire.miele.captures import DecoderOptions
    from homewire.miele.dop2.schema import Attribute

__all__ = ["app"]

app = App(name="dop2", help="Read, write and explain binary objects.", help_format="plaintext")

Here = Annotated[Output, Parameter(parse=False)]
Place = Annotated[str, Parameter(help="The leaf as UNIT/ATTRIBUTE, such as 2/256.")]


@app.command
async def read(
    place: Place,
    *,
    index: Annotated[int, Parameter(help="Which instance of a leaf that has several.")] = 0,
    raw: Annotated[bool, Parameter(help="Print the leaf as hex.")] = False,
    device: Device = "",
    source: Source = Source(),  # noqa: B008 - frozen
    output: Here,
) -> None:
    """Read one leaf, waking the appliance if it sleeps."""
    from homewire.miele.dop2.explain import explain  # noqa: PLC0415 - the tables are large

    unit, attribute = _place(place)
    async with connected(source, device, output) as (client, route):
        leaf = await client.read_dop2_awake(route, unit, attribute, index)
    if raw:
        output.line(leaf.hex())
    else:
        _show(explain(leaf).as_record(), output)


@app.command
async def write(
    place: Place,
    *fields: Annotated[str, Parameter(help="Fields as NAME=NUMBER.")],
    index: Annotated[int, Parameter(help="Which instance of a leaf that has several.")] = 0,
    dangerous: Annotated[bool, Parameter(help="Yes: this may start, stop or change the appliance.")] = False,
    device: Device = "",
    source: Source = Source(),  # noqa: B008 - frozen
    output: Here,
) -> None:
    """Write fields of a leaf by name; the appliance says no more than that it took them."""
    if not dangerous:
        raise UsageError("writing leaves can start or stop an appliance", hint="If you mean it: --dangerous")
    unit, attribute = _place(place)
    declared = _declared(attribute)
    if not fields:
        raise UsageError("nothing to write", hint=f"Fields of {place}: {', '.join(declared.names)}")
    values = dict(_assignment(text, declared) for text in fields)
    async with connected(source, device, output) as (client, route):
        await client.write_attribute(route, attribute, unit=unit, idx1=index, **values)
    output.note("Accepted; what it did shows when the state is read again.")


@app.command
async def walk(
    *,
    out: Annotated[Path | None, Parameter(help="Write a recording of what was read to this file.")] = None,
    resume: Annotated[
        Path | None, Parameter(help="Keep the walk's progress in this file, and go on from there.")
    ] = None,
    refusals: Annotated[
        Path | None, Parameter(help="Remember in this file what a firmware refuses, and never ask it again.")
    ] = None,
    unit: Annotated[tuple[int, ...], Parameter(help="Walk only these units.")] = (),
    pause: Annotated[float, Parameter(help="Seconds between two reads.")] = 0.2,
    device: Device = "",
    source: Source = Source(),  # noqa: B008 - frozen
    output: Here,
) -> None:
    """Read every leaf of an appliance, gently; takes minutes on a real one."""
    from homewire.config_edit import write_private  # noqa: PLC0415 - writes files
    from homewire.miele.dop2.walk import Refusals, Walk, WalkState  # noqa: PLC0415 - the tables are large

    saved, refused = _content(resume), _content(refusals)
    state = WalkState.from_json(saved) if saved else WalkState()
    known = Refusals.from_json(refused) if refused else Refusals()
    async with connected(source, device, output) as (client, route):
        walking = Walk(
            client.port(route),
            clock=client.clock,
            state=state,
            refusals=known,
            units=unit or None,
            pause_s=pause,
        )
        try:
            async for step in walking.steps():
                _tell_step(step, output)
        finally:
            if resume:
                write_private(resume, state.to_json().decode())
    if refusals is not None:
        write_private(refusals, known.to_json().decode())
    if out is not None:
        import msgspec  # noqa: PLC0415 - for this option only

        write_private(out, msgspec.json.encode(state.tree().as_recording()).decode())
        output.note(
            f"{len(state.tree())} leaves are in {out}. They name your network: look before you share them."
        )


@app.command
def decode(
    what: Annotated[
        str,
        Parameter(
            help="A file with a recording, hex, pcap or HAR; hex digits themselves; or - for stdin.",
            allow_leading_hyphen=True,
        ),
    ],
    *,
    group_id: Annotated[str, Parameter(help="GroupID, to read encrypted traffic (pcap, HAR).")] = "",
    group_key: Annotated[str, Parameter(help="GroupKey: env:NAME, file:PATH or keyring:SERVICE/NAME.")] = "",
    output: Here,
) -> None:
    """Explain recorded leaves, or captured traffic with its leaves, offline."""
    from homewire.miele.captures import decode as decode_capture  # noqa: PLC0415 - the tables are large

    unreadable = 0
    for record in decode_capture(_capture(what), options=_keys(group_id, group_key)):
        unreadable += record.error is not None
        _show(record, output)
    if unreadable:
        raise ProtocolError(f"{unreadable} of the leaves could not be read")


@app.command
def explain(
    place: Annotated[str, Parameter(help="UNIT/ATTRIBUTE or just the attribute's number.")], *, output: Here
) -> None:
    """Tell what is known of an attribute, field by field, without any appliance."""
    attribute = _declared(int(place) if place.isdecimal() else _place(place)[1])
    if output.json:
        output.document(
            "dop2-attribute/1",
            {
                "number": attribute.number,
                "title": attribute.title,
                "units": attribute.units,
                "writable": attribute.writable,
                "fields": [_described(slot) for slot in attribute.slots.values()],
            },
        )
        return
    units = ", ".join(map(str, attribute.units))
    output.line(
        f"{attribute.number} {attribute.title} (unit {units}){' writable' if attribute.writable else ''}"
    )
    for slot in attribute.slots.values():
        line = f"{slot.number:>5}  {slot.name:<32} {slot.label:<12} {slot.unit:<5} {slot.sure}  {slot.note}"
        output.line(line.rstrip())


def _described(slot: Any) -> dict[str, Any]:
    keys = ("number", "name", "label", "unit", "sure", "note")
    return {key: getattr(slot, key) for key in keys}


def _place(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None:
        raise UsageError(f"{text!r} is no leaf", hint="Write UNIT/ATTRIBUTE, such as 2/256.")
    return int(match[1]), int(match[2])


def _declared(number: int) -> type[Attribute]:
    from homewire.miele.dop2.catalogue import ATTRIBUTES  # noqa: PLC0415 - the tables are large

    found = ATTRIBUTES.get(number)
    if found is None:
        raise NotFound(
            f"nothing is known of attribute {number}", hint="docs/miele-dop2-reference.md lists all."
        )
    return found


def _assignment(text: str, attribute: type[Attribute]) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if name not in attribute.names:
        raise UsageError(
            f"attribute {attribute.number} has no field {name!r}", hint=", ".join(attribute.names)
        )
    try:
        return name, int(value, 0)
    except ValueError:
        raise UsageError(f"{text!r} is not NAME=NUMBER") from None


def _keys(group_id: str, group_key: str) -> DecoderOptions:
    from homewire.config import resolve_secret  # noqa: PLC0415 - reads files and keyrings
    from homewire.miele.captures import DecoderOptions  # noqa: PLC0415 - the tables are large

    if not group_key:
        return DecoderOptions(group_id=group_id)
    reference = refuse_literal_secret("group_key", group_key, written="--group-key {reference}")
    return DecoderOptions(group_id=group_id, group_key=resolve_secret(reference))


def _capture(what: str) -> bytes:
    if what == "-":
        return sys.stdin.buffer.read()
    path = Path(what)
    if re.fullmatch(r"[0-9A-Fa-f\s]+", what) and not path.exists():
        return what.encode()
    if not path.exists() or path.is_dir():
        raise UsageError(f"{what!r} is neither a file nor hexadecimal digits")
    return path.read_bytes()


def _content(path: Path | None) -> bytes | None:
    return path.read_bytes() if path and path.exists() else None


def _tell_step(step: Any, output: Output) -> None:
    if output.json:
        output.document("dop2-step/1", {"step": str(step)})
    else:
        output.line(str(step))


def _show(record: Record, output: Output) -> None:
    import msgspec  # noqa: PLC0415 - for JSON only

    if output.json:
        output.document("record/1", msgspec.to_builtins(record, enc_hook=str))
        return
    output.line(record.summary)
    for field in record.fields:
        unit = f" {field.unit}" if field.unit else ""
        output.line(f"    {field.name:<40} {field.value}{unit}  {field.note or ''}".rstrip())
    if record.error:
        output.line(f"    {record.error}")
