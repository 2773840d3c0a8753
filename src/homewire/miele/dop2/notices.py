"""What an appliance shows its user: informations, messages, errors and questions, with the buttons it offers.

131 (and 392, its second instance) has a fixed number of slots of each kind; id 0 marks an empty one. A notice
is answered by writing its id and a button into 2/138 (docs/protocols/miele-dop2.md, section 12).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

import msgspec

from homewire.errors import InvalidValue
from homewire.miele.dop2.enums import ACKNOWLEDGE
from homewire.miele.dop2.model import Frame
from homewire.miele.dop2.requests import acknowledge
from homewire.miele.dop2.tables_notifications import (
    ErrorShown,
    InfoShown,
    MessageShown,
    NotificationsShown,
    QueryShown,
)
from homewire.miele.dop2.values import Code

__all__ = ["Notice", "NoticeKind", "notices"]


class NoticeKind(enum.StrEnum):
    """What sort of notice it is."""

    INFO = "info"
    MESSAGE = "message"
    ERROR = "error"
    QUERY = "query"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One notice on the display; `text` is our word for its number, or the appliance's own."""

    kind: NoticeKind
    id: int
    text: str
    parameters: tuple[int, ...] = ()
    buttons: tuple[str, ...] = ()

    def answer(self, button: str = "ok") -> Frame:
        """Make the write that presses a button; InvalidValue when the notice does not offer it."""
        if button not in self.buttons:
            raise InvalidValue(
                f"{self.text} offers no {button!r}", allowed=", ".join(self.buttons) or "no button"
            )
        return acknowledge(button, **{self.kind.value: self.id})


def notices(shown: NotificationsShown) -> tuple[Notice, ...]:
    """Read the occupied slots, errors first."""
    return (
        *_errors(shown.errors or ()),
        *_others(NoticeKind.QUERY, shown.queries or ()),
        *_others(NoticeKind.MESSAGE, shown.messages or ()),
        *_others(NoticeKind.INFO, shown.infos or ()),
    )


def _errors(slots: tuple[ErrorShown, ...]) -> Iterator[Notice]:
    for slot in slots:
        if slot.code:
            yield Notice(
                kind=NoticeKind.ERROR, id=slot.code, text=f"error {slot.code}", buttons=_buttons(slot.buttons)
            )


def _others(
    kind: NoticeKind, slots: tuple[InfoShown, ...] | tuple[MessageShown, ...] | tuple[QueryShown, ...]
) -> Iterator[Notice]:
    for slot in slots:
        if slot.id:
            own = slot.text if isinstance(slot, InfoShown) else None
            yield Notice(
                kind=kind,
                id=int(slot.id),
                text=own or (slot.id.label if slot.id.known else f"{kind} {int(slot.id)}"),
                parameters=slot.parameters or (),
                buttons=_buttons(slot.buttons),
            )


def _buttons(offered: tuple[Code, ...] | None) -> tuple[str, ...]:
    return tuple(ACKNOWLEDGE.slug(int(button)) for button in offered or () if button)
