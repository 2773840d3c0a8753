"""The first connected generation of La Marzocco machines: the encrypted protocol on TCP port 1774.

The wire format is docs/protocols/lamarzocco-tcp.md. `codec` has frames and messages, `memory_map` the meaning
of every byte, `machine` the client, `client` the same under the names of lmdirect, `appliance` the machine as
features, `simulator` the machine itself. The public names are imported when they are used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from homewire.kinds import Kind

if TYPE_CHECKING:
    from homewire.lamarzocco.direct.account import Account
    from homewire.lamarzocco.direct.client import InvalidInput, LMDirect
    from homewire.lamarzocco.direct.errors import MachineBusy, Unanswered
    from homewire.lamarzocco.direct.machine import DirectMachine
    from homewire.lamarzocco.direct.models import DaySchedule, MachineState, Model, PrebrewMode

__all__ = [
    "KIND",
    "Account",
    "DaySchedule",
    "DirectMachine",
    "InvalidInput",
    "LMDirect",
    "MachineBusy",
    "MachineState",
    "Model",
    "PrebrewMode",
    "Unanswered",
]

_PACKAGE = "homewire.lamarzocco.direct"

KIND = Kind(
    kind="lamarzocco-direct",
    summary="La Marzocco GS3 and Linea Mini with their first firmware: local TCP, port 1774",
    connection=f"{_PACKAGE}.connection:DirectConnection",
    simulator=f"{_PACKAGE}.simulator:DirectSimulator",
    decoder=f"{_PACKAGE}.decoder:decode",
    catalogue=f"{_PACKAGE}.appliance:catalogue",
    discovery=f"{_PACKAGE}.discovery:discover",
    doctor=f"{_PACKAGE}.doctor:checks",
)

_HOMES = {
    "Account": "account",
    "DaySchedule": "models",
    "DirectMachine": "machine",
    "InvalidInput": "client",
    "LMDirect": "client",
    "MachineBusy": "errors",
    "MachineState": "models",
    "Model": "models",
    "PrebrewMode": "models",
    "Unanswered": "errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{_PACKAGE}.{_HOMES[name]}"), name)
