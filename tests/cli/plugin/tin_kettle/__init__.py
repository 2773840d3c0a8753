"""A vendor that is not part of homewire: a kettle that speaks JSON lines over TCP.

The command line's tests install it as anybody would install a vendor package (an entry point on the path) and
run the real program against its simulator.
"""

from homewire.kinds import Kind

KIND = Kind(
    kind="tin-kettle",
    summary="A kettle made of tin",
    connection="tin_kettle.connection:KettleConnection",
    simulator="tin_kettle.simulator:KettleSimulator",
    decoder="tin_kettle.decoder:decode",
    catalogue="tin_kettle.connection:catalogue",
    discovery="tin_kettle.connection:discover",
    doctor="tin_kettle.connection:checks",
)
