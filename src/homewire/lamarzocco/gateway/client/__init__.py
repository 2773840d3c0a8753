"""The three ways to a machine: cloud, local API, Bluetooth.

Each client speaks one and owns its connection.
"""

from homewire.lamarzocco.gateway.client.bluetooth import LaMarzoccoBluetoothClient
from homewire.lamarzocco.gateway.client.cloud import LaMarzoccoCloudClient
from homewire.lamarzocco.gateway.client.local import LaMarzoccoLocalClient

__all__ = ["LaMarzoccoBluetoothClient", "LaMarzoccoCloudClient", "LaMarzoccoLocalClient"]
