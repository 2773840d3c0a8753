"""The appliances that can be simulated: who they are, what they report, which programmes they run.

Numbers are those of real machines: device types, phases and programmes from miele-http.md, appendices A to
C; which fields a type reports from section 18; durations and consumptions are believable for their size.
"""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = ["MODULE_SOFTWARE", "PROFILES", "Phase", "Profile", "Programme"]

MODULE_SOFTWARE: Final = 6713
"""Of the recorded EK057S (miele-dop2.md, section 7, 1565)."""

_LAUNDRY: Final = frozenset({1, 2, 7, 24})
"""Device types with the laundry structures: washers, dryers, dishwashers (miele-dop2.md, section 8)."""

_OVEN_SOFTWARE, _LAUNDRY_SOFTWARE, _OTHER_SOFTWARE = 6050, 5975, 5581
"""Of the boards ELP and EPW (miele-dop2.md, section 6) and of an Ident (miele-http.md, section 10)."""


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a programme: its ProgramPhase number, and where the appliance goes in it."""

    number: int
    minutes: float
    celsius: float | None = None
    rpm: int = 0


class Programme(msgspec.Struct, frozen=True, kw_only=True):
    """A programme: phases in order, what a whole run consumes."""

    number: int
    phases: tuple[Phase, ...]
    kind: int = 1
    watt_hours: int = 0
    decilitres: int = 0

    @property
    def seconds(self) -> float:
        """How long a run takes."""
        return 60 * sum(phase.minutes for phase in self.phases)


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One model: its identification and its abilities.

    `protocol` is the ProtocolVersion of Ident (2: Dop1, 4: DOP2); `module` the communication module, whose
    name also decides the generation.
    """

    device_type: int
    tech_type: str
    mat_number: str
    module: str = "EK057S"
    module_version: str = "09.14"
    protocol: int = 4
    programmes: tuple[Programme, ...] = ()
    zones: tuple[float | None, ...] = (None, None, None)
    zone_targets: tuple[float | None, ...] = (None, None, None)
    plates: int = 0
    doors: int = 0
    spins: bool = False
    dries: bool = False
    ventilates: bool = False
    light: int = 0
    sleeps: bool = True
    writable: bool = True
    extractor: bool = False
    pauses_when_opened: bool = False
    resumes_when_closed: bool = False

    @property
    def has_dop2(self) -> bool:
        """Whether the binary tree exists: newer modules on DOP2 appliances (section 1)."""
        return self.protocol >= 3 and self.module != "XKM3100W"  # noqa: PLR2004 - 3 and 4 speak DOP2 (section 10)

    @property
    def is_laundry(self) -> bool:
        """Whether it has the laundry structures of DOP2; the others have those of ovens."""
        return self.device_type in _LAUNDRY

    @property
    def software(self) -> tuple[int, ...]:
        """Numbers of the main board's software, as Ident and DOP2 tell them."""
        main = _LAUNDRY_SOFTWARE if self.is_laundry else _OTHER_SOFTWARE
        return (_OVEN_SOFTWARE if self.device_type == 12 else main, 20487, 25228)  # noqa: PLR2004 - oven

    @property
    def module_software(self) -> tuple[int, ...]:
        """Numbers of the communication module's software."""
        return (MODULE_SOFTWARE if self.has_dop2 else 4164, 20384)

    @property
    def is_newer(self) -> bool:
        """Whether pairing wants its own header and push exists (section 1)."""
        return self.module not in ("XKM3100W", "EK037")


def _wash(number: int, celsius: float, wash: float, rpm: int, *, wh: int, dl: int) -> Programme:
    phases = (
        Phase(number=260, minutes=wash, celsius=celsius),
        Phase(number=261, minutes=wash / 2),
        Phase(number=266, minutes=max(6.0, wash / 6), rpm=rpm),
        Phase(number=267, minutes=2),
    )
    return Programme(number=number, phases=phases, watt_hours=wh, decilitres=dl)


def _dry(number: int, minutes: float, *, wh: int) -> Programme:
    phases = (Phase(number=514, minutes=minutes, celsius=60), Phase(number=519, minutes=10, celsius=25))
    return Programme(number=number, phases=phases, watt_hours=wh)


def _dishes(number: int, celsius: float, minutes: float, *, wh: int, dl: int) -> Programme:
    phases = (
        Phase(number=1794, minutes=minutes * 0.1),
        Phase(number=1795, minutes=minutes * 0.5, celsius=celsius),
        Phase(number=1797, minutes=minutes * 0.1),
        Phase(number=1798, minutes=minutes * 0.1, celsius=celsius),
        Phase(number=1799, minutes=minutes * 0.2),
    )
    return Programme(number=number, phases=phases, watt_hours=wh, decilitres=dl)


