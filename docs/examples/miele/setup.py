"""Pair the appliance at an address and print its keys: python setup.py --host 192.168.1.123"""

import argparse
import asyncio

from homewire.miele import easy_setup


def main() -> None:
    """Pair, print, and leave the keeping to whoever reads it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", required=True, help="address of an appliance that waits to be paired")
    arguments = parser.parse_args()
    device_id, group_id, group_key = asyncio.run(easy_setup(arguments.host))
    print(f"device_id = {device_id}")
    print(f"group_id  = {group_id}")
    print(f"group_key = {group_key}")


if __name__ == "__main__":
    main()
