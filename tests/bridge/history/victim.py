"""Records counting values into a file and says on standard output what was published; made to be killed.

python -m tests.bridge.history.victim FILE FIRST [FILE_SIZE_LIMIT_BYTES]
"""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
import time

from tests.bridge.history.conftest import Machine

from homewire.appliance import Origin
from homewire.bridge.history import History, HistorySettings
from homewire.clock import Clock
from homewire.secrets import Secret


async def main(file: str, first: int) -> None:
    print("opening", flush=True)  # noqa: T201 - the test reads it
    clock = Clock()
    history = History(HistorySettings(url=Secret(f"sqlite:///{file}"), buffer=5000), clock=clock)
    machine = Machine(clock=clock)
    await history.start()
    history.attach(machine)
    number = first
    while True:
        for _ in range(10):
            machine.publish({"temperature": number}, Origin.PUSH)
            number += 1
        trouble = history.problem.message if history.problem else ""
        print(number - 1, time.time(), len(history.recorder), trouble, flush=True)  # noqa: T201 - as above
        await clock.sleep(0.005)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
