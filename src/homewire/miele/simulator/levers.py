"""What a test or a demo makes happen at a simulated appliance: the person in front of it, and misbehaviour.

The levers of the person act on the appliance at once. Those of misbehaviour take effect with the next
requests and are documented one by one, each with the section of miele-http.md that reports it from real
modules.
"""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from typing import TYPE_CHECKING

from homewire.miele.simulator.appliance import Status

if TYPE_CHECKING:
    from homewire.miele.simulator.appliance import SimulatedAppliance

__all__ = ["Forgery", "Levers"]


class Forgery(StrEnum):
    """How an answer is falsified: what a client has to notice (section 20)."""

    UNSIGNED = "unsigned"
    OTHER_KEY = "other-key"
    OTHER_HOUSEHOLD = "other-household"
    FLIPPED_IV = "flipped-iv"
    FLIPPED_TAIL = "flipped-tail"
    REPLAYED = "replayed"
    NO_JSON = "no-json"


@dataclasses.dataclass(slots=True, kw_only=True)
class Levers:
    """All levers of one module; counters count down with every request.

    `busy` answers 503, `resets` drops the connection, `hangs` never answers (section 5). `latency_s` is how
    long an answer takes. `forgeries` are applied to the next answers with data, in order. `truncate_leaf`
    cuts the next DOP2 leaves after that many bytes, `refused_leaves` maps (unit, attribute) to a status,
    `dop2_off` answers 404 to all of them (EK057 with firmware 08.x). `sleep_after` makes the appliance fall
    asleep after that many further requests; `sleeps_in_zeros` has its leaves say zero then, instead of 500.
    `lose_answers` does what is written and drops the connection
    instead of answering; `write_result` is the number that accepted writes are answered with. `answers_204`
    gives writes the empty answer of some appliances;
    `lies_success` answers Success and does nothing (section 14, H7264BP). `full_resource` makes pushes name
    the whole path. `push_blocked` loses pushes on the way.
    """

    appliance: SimulatedAppliance
    busy: int = 0
    resets: int = 0
    hangs: int = 0
    latency_s: float = 0.0
    forgeries: list[Forgery] = dataclasses.field(default_factory=list)
    truncate_leaf: list[int] = dataclasses.field(default_factory=list)
    refused_leaves: dict[tuple[int, int], int] = dataclasses.field(default_factory=dict)
    dop2_off: bool = False
    sleep_after: int | None = None
    sleeps_in_zeros: bool = False
    answers_204: bool = False
    lies_success: bool = False
    lose_answers: int = 0
    write_result: int = 0
    full_resource: bool = False
    push_blocked: bool = False

    def open_door(self, number: int | None = None) -> None:
        """Open the door, or one door of a refrigerator; a dishwasher or dryer at work pauses."""
        one = self.appliance
        one.advance()
        one.touch()
        if number is None and not one.profile.doors:
            one.door_open = True
            if one.profile.pauses_when_opened:
                one.pause()
        else:
            one.open_doors.add(number or 0)

    def close_doors(self) -> None:
        """Close every door; a dishwasher that was interrupted goes on."""
        one = self.appliance
        one.advance()
        was_open, one.door_open = one.door_open, False
        one.open_doors.clear()
        if was_open and one.profile.resumes_when_closed and one.status == Status.PAUSED:
            one.start()

    def remote_control(self, *, level: int, mobile_start: bool = True) -> None:
        """Switch remote control at the panel: 0 off, 7 not possible now, 15 full."""
        self.appliance.remote, self.appliance.mobile_start = level, mobile_start

    def fail(self, failing: bool = True, code: int = 5) -> None:
        """Show a fault at the panel, or clear it."""
        if failing:
            self.appliance.failures.add(code)
        else:
            self.appliance.failures.discard(code)

    def notify(self, number: int) -> None:
        """Show an information at the panel, by its number in miele-dop2.md, appendix E."""
        self.appliance.informations.append(number)

    def update(self, progress: int | None) -> None:
        """Let new software be installed, so many per cent of it; None ends it."""
        self.appliance.update_progress = progress

    def refill(self) -> None:
        """Fill up whatever is low: detergent, salt, water, beans."""
        self.appliance.stock.refill()

    def heat_plate(self, zone: int, step: int, *, timer_s: float | None = None) -> None:
        """Turn a cooking zone to a PlateStep value; 0 is off and leaves residual heat."""
        self.appliance.advance()
        self.appliance.plates[zone].turn(step, self.appliance.clock.monotonic(), timer_s)

    def due(self, counter: str) -> bool:
        """Tell whether a counted misbehaviour strikes now, and count it down."""
        left: int = getattr(self, counter)
        setattr(self, counter, max(0, left - 1))
        return left > 0

    def count_request(self) -> None:
        """Let the appliance fall asleep when its time has come."""
        if self.sleep_after is None:
            return
        if self.sleep_after == 0:
            self.appliance.fall_asleep()
            self.sleep_after = None
        else:
            self.sleep_after -= 1
