"""History: every change of every feature that wants to be remembered, and every event.

The way of a value: an appliance's `Change` is put into a bounded buffer (`recorder`, no I/O in the event
path); a task writes the buffer in one transaction a second (`store`); another thins out what is old
(`retention`). Readings are asked for by range and resolution (`queries`) and handed out as columns, CSV or
JSON (`export`, `routes`). `output` is what the bridge starts and stops.
"""

from homewire.bridge.history.output import History
from homewire.bridge.history.settings import HistorySettings

__all__ = ["History", "HistorySettings"]
