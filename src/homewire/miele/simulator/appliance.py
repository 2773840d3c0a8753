"""A simulated appliance: what it believes, and how it lives.

Nothing ticks: whenever somebody looks, `advance` carries the programme, the temperatures and the sleep
timer to the present, however far away that is. The numbers on the wire are those of miele-http.md, section
11 and appendix A.
"""

from __future__ import annotations

import math
import random
from typing import Any, Final

from homewire.clock import Clock
from homewire.miele.simulator.profiles import Phase, Profile, Programme
from homewire.miele.simulator.stock import Stock

__all__ = ["Plate", "SimulatedAppliance", "Status"]

NOT_AVAILABLE: Final = -32768
"""Temperature of a zone that has none (section 11)."""

_ROOM_C: Final = 22.0
_HEATING_S: Final = 240.0
"""Time constant with which temperatures rise: an oven reaches its setting in some ten minutes."""

_COOLING_S: Final = 1500.0
"""An oven that was hot is lukewarm after an hour."""

_CABINET_S: Final = 900.0
"""The air of a refrigerator: an open door costs a few degrees."""

_COMPRESSOR_S, _COMPRESSOR_C = 2700.0, 0.25
"""Period and amplitude with which a refrigerator's compressor lets its temperature swing."""

_RESIDUAL_HEAT_S: Final = (600.0, 1200.0, 1800.0)
"""A cooking zone's residual heat is high, medium, low until so long after it was switched off."""

_HIGH_HEAT: Final = 3

_SLEEP_AFTER_S: Final = 900.0
"""Inactivity after which an appliance drops to network idle (section 13)."""

_OFF_AFTER_END_S: Final = 600.0
"""A finished machine switches itself off after a while."""


class Status:
    """The numbers of `Status` that a simulated appliance passes through (appendix A)."""

    OFF = 1
    ON = 2
    PROGRAMMED = 3
    WAITING = 4
    RUNNING = 5
    PAUSED = 6
    ENDED = 7
    FAILURE = 8
    INTERRUPTED = 9
    PAIRING = 12