def _bake(number: int, celsius: float, minutes: float, *, wh: int, kind: int = 1) -> Programme:
    phases = (
        Phase(number=3073, minutes=10, celsius=celsius),
        Phase(number=3074, minutes=minutes, celsius=celsius),
    )
    return Programme(number=number, phases=phases, kind=kind, watt_hours=wh)


def _drink(number: int, seconds: float, *, milk: bool = False) -> Programme:
    brew = (
        Phase(number=4377, minutes=8 / 60),
        Phase(number=4369, minutes=4 / 60),
        Phase(number=4353, minutes=seconds / 60),
    )
    foam = (Phase(number=4355, minutes=15 / 60),) if milk else ()
    return Programme(number=number, phases=(*foam, *brew), watt_hours=15, decilitres=1)


_WASHER: Final = Profile(
    device_type=1,
    tech_type="WXF660",
    mat_number="11614960",
    programmes=(
        _wash(1, 40, 70, 1600, wh=750, dl=620),
        _wash(3, 40, 50, 1200, wh=560, dl=540),
        _wash(4, 30, 35, 900, wh=360, dl=640),
        _wash(8, 30, 24, 1200, wh=250, dl=420),
        _wash(23, 40, 45, 900, wh=480, dl=560),
        _wash(122, 30, 11, 1200, wh=210, dl=330),
        _wash(133, 40, 130, 1600, wh=490, dl=480),
        _wash(190, 40, 150, 1400, wh=520, dl=450),
    ),
    spins=True,
)
_DRYER: Final = Profile(
    device_type=2,
    tech_type="TEC575",
    mat_number="11189790",
    programmes=(_dry(2, 95, wh=1450), _dry(3, 60, wh=900), _dry(9, 105, wh=1400), _dry(8, 40, wh=700)),
    dries=True,
    pauses_when_opened=True,
)
_DISHWASHER: Final = Profile(
    device_type=7,
    tech_type="G7310",
    mat_number="11384800",
    programmes=(
        _dishes(28, 50, 195, wh=740, dl=89),
        _dishes(26, 75, 150, wh=1350, dl=125),
        _dishes(32, 60, 120, wh=950, dl=105),
        _dishes(38, 65, 58, wh=1150, dl=112),
        _dishes(35, 45, 90, wh=720, dl=110),
    ),
    pauses_when_opened=True,
    resumes_when_closed=True,
    zones=(),
    zone_targets=(),
)
_OVEN: Final = Profile(
    device_type=12,
    tech_type="H7560BP",
    mat_number="11104970",
    programmes=(
        _bake(13, 160, 45, wh=1100),
        _bake(24, 180, 50, wh=1250),
        _bake(14, 170, 40, wh=1150),
        _bake(9, 240, 20, wh=950),
        _bake(323, 450, 120, wh=4600, kind=3),
    ),
    zones=(22.0, None, None),
    light=2,
)
_OLD_OVEN: Final = Profile(
    device_type=12,
    tech_type="H2465BP",
    mat_number="10816640",
    module="XKM3100W",
    module_version="02.31",
    protocol=3,
    programmes=(_bake(13, 160, 45, wh=1100), _bake(24, 180, 50, wh=1250)),
    zones=(21.0, None, None),
    light=2,
)
_FRIDGE: Final = Profile(
    device_type=21,
    tech_type="KFN7795D",
    mat_number="11641900",
    zones=(4.6, -17.4, None),
    zone_targets=(4.0, -18.0, None),
    doors=2,
    sleeps=False,
    writable=False,
)
_HOB: Final = Profile(
    device_type=74,
    tech_type="KMDA7876",
    mat_number="11515170",
    module_version="09.02",
    plates=4,
    extractor=True,
    sleeps=False,
)
_COFFEE: Final = Profile(
    device_type=17,
    tech_type="CVA7845",
    mat_number="11191250",
    programmes=(
        _drink(24000, 14),
        _drink(24001, 22),
        _drink(24002, 40),
        _drink(24004, 22, milk=True),
        _drink(24006, 22, milk=True),
    ),
    zones=(24.0, None, None),
)
_HOOD: Final = Profile(
    device_type=18,
    tech_type="DA4298W",
    mat_number="10902800",
    module="EK037",
    module_version="03.61",
    protocol=2,
    zones=(),
    zone_targets=(),
    ventilates=True,
    light=2,
    sleeps=False,
)

PROFILES: Final = {
    "washing-machine": _WASHER,
    "tumble-dryer": _DRYER,
    "dishwasher": _DISHWASHER,
    "oven": _OVEN,
    "oven-xkm3100w": _OLD_OVEN,
    "fridge-freezer": _FRIDGE,
    "hob": _HOB,
    "coffee-system": _COFFEE,
    "hood": _HOOD,
}
"""Every type that `homewire simulate miele --type` takes."""
