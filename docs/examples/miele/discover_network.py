"""Show the Miele appliances of the network and which of them wait to be paired: python discover_network.py"""

import argparse
import asyncio
from collections.abc import Sequence

from homewire.miele.discovery import discover


async def show(seconds: float, interfaces: Sequence[str] | None) -> None:
    """Print one line per appliance."""
    async for found in discover(seconds, interfaces=interfaces):
        print(f"{found.address:<22} {found.model or 'unknown':<24} {found.name}  {found.note or 'paired'}")


def main() -> None:
    """Look for some seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--interface", action="append", help="address of a network interface to look on")
    arguments = parser.parse_args()
    asyncio.run(show(arguments.seconds, arguments.interface))


if __name__ == "__main__":
    main()
