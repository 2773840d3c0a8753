"""What an appliance wants its owner to know: notices and faults in words, and the button that answers them.

`/State` only says that there is something (SignalInfo, SignalFailure); what it is stands in the binary
objects: 131 has what the panel shows, 148 the failures that are present (miele-dop2.md, sections 7 and 12).
Both are read when a signal is set, and from an appliance that is awake.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from homewire.errors import CommandRejected, CommandTimeout
from homewire.miele.consumption import LeafHealth, front_unit, read_view
from homewire.miele.dop2 import encode
from homewire.miele.dop2.notices import Notice, NoticeKind, notices
from homewire.miele.dop2.paging import checked
from homewire.miele.dop2.tables_notifications import NotificationsShown

if TYPE_CHECKING:
    from homewire.miele.resources import ResourceClient

__all__ = ["Attention", "acknowledge", "read_attention"]

_MAIN_UNIT: Final = 2
_SHOWN, _FAILURES = 131, 148
_OK: Final = "ok"
_GONE_AFTER_S: Final = (0.5, 1.0, 2.0, 3.0)
"""When to look whether an acknowledged notice is gone; not measured anywhere."""


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """What the panel shows and which failures are present."""

    notices: tuple[Notice, ...] = ()
    failures: tuple[int, ...] = ()

    @property
    def notice(self) -> str | None:
        """The notices in words, the most urgent first; None without any."""
        shown = (each.text for each in self.notices if each.kind is not NoticeKind.ERROR)
        return _joined(text.replace("_", " ") for text in shown)

    @property
    def fault(self) -> str | None:
        """The faults by number: nobody has published their words."""
        shown = [each.id for each in self.notices if each.kind is NoticeKind.ERROR]
        return _joined(f"error {number}" for number in dict.fromkeys((*shown, *self.failures)))


async def read_attention(
    client: ResourceClient, device_id: str, device_type: int, health: LeafHealth
) -> Attention:
    """Read what the panel shows and which failures are present; what does not come is not told."""
    shown = await read_view(client, device_id, front_unit(device_type), _SHOWN, health)
    listed = await read_view(client, device_id, _MAIN_UNIT, _FAILURES, health)
    return Attention(
        notices=notices(shown) if isinstance(shown, NotificationsShown) else (),
        failures=tuple(_present(getattr(listed, "failures", None) or ())),
    )


async def acknowledge(client: ResourceClient, device_id: str, device_type: int) -> None:
    """Press OK at the first notice that offers it, and return when it is gone; wakes a sleeping appliance.

    A question that offers other buttons only is left to a person.
    """
    unit = front_unit(device_type)
    notice = next((each for each in await _shown(client, device_id, unit) if _OK in each.buttons), None)
    if notice is None:
        raise CommandRejected(
            "shows no notice that can be acknowledged", reason_code="not_ready", appliance=device_id
        )
    frame = notice.answer(_OK)
    await client.write_dop2_leaf(device_id, frame.unit, frame.attribute, encode(frame))
    for delay_s in _GONE_AFTER_S:
        if notice not in await _shown(client, device_id, unit):
            return
        await client.clock.sleep(delay_s)
    raise CommandTimeout(f"{notice.text} was acknowledged, but is still shown", appliance=device_id)


async def _shown(client: ResourceClient, device_id: str, unit: int) -> tuple[Notice, ...]:
    leaf = await client.read_dop2_awake(device_id, unit, _SHOWN)
    return notices(NotificationsShown(checked(leaf, unit, _SHOWN)))


def _present(failures: Iterable[Any]) -> list[int]:
    return [each.code for each in failures if each.code and each.present_now]


def _joined(texts: Iterable[str]) -> str | None:
    return "; ".join(texts) or None
