"""Select a programme by name, and start it if the appliance allows it: python select_program.py cottons"""

import argparse
import asyncio

from homewire.miele import MieleClient


async def select(arguments: argparse.Namespace) -> None:
    """Select; start only with --start, and only what the appliance is ready for."""
    client = MieleClient.from_hex(arguments.host, arguments.group_id, arguments.group_key)
    async with client:
        await client.select_program(arguments.device_id, arguments.program)
        for obstacle in await client.remote_start_obstacles(arguments.device_id):
            print(f"not startable yet: {obstacle}")
        if arguments.start:
            await client.remote_start(arguments.device_id, allow_remote_start=True)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--host", "--device-id", "--group-id", "--group-key"):
        parser.add_argument(name, required=True)
    parser.add_argument("--start", action="store_true")
    parser.add_argument("program", help="name or number")
    asyncio.run(select(parser.parse_args()))


if __name__ == "__main__":
    main()