class Plate:
    """A cooking zone: its step, since when, and how long a timer still runs."""

    def __init__(self) -> None:
        self.step = 0
        self.since = 0.0
        self.was_hot = False
        self.timer_until: float | None = None

    def turn(self, step: int, now: float, timer_s: float | None = None) -> None:
        """Set the step; 0 is off and leaves residual heat."""
        self.was_hot = self.was_hot or bool(self.step)
        if bool(step) != bool(self.step):
            self.since = now
        self.step = step
        self.timer_until = now + timer_s if step and timer_s else None

    def advance(self, now: float) -> None:
        """Switch off when the timer has run out."""
        if self.timer_until is not None and now >= self.timer_until:
            self.turn(0, self.timer_until)

    def heat(self, now: float) -> int:
        """Return the number of the residual heat: 0 none to 3 high."""
        if self.step or not self.was_hot:
            return 0
        past = sum(now - self.since >= limit for limit in _RESIDUAL_HEAT_S)
        return _HIGH_HEAT - past

    def remaining_minutes(self, now: float) -> int:
        """Return the minutes that the timer still runs; 0 without one."""
        return math.ceil((self.timer_until - now) / 60) if self.timer_until is not None else 0

    def elapsed_minutes(self, now: float) -> int:
        """Return for how many minutes the zone has been on."""
        return int((now - self.since) // 60) if self.step else 0


class SimulatedAppliance:
    """One appliance of a profile; `fab_number` is its 12-digit route."""

    def __init__(self, profile: Profile, fab_number: str, *, clock: Clock, seed: int = 0) -> None:
        self.profile = profile
        self.fab_number = fab_number
        self.name = ""
        self.clock = clock
        self.rng = random.Random(seed)  # noqa: S311 - repeatable life, keeps no secret
        self.status = Status.RUNNING if profile.doors else Status.ON
        self.programme: Programme | None = None
        self.elapsed_s = 0.0
        self.start_in_s = 0.0
        self.door_open = False
        self.open_doors: set[int] = set()
        self.failures: set[int] = set()
        self.informations: list[int] = []
        self.stock = Stock(profile)
        self.light = profile.light
        self.standby = 0
        self.remote = 15
        self.mobile_start = True
        self.fan = 0
        self.plates = [Plate() for _ in range(profile.plates)]
        self.extractor = 0
        self.water_c = _ROOM_C
        self.celsius: list[float | None] = list(profile.zones)
        self.targets: list[float | None] = list(profile.zone_targets)
        self.total_wh = 184_000.0
        self.total_decilitres = 96_000.0
        self.operating_s = 3302 * 60.0
        self.cycles = 412
        self.clock_ahead_s = 0
        self.utc_offset_s = 3600
        self.update_progress: int | None = None
        self._seen = clock.monotonic()
        self._born = self._active = self._ended = self._seen

    @property
    def epoch(self) -> int:
        """Seconds since 1970 by the appliance's own clock, which somebody may have set."""
        return int(self.clock.now().timestamp()) + self.clock_ahead_s

    @property
    def failure(self) -> bool:
        """Whether a fault is present."""
        return bool(self.failures)

    @property
    def shown(self) -> tuple[int, ...]:
        """The informations that the panel shows."""
        return (*self.informations, *self.stock.notices)

    @property
    def phase(self) -> Phase | None:
        """The phase that runs now."""
        if self.programme is None or self.status not in (Status.RUNNING, Status.PAUSED):
            return None
        left = self.elapsed_s
        for phase in self.programme.phases:
            left -= phase.minutes * 60
            if left < 0:
                return phase
        return self.programme.phases[-1]

    @property
    def remaining_s(self) -> float:
        """Seconds until the programme ends; of the last programme while nothing runs."""
        return max(0.0, self.programme.seconds - self.elapsed_s) if self.programme else 0.0

    @property
    def asleep(self) -> bool:
        """Whether only `/State` and `/Ident` can be read (section 13)."""
        return self.standby != 0

    @property
    def consumed(self) -> float:
        """The part of the programme's consumption that is behind it, 0 to 1; 0 when nothing runs."""
        if self.programme is None or self.status not in (Status.RUNNING, Status.PAUSED):
            return 0.0
        return min(1.0, self.elapsed_s / self.programme.seconds)

    def advance(self) -> None:
        """Live up to now."""
        now = self.clock.monotonic()
        passed, self._seen = now - self._seen, now
        if passed <= 0:
            return
        passed = self._count_down(passed)
        if self.status == Status.RUNNING and self.programme is not None:
            self._run(passed, now)
        if self.status == Status.ENDED and now - self._ended > _OFF_AFTER_END_S:
            self.status = Status.OFF
        self._follow_plates(now)
        self._follow_temperatures(passed)
        self._fall_asleep(now)

    def touch(self) -> None:
        """Note activity: the sleep timer starts again."""
        self._active = self.clock.monotonic()
        self.standby = 0

    def select(self, number: int, *, start_in_s: float | None = None) -> bool:
        """Choose a programme; with `start_in_s` it waits for that start. False for an unknown one."""
        programme = next((each for each in self.profile.programmes if each.number == number), None)
        if programme is None or self.status in (Status.RUNNING, Status.PAUSED):
            return False
        self.touch()
        self.programme, self.elapsed_s = programme, 0.0
        self.start_in_s = start_in_s or 0.0
        self.status = Status.PROGRAMMED if start_in_s is None else Status.WAITING
        return True

    def start(self) -> bool:
        """Start what is selected, or resume; False when there is nothing to start or the door is open."""
        if self.door_open or self.failure or self.programme is None:
            return False
        if self.status not in (Status.PROGRAMMED, Status.WAITING, Status.PAUSED):
            return False
        self.touch()
        if self.status != Status.PAUSED:
            self._begin()
        self.status = Status.RUNNING
        return True

    def _begin(self) -> None:
        self.start_in_s = 0.0
        self.status = Status.RUNNING
        self.cycles += 1
        self.stock.use()

    def acknowledge(self, number: int) -> bool:
        """Take an information off the panel; one whose reason persists stays."""
        if number not in self.shown:
            return False
        self.touch()
        if number in self.informations:
            self.informations.remove(number)
        return True

    def pause(self) -> bool:
        """Interrupt the running programme."""
        if self.status != Status.RUNNING or self.programme is None:
            return False
        self.touch()
        self.status = Status.PAUSED
        return True

    def stop(self) -> bool:
        """Abort what runs or waits."""
        if self.status not in (Status.RUNNING, Status.PAUSED, Status.WAITING, Status.PROGRAMMED):
            return False
        self.touch()
        ran = self.status in (Status.RUNNING, Status.PAUSED)
        self._book()
        self.status = Status.INTERRUPTED if ran else Status.ON
        self.elapsed_s = 0.0 if not ran else self.elapsed_s
        return True

    def power(self, on: bool) -> bool:
        """Switch the appliance on or off; False when it is so already."""
        if on == (self.status != Status.OFF):
            return False
        self.touch()
        self._book()
        self.status = Status.ON if on else Status.OFF
        return True

    def set_fan(self, step: int) -> None:
        """Turn a hood's fan; the hood is on while it turns."""
        self.fan = step
        self.status = Status.RUNNING if step else Status.ON

    def wake(self) -> bool:
        """Come out of standby; switches nothing on (section 13)."""
        was_asleep = self.asleep
        self.touch()
        return was_asleep

    def fall_asleep(self) -> None:
        """Drop to network idle now."""
        if self.profile.sleeps:
            self.standby = 1

    def _count_down(self, passed: float) -> float:
        """Let a start timer run; return what is left of the time for the programme.

        A timer that ran out while the door was open starts the programme once it is closed.
        """
        if self.status != Status.WAITING:
            return passed
        left = self.start_in_s - passed
        self.start_in_s = max(0.0, left)
        if left > 0 or self.door_open:
            return passed
        self._begin()
        return -left

    def _run(self, passed: float, now: float) -> None:
        programme = self.programme
        if programme is None:
            return
        self._active = now
        self.operating_s += min(passed, self.remaining_s)
        self.elapsed_s += passed
        if self.elapsed_s >= programme.seconds:
            self._ended = now - (self.elapsed_s - programme.seconds)
            self.elapsed_s = programme.seconds
            self._book()
            self.status = Status.ENDED

    def _book(self) -> None:
        """Move the running cycle's consumption into the totals."""
        if self.programme is not None:
            self.total_wh += self.consumed * self.programme.watt_hours
            self.total_decilitres += self.consumed * self.programme.decilitres

    def _follow_temperatures(self, passed: float) -> None:
        phase = self.phase
        wanted = phase.celsius if phase and phase.celsius is not None else _ROOM_C
        self.water_c = _followed(self.water_c, wanted, passed, _HEATING_S)
        for zone, current in enumerate(self.celsius):
            if current is None:
                continue
            if self.profile.doors:
                target = _ROOM_C if zone in self.open_doors else self.targets[zone]
                self.celsius[zone] = _followed(
                    current, _ROOM_C if target is None else target, passed, _CABINET_S
                )
            else:
                pace = _HEATING_S if wanted > current else _COOLING_S
                self.celsius[zone] = _followed(current, wanted, passed, pace)

    def _follow_plates(self, now: float) -> None:
        for plate in self.plates:
            plate.advance(now)
        if self.profile.plates and self.status != Status.OFF:
            self.status = Status.RUNNING if any(plate.step for plate in self.plates) else Status.ON

    def _measured(self) -> list[int]:
        """Return the temperatures as sensors tell them: a refrigerator's swing with its compressor."""
        swing = 0.0
        if self.profile.doors:
            age = self._seen - self._born
            swing = _COMPRESSOR_C * math.sin(2 * math.pi * age / _COMPRESSOR_S)
        return [_hundredths(None if celsius is None else celsius + swing) for celsius in self.celsius]

    def _fall_asleep(self, now: float) -> None:
        busy = self.status in (Status.RUNNING, Status.PAUSED, Status.WAITING)
        if self.profile.sleeps and not busy and now - self._active > _SLEEP_AFTER_S:
            self.standby = 1

    def ident(self) -> dict[str, Any]:
        """Return `/Ident` (section 10)."""
        profile = self.profile
        newer = {"ReleaseVersion": profile.module_version} if profile.is_newer else {}
        return {
            "DeviceType": profile.device_type,
            "SubType": 0,
            "DeviceName": self.name,
            "AppSupport": 661 if profile.is_newer else 529,
            "FctSupport": 3,
            "XKMSupport": 7,
            "ProtocolVersion": profile.protocol,
            "DeviceIdentLabel": {
                "Version": "E",
                "FabNumber": self.fab_number,
                "FabIndex": "00",
                "TechType": profile.tech_type,
                "MatNumber": profile.mat_number,
                "SWIDs": list(profile.software),
            },
            "XKMIdentLabel": {
                "Version": "D",
                "FabNumber": str(int(self.fab_number) + 1).zfill(12),
                "FabIndex": "64",
                "TechType": profile.module,
                "MatNumber": "10440980",
                "SWIDs": list(profile.module_software),
                **newer,
            },
        }

    def state(self) -> dict[str, Any]:
        """Return `/State` (sections 11 and 18)."""
        self.advance()
        phase, programme = self.phase, self.programme
        fields: dict[str, Any] = {
            "Status": self.status,
            "InternalState": int(any(plate.step for plate in self.plates)),
            "ProgramType": programme.kind if programme else 1,
            "ProgramID": programme.number if programme else 0,
            "ProgramPhase": phase.number if phase else 0,
            "RemainingTime": _hours_minutes(self.remaining_s),
            "StartTime": _hours_minutes(self.start_in_s),
            "TargetTemperature": self._target_temperatures(phase),
            "Temperature": self._measured(),
            "SignalInfo": bool(self.shown),
            "SignalFailure": self.failure,
            "SignalDoor": self.door_open or bool(self.open_doors),
            "RemoteEnable": [self.remote, 0, int(self.mobile_start)],
            "ProcessAction": 0,
            "DeviceAction": 0,
            "Light": self.light,
            "StandbyState": self.standby,
            "ElapsedTime": _hours_minutes(self.elapsed_s, up=False),
        }
        return fields | self._special_fields(phase)

    def _special_fields(self, phase: Phase | None) -> dict[str, Any]:
        profile = self.profile
        fields: dict[str, Any] = {}
        if profile.spins or profile.dries:
            fields |= {"SpinningSpeed": phase.rpm if phase else 0, "DryingStep": 2}
        if profile.ventilates:
            fields["VentilationStep"] = self.fan
        if profile.doors:
            fields["DoorStates"] = [[1 if n in self.open_doors else 2, 0] for n in range(profile.doors)]
        if profile.plates:
            fields |= self._plate_fields()
        return fields

    def _plate_fields(self) -> dict[str, Any]:
        now = self._seen
        return {
            "PlateStep": [plate.step for plate in self.plates],
            "PlateRemainingHeat": [plate.heat(now) for plate in self.plates],
            "PlateRemainingMinutes": [plate.remaining_minutes(now) for plate in self.plates],
            "PlateElapsedMinutes": [plate.elapsed_minutes(now) for plate in self.plates],
            "ExtendedState": self._extended_state().hex().upper(),
        }

    def _extended_state(self) -> bytes:
        """Build a hob's block: main state, power and pot per zone, extractor level at 62 (section 11)."""
        block = bytearray(66)
        block[0], block[4] = (0x05 if any(plate.step for plate in self.plates) else 0x0D), 0x01
        for zone, plate in enumerate(self.plates):
            block[8 + 3 * zone], block[9 + 3 * zone] = plate.step, 0x08
        block[62] = self.extractor
        return bytes(block)

    def _target_temperatures(self, phase: Phase | None) -> list[int]:
        targets = list(self.targets)
        if phase is not None and targets:
            targets[0] = phase.celsius
        elif self.status == Status.WAITING and self.programme is not None and targets:
            targets[0] = self.programme.phases[0].celsius
        return [_hundredths(celsius) for celsius in targets]


def _followed(current: float, target: float, passed: float, pace_s: float) -> float:
    return target + (current - target) * math.exp(-passed / pace_s)


def _hours_minutes(seconds: float, *, up: bool = True) -> list[int]:
    """Round to whole minutes: what is left is rounded up, what passed is rounded down."""
    minutes = math.ceil(seconds / 60) if up else int(seconds // 60)
    return list(divmod(minutes, 60))


def _hundredths(celsius: float | None) -> int:
    return NOT_AVAILABLE if celsius is None else round(celsius * 100)
