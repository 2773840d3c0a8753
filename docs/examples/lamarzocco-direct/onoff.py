"""The first test program of lmdirect 0.1, on homewire: switch a machine on and off, and dump what it says.

config.json beside it has `key` and `ip_addr` (and `port`, when it is not 1774). Everything is read every
five seconds.
"""

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from pprint import pprint
from typing import Any

from homewire.lamarzocco.direct import LMDirect

PROMPT = "1 = ON, 2 = OFF, 3 = Status, Other = quit: "


async def main(config: dict[str, Any]) -> None:
    """Ask what to do until the answer is to quit."""
    machine = LMDirect({"host": config["ip_addr"], "port": config.get("port"), "key": config["key"]})
    await machine.request_status()
    polling = asyncio.create_task(poll(machine))
    try:
        while True:
            choice = (await asyncio.to_thread(input, PROMPT)).strip()
            if choice == "1":
                await machine.set_power(True)
            elif choice == "2":
                await machine.set_power(False)
            elif choice == "3":
                pprint(machine.current_status)  # noqa: T203 - a program for the terminal
            else:
                break
    finally:
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling
        await machine.close()


async def poll(machine: LMDirect) -> None:
    """Read everything every five seconds."""
    while True:
        await asyncio.sleep(5)
        await machine.request_status()


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "config.json")
    asyncio.run(main(json.loads(path.read_text())))
