"""A virtual Bluetooth LE world: peripherals in the air, and real bleak reaching them, without a radio.

`Air` is what radio waves travel in: a bumble link between virtual controllers. A `Peripheral` is a simulated
device: it advertises, accepts a connection and serves a GATT table. An `Adapter` is what a computer has: a
Bluetooth host whose `scanner_backend` and `client_backend` are handed to `BleakScanner` and `BleakClient`
through their `backend` argument. Everything above (bleak, bleak-retry-connector, anybody's client) is the
real thing, and so are HCI, L2CAP and ATT below.

`Air.listen()` also offers controllers over TCP, in the HCI transport "H4": every connection to that port is
one more Bluetooth adapter in the same air. `Adapter("127.0.0.1:9000")` in another process uses it.

This package knows nothing of homewire and needs bumble and bleak alone.
"""

from .adapter import Adapter
from .air import Air, Characteristic, GattError, Peripheral, Service

__all__ = ["Adapter", "Air", "Characteristic", "GattError", "Peripheral", "Service"]
