"""What the two Bluetooth generations share: radio, scanning by name, and a session that idles out.

A `Radio` says which adapter is used, or brings bleak backends of its own. A `BluetoothSession` connects with
bleak-retry-connector when it is needed, prepares the link (authentication), serializes its users, and
releases it after idling, because a machine has room for one central and the vendor's app wants in, too.
"""

from homewire.lamarzocco.bluetooth.radio import DEFAULT_ADAPTER, Radio
from homewire.lamarzocco.bluetooth.scan import DeviceList, Found, hear, serial_of
from homewire.lamarzocco.bluetooth.session import BluetoothSession, Link

__all__ = ["DEFAULT_ADAPTER", "BluetoothSession", "DeviceList", "Found", "Link", "Radio", "hear", "serial_of"]
