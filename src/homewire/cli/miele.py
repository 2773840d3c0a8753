"""`homewire miele`: what only Miele appliances have — pairing, Wi-Fi set-up, programmes, DOP2.

Everything that all appliances share (status, set, press, watch) is in the generic commands. The new keys of a
pairing are written to a private file before they are sent: an appliance whose keys got lost has to be reset
at its panel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from homewire.cli.miele_client import Device, connected
from homewire.cli.output import Output, UsageError
from homewire.cli.source import Source, refuse_literal_secret
from homewire.errors import HomewireError, NotFound, RemoteControlDisabled

__all__ = ["app"]

app = App(name="miele", help="Pair and explore Miele appliances.", help_format="plaintext")
wifi = App(name="wifi", help="Bring an appliance in set-up mode into the home network.")
app.command(wifi)
app.command("homewire.cli.miele_dop2:app", name="dop2", help="Read, write and explain binary objects.")

Here = Annotated[Output, Parameter(parse=False)]
_ACCESS_POINT = "192.168.1.1"
"""Where the appliance usually is on its own access point (miele-http.md, section 7)."""


@app.command
async def discover(
    *,
    seconds: Annotated[float, Parameter(name="--for", help="How many seconds to look.")] = 5.0,
    interface: Annotated[tuple[str, ...], Parameter(help="Look only on this interface's address.")] = (),
    scan: Annotated[
        str | None, Parameter(help="Ask every address of this network, e.g. 192.168.1.0/24.")
    ] = None,
    output: Here,
) -> None:
    """Find Miele appliances by mDNS, or by asking addresses, and tell which wait to be paired."""
    from homewire.cli.discovering import show_found  # noqa: PLC0415 - prints TOML
    from homewire.discovery import scan_subnet  # noqa: PLC0415 - used when asked for
    from homewire.miele.discovery import discover as search  # noqa: PLC0415 - a network library
    from homewire.miele.discovery import recognise  # noqa: PLC0415 - as above

    found = 0
    results = scan_subnet(scan, recognise) if scan else search(seconds, interfaces=interface or None)
    async for one in results:
        found += 1
        show_found(one, output)
    if not found:
        raise NotFound(
            "no Miele appliance was found",
            hint="Is it on this network? Where mDNS does not get through, ask addresses with --scan.",
        )


@app.command
async def pair(
    host: Annotated[str, Parameter(help="Address of the appliance.")],
    *,
    household: Annotated[
        str | None, Parameter(help="Use the keys of this connection in homewire.toml instead of new ones.")
    ] = None,
    name: Annotated[str, Parameter(help="Name of the new connection.")] = "",
    tan: Annotated[
        str | None,
        Parameter(help="The cloud's one-time number that some modules want (env:NAME, file:PATH)."),
    ] = None,
    config: Annotated[Path | None, Parameter(help="The homewire.toml to add the connection to.")] = None,
    output: Here,
) -> None:
    """Give an appliance the household's keys, keep them safe, and add it to homewire.toml.

    The appliance has to wait for it: fresh from Wi-Fi set-up, removed from the vendor's app, or with its
    network settings reset at the panel.
    """
    from homewire.config import default_path, resolve_secret  # noqa: PLC0415 - reads TOML
    from homewire.config_edit import put_connection  # noqa: PLC0415 - as above
    from homewire.miele.pairing import PairingUnproven  # noqa: PLC0415 - a network library
    from homewire.miele.pairing import pair as give_keys  # noqa: PLC0415 - as above

    path = config or default_path()
    number = (
        None
        if tan is None
        else resolve_secret(refuse_literal_secret("tan", tan, written="--{key} {reference}"))
    )
    keys, key_file = _keys_of(path, household) if household else _new_keys(path)
    values = {"host": host, "group_id": keys.id_text, "group_key": f"file:{key_file}"}
    try:
        paired = await give_keys(host, credentials=keys, tan=None if number is None else number.reveal())
    except PairingUnproven as error:
        if not household:
            called = name or f"miele-{host}"
            put_connection(path, "miele", called, values)
            again = f"homewire miele pair {host} --household {called} --name {called}"
            error.hint = f"The key stays in {key_file}. Once more with it: {again}"
        raise
    except HomewireError:
        if not household:
            key_file.unlink(missing_ok=True)  # nobody has them
        raise
    called = name or f"miele-{paired.devices[0] if paired.devices else host}"
    put_connection(path, "miele", called, values)
    if output.json:
        output.document(
            "miele-pairing/1", {"connection": called, "devices": paired.devices, "config": str(path)}
        )
        return
    output.line(f"Paired {', '.join(paired.devices) or host}; connection {called!r} is in {path}.")
    output.note(f"The household's key is in {key_file}: keep a copy, the appliance cannot tell it.")


@wifi.command(name="scan")
async def scan_networks(
    host: Annotated[str, Parameter(help="Address of the appliance on its access point.")] = _ACCESS_POINT,
    *,
    output: Here,
) -> None:
    """List the networks that an appliance in set-up mode sees; join its access point first."""
    from homewire.miele.wifi import scan  # noqa: PLC0415 - a network library

    for network in await scan(host):
        if output.json:
            output.document("miele-network/1", msgspec.to_builtins(network))
        else:
            output.line(f"{network.ssid:<32} {network.rssi or '':>5} dBm  {network.security}")


@wifi.command(name="join")
async def join_network(
    ssid: Annotated[str, Parameter(help="Name of the home network.")],
    *,
    key: Annotated[
        str, Parameter(help="The network's key: env:NAME, file:PATH or keyring:SERVICE/NAME.")
    ] = "",
    security: Annotated[str, Parameter(help="None, WEP, WPA, WPA2 …; only WPA2 is proven.")] = "WPA2",
    host: Annotated[str, Parameter(help="Address of the appliance on its access point.")] = _ACCESS_POINT,
    output: Here,
) -> None:
    """Tell an appliance in set-up mode the home network; its access point closes then."""
    from homewire.config import resolve_secret  # noqa: PLC0415 - reads files and keyrings
    from homewire.miele.wifi import join  # noqa: PLC0415 - a network library

    secret = resolve_secret(refuse_literal_secret("key", key, written="--{key} {reference}")) if key else None
    await join(host, ssid, secret.reveal() if secret else "", security)
    output.note("Told. Find it there with: homewire miele discover")


@app.command
async def programs(
    *,
    device: Device = "",
    options: Annotated[bool, Parameter(help="Select each programme in turn to read its options.")] = False,
    out: Annotated[Path | None, Parameter(help="Write the catalogue as JSON to this file.")] = None,
    source: Source = Source(),  # noqa: B008 - frozen
    output: Here,
) -> None:
    """List the programmes that an appliance offers."""
    async with connected(source, device, output) as (client, route):
        catalog = await client.get_program_catalog(route, with_options=options)
    if out is not None:
        out.write_bytes(catalog.to_json())
        output.note(f"{len(catalog.programs)} programmes are in {out}.")
    elif output.json:
        output.document("miele-programs/1", catalog.to_dict())
    else:
        for program in catalog.programs:
            output.line(f"{program.id:>6}  {program.name:<40} {program.group}".rstrip())
            for option in program.options:
                output.line(f"{'':>8}{option.name}: {option.allowed}")
    if catalog.unknown_ids:
        output.warning(f"nobody has named these yet, please report them: {catalog.unknown_ids}")


@app.command
async def select(
    program: Annotated[str, Parameter(help="Name or number of the programme.")],
    *,
    option: Annotated[
        tuple[str, ...], Parameter(help="An option as NAME=VALUE; may be given several times.")
    ] = (),
    device: Device = "",
    source: Source = Source(),  # noqa: B008 - frozen
    output: Here,
) -> None:
    """Select a programme and return when the appliance shows it."""
    chosen = dict(_option(text) for text in option)
    async with connected(source, device, output) as (client, route):
        await client.select_program(route, int(program) if program.isdecimal() else program, chosen or None)
        obstacles = await client.remote_start_obstacles(route)
    if output.json:
        output.document("miele-selection/1", {"program": program, "obstacles": obstacles})
    output.note(f"{program} is selected.")
    for obstacle in obstacles:
        output.note(f"It cannot be started yet: {obstacle}.")


@app.command
async def start(
    *,
    dangerous: Annotated[
        bool, Parameter(help="Yes: it is loaded, closed, and somebody may start it.")
    ] = False,
    device: Device = "",
    source: Source = Source(),  # noqa: B008 - frozen
    output: Here,
) -> None:
    """Start the programme that is selected and waits; return when it runs."""
    if not dangerous:
        raise RemoteControlDisabled(
            "starting an appliance from afar is dangerous",
            hint="If it is loaded and closed, say so: homewire miele start --dangerous",
        )
    async with connected(source, device, output) as (client, route):
        await client.remote_start(route, allow_remote_start=True)
    output.note("It runs.")


def _option(text: str) -> tuple[int | str, float]:
    name, _, value = text.partition("=")
    words = {"on": 1.0, "off": 0.0}
    try:
        return name, words[value] if value in words else float(value)
    except ValueError:
        raise UsageError(
            f"--option {text!r} is not NAME=NUMBER", hint="homewire miele programs --options lists them."
        ) from None


def _new_keys(path: Path) -> tuple[Any, Path]:
    """Draw keys and write them down before anybody else gets them."""
    from homewire.config_edit import write_private  # noqa: PLC0415 - writes files
    from homewire.miele.signing import Credentials  # noqa: PLC0415 - cryptography

    keys = Credentials.generate()
    file = path.absolute().parent / f"miele-{keys.id_text}.key"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_private(file, keys.key_text + "\n")
    return keys, file


def _keys_of(path: Path, household: str) -> tuple[Any, Path]:
    """Return the keys of a configured connection, and the file that holds them."""
    from homewire.config import load  # noqa: PLC0415 - reads TOML
    from homewire.miele.connection import MieleSettings  # noqa: PLC0415 - a network library
    from homewire.miele.signing import Credentials  # noqa: PLC0415 - cryptography

    entry = next((each for each in load(path).connections if each.name == household), None)
    settings = entry.settings() if entry is not None else None
    if not isinstance(settings, MieleSettings) or entry is None:
        raise UsageError(f"{household!r} is no Miele connection in {path}")
    reference = str(entry.values["group_key"])
    if not reference.startswith("file:"):
        raise UsageError(
            f"the key of {household!r} is not in a file", hint="Pair with new keys, or move it there."
        )
    keys = Credentials.from_hex(settings.group_id, settings.group_key.reveal())
    return keys, Path(reference.removeprefix("file:"))
