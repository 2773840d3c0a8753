"""Leaves that tell of notifications, failures and events.

Source: docs/protocols/miele-dop2.md, section 7 and 12; ids in appendix E.
"""

from __future__ import annotations

from homewire.miele.dop2.enums import ACKNOWLEDGE, NOTIFICATION_INFO_SELECTION, NOTIFICATION_MESSAGE
from homewire.miele.dop2.schema import Attribute, Structure
from homewire.miele.dop2.slots import e8, e8s, e16, flag, string, structs, u16, u32, u64, u64s

__all__ = [
    "AcknowledgeNotification",
    "ErrorShown",
    "EventMemory",
    "EventMemoryEntry",
    "Failure",
    "FailureList",
    "FailureMemoryEntry",
    "InfoShown",
    "MessageShown",
    "NotificationsShown",
    "NotificationsShownSecond",
    "QueryShown",
]


class InfoShown(Structure):
    """An information on the display; id 0 = empty slot."""

    id = e16(1, NOTIFICATION_INFO_SELECTION)
    parameters = u64s(2)
    buttons = e8s(3, ACKNOWLEDGE)
    text = string(4)


class MessageShown(Structure):
    """A message on the display; id 0 = empty slot."""

    id = e16(1, NOTIFICATION_MESSAGE, sure="A")
    parameters = u64s(2, sure="A")
    buttons = e8s(3, ACKNOWLEDGE, sure="A")


class ErrorShown(Structure):
    """An error on the display; code 0 = empty slot."""

    code = u32(1)
    buttons = e8s(2, ACKNOWLEDGE)
    field_3 = u16(3)


class QueryShown(Structure):
    """A question on the display; id 0 = empty slot."""

    id = e16(1)
    parameters = u64s(2)
    buttons = e8s(3, ACKNOWLEDGE)


class NotificationsShown(Attribute, number=131, units=(1, 2), title="notifications shown"):
    """Element count is fixed; id 0 = empty slot. buttons: enum acknowledge. 392 has the same layout."""

    infos = structs(1, InfoShown)
    messages = structs(2, MessageShown, sure="A")
    errors = structs(3, ErrorShown)
    queries = structs(4, QueryShown)


class NotificationsShownSecond(
    NotificationsShown, number=392, units=(1,), title="notifications shown (second instance)"
):
    """Same layout as 131; zero in the oven dump."""


class AcknowledgeNotification(
    Attribute, number=138, units=(2,), title="acknowledge notification", writable=True
):
    """Writable: answers a notification. Not a cycle counter, although two clients call it that."""

    info_id = e16(1, NOTIFICATION_INFO_SELECTION, note="absent on the washer")
    message_id = e16(2, NOTIFICATION_MESSAGE)
    error_code = u32(3)
    query_id = e16(4, note="absent on the washer")
    button = e8(5, ACKNOWLEDGE)
    field_6 = u64(6, note="oven only")


class Failure(Structure):
    """One line of the failure list; code 0 = unused."""

    code = u32(1, sure="A")
    present_now = flag(2, sure="A")


class FailureList(Attribute, number=148, units=(2,), title="failure list"):
    """Fixed number of elements (35 oven, 67 washer), code 0 = unused."""

    failures = structs(1, Failure, sure="A")


class FailureMemoryEntry(Attribute, number=117, units=(2,), title="failure memory entry"):
    """Idx1 = failure code, idx2 = following code."""

    failure_code = u32(1, sure="A")
    active = flag(2)
    occurrences = u16(3)
    last_seen = u64(4, "s", nothing=0, note="since 1970 UTC, 0 = never")
    operating_seconds = u32(5, "s")
    program_id = u16(6)
    block_number = u16(7)


class EventMemoryEntry(Structure):
    """One remembered event."""

    field_1 = u32(1)
    field_2 = u16(2)


class EventMemory(Attribute, number=155, units=(2,), title="event memory"):
    """Event memory."""

    events = structs(1, EventMemoryEntry)
    event_count = u16(2, sure="C")
