"""The test program of the later lmdirect, on homewire: read a machine and change its settings at a prompt.

config.json beside it has `host`, `port`, `client_id`, `client_secret`, `username` and `password` (or just
`host` and `key`). Everything is read every twenty seconds.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from pprint import pprint
from typing import Any

from homewire import HomewireError
from homewire.lamarzocco.direct import LMDirect

PROMPT = (
    "1=Power <on/off>, 2=Status, 3=Coffee Temp <temp>, 4=Steam Temp <temp>, 5=PB <on/off>, "
    "6=Auto on/off <0=global or day> <on/off>, 7=Dose <sec>, 8=Tea Dose <sec>, 8=PB times <on off>: "
)


async def main(config: dict[str, Any]) -> None:
    """Ask what to do until the answer is empty."""
    urls = {name: config.pop(name) for name in ("account_url", "gateway_url") if name in config}
    machine = LMDirect(config, **urls)
    machine.register_callback(updated)
    await machine.request_status()
    polling = asyncio.create_task(poll(machine))
    try:
        while words := (await asyncio.to_thread(input, PROMPT)).split():
            try:
                await obey(machine, *words)
            except (HomewireError, ValueError, TypeError) as error:
                print(f"That did not work: {error}")
    except EOFError:
        pass
    finally:
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling
        await machine.close()


async def obey(machine: LMDirect, choice: str, *values: str) -> None:
    """Carry out one choice; each returns when the machine shows what was wished for."""
    match choice, *values:
        case "1", power:
            await machine.set_power(power == "on")
        case ("2",):
            pprint(machine.current_status)  # noqa: T203 - a program for the terminal
        case "3", temperature:
            await machine.set_coffee_temp(float(temperature))
        case "4", temperature:
            await machine.set_steam_temp(float(temperature))
        case "5", enable:
            await machine.set_prebrewing_enable(enable == "on")
        case "6", day, enable:
            await machine.set_auto_on_off_enable("global" if day == "0" else day, enable == "on")
        case "7", pulses:
            await machine.set_dose(1, int(pulses))
        case "8", seconds:
            await machine.set_dose_hot_water(int(seconds))
        case "8", on, off:
            await machine.set_prebrew_times(1, float(on), float(off))
        case _:
            raise ValueError(f"there is no choice {' '.join((choice, *values))!r}")


def updated(**_values: Any) -> None:
    """Be called with every message of the machine."""


async def poll(machine: LMDirect) -> None:
    """Read everything every twenty seconds."""
    while True:
        await asyncio.sleep(20)
        await machine.request_status()


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "config.json")
    asyncio.run(main(json.loads(path.read_text())))
