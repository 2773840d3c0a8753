"""The first connected generation of La Marzocco machines: the encrypted protocol on TCP port 1774.

The wire format is docs/protocols/lamarzocco-tcp.md. `codec` has frames and messages, `memory_map` the meaning
of every byte, `client` the machine as `LMDirect`, `appliance` the machine as features, `simulator` the
machine itself.
"""

from homewire.kinds import Kind

__all__ = ["KIND"]

KIND = Kind(
    kind="lamarzocco-direct",
    summary="La Marzocco GS3 and Linea Mini with their first firmware: local TCP, port 1774",
    connection="homewire.lamarzocco.direct.connection:DirectConnection",
    simulator="homewire.lamarzocco.direct.simulator:DirectSimulator",
    decoder="homewire.lamarzocco.direct.decoder:decode",
    catalogue="homewire.lamarzocco.direct.appliance:catalogue",
    discovery="homewire.lamarzocco.direct.discovery:discover",
    doctor="homewire.lamarzocco.direct.doctor:checks",
)
