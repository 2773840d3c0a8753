"""Write an appliance's programme catalogue as JSON, where `ProgramCatalog.for_device` finds it."""

import argparse
import asyncio
from pathlib import Path

from homewire.miele import MieleClient
from homewire.miele.programs import dump_program_catalog


async def dump(arguments: argparse.Namespace) -> Path:
    """Read the catalogue, waking the appliance first if asked to."""
    client = MieleClient.from_hex(arguments.host, arguments.group_id, arguments.group_key)
    async with client:
        if arguments.wake:
            await client.wake_up(arguments.device_id)
        ident = await client.get_device_ident(arguments.device_id)
        port = client.port(arguments.device_id)
        return await dump_program_catalog(port, ident.device_type, out=arguments.out)


def main() -> None:
    """Take the arguments of asyncmiele's script of the same name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True, help="address of the appliance")
    parser.add_argument("--device-id", required=True, help="its 12-digit number")
    parser.add_argument("--group-id", required=True, help="GroupID, 16 hexadecimal digits")
    parser.add_argument("--group-key", required=True, help="GroupKey, 128 hexadecimal digits")
    parser.add_argument("--wake", action="store_true", help="wake the appliance first")
    parser.add_argument("--out", type=Path, help="file to write instead of resources/programs/<type>.json")
    print(asyncio.run(dump(parser.parse_args())))


if __name__ == "__main__":
    main()
