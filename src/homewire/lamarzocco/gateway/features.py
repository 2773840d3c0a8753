"""What a machine or grinder of this generation reports and takes, per model.

The tables here are declarations only; `appliance` fills them with values and carries the writes out.
Ranges: `lamarzocco-gateway.md`, section 13.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from homewire.features import (
    BinarySensor,
    Button,
    Category,
    Event,
    Feature,
    Number,
    Select,
    Sensor,
    Switch,
    Text,
    Time,
    Update,
)
from homewire.lamarzocco.gateway.machine import (
    COFFEE_C,
    DOSE_PULSES,
    HOT_WATER_S,
    PREBREW_OFF_S,
    PREBREW_ON_S,
    PREINFUSION_S,
    STANDBY_MIN,
    STEAM_RANGE_C,
    WEIGHT_G,
)
from homewire.lamarzocco.models import MODELS, Model, Steam

__all__ = ["DAYS", "catalogue", "grinder_features", "machine_features", "wake_up_features"]

_CONFIGURATION = Category.CONFIGURATION
_DIAGNOSTIC = Category.DIAGNOSTIC
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_PATTERN = r"off|[0-2]\d:[0-5]\d-[0-2]\d:[0-5]\d"


def catalogue() -> Iterable[tuple[str, tuple[Feature, ...]]]:
    """Yield every model with its features, for the docs."""
    for model in MODELS:
        yield model.title, grinder_features() if model.grinder else machine_features(model)


def machine_features(
    model: Model, *, weekly: bool = False, entries: Iterable[str] = ()
) -> tuple[Feature, ...]:
    """Return the features of a machine; `weekly` for the old schedule, else its wake-up entries by id."""
    features: list[Feature] = [*_everyday(model), *_dosing(model), *_prebrewing(model), *_setup()]
    features += _weekly_schedule() if weekly else _standby()
    if not weekly:
        features.append(_wake_up_add())
    for entry in () if weekly else entries:
        features += wake_up_features(entry)
    return (*features, *_diagnostics(model))


def grinder_features() -> tuple[Feature, ...]:
    """Return the features of the Pico, which takes no commands in this generation (section 8.6)."""
    doses = [
        Sensor(key=f"dose_{key.lower()}", name=f"Dose {key}", unit="s", device_class="duration", precision=1)
        for key in ("A", "B")
    ]
    return (
        BinarySensor(key="power", name="Power", device_class="power"),
        BinarySensor(key="hopper_open", name="Hopper open", device_class="opening"),
        BinarySensor(key="light", name="Barista light", device_class="light", category=_DIAGNOSTIC),
        *doses,
        Sensor(key="selected_dose", name="Selected dose"),
        Sensor(
            key="standby_after",
            name="Standby after",
            unit="min",
            device_class="duration",
            category=_DIAGNOSTIC,
        ),
        *_firmware(),
        _path(),
    )


def _temperature(key: str, name: str) -> Sensor:
    return Sensor(
        key=key, name=name, unit="°C", device_class="temperature", state_class="measurement", precision=1
    )


def _everyday(model: Model) -> Iterator[Feature]:
    yield Switch(key="power", name="Power", help="On or standby.")
    yield BinarySensor(key="ready", name="Ready to brew", help="Every boiler in use is at its target.")
    yield Sensor(
        key="ready_at",
        name="Ready at",
        device_class="timestamp",
        history=False,
        help="When the boilers will be at their targets, estimated while heating.",
    )
    yield _temperature("coffee_temperature", "Coffee temperature")
    yield Number(
        key="coffee_target",
        name="Coffee target",
        unit="°C",
        device_class="temperature",
        minimum=COFFEE_C[0],
        maximum=COFFEE_C[1],
        step=0.1,
        precision=1,
    )
    yield Switch(key="steam", name="Steam boiler")
    yield _temperature("steam_temperature", "Steam temperature")
    if model.steam is Steam.LEVELS:
        yield Select(key="steam_level", name="Steam level", options=("1", "2", "3"))
    if model.steam is Steam.RANGE:
        yield Number(
            key="steam_target",
            name="Steam target",
            unit="°C",
            device_class="temperature",
            minimum=STEAM_RANGE_C[0],
            maximum=STEAM_RANGE_C[1],
        )
    yield BinarySensor(key="water", name="Water in the tank")
    yield BinarySensor(key="brewing", name="Brewing", device_class="running")
    yield Sensor(key="shot_time", name="Shot time", unit="s", device_class="duration", precision=1)
    yield Event(
        key="shot",
        name="Shot",
        event_types=("shot", "flush"),
        help="A shot or flush that ended, with its start, duration and dose.",
    )


def _dosing(model: Model) -> Iterator[Feature]:
    low, high = DOSE_PULSES
    for key in model.dose_keys:
        yield Number(
            key=f"dose_{key.lower()}",
            name=f"Dose {key}",
            unit="pulses",
            minimum=low,
            maximum=high,
            category=_CONFIGURATION,
        )
    if model.hot_water_dose:
        low, high = HOT_WATER_S
        yield Number(
            key="hot_water",
            name="Hot water dose",
            unit="s",
            device_class="duration",
            minimum=low,
            maximum=high,
            category=_CONFIGURATION,
        )
    if model.brew_by_weight:
        yield from _weighing()


def _weighing() -> Iterator[Feature]:
    low, high = WEIGHT_G
    yield Select(key="recipe", name="Recipe dose", options=("A", "B"), category=_CONFIGURATION)
    for key in ("A", "B"):
        yield Number(
            key=f"recipe_{key.lower()}",
            name=f"Recipe dose {key}",
            unit="g",
            device_class="weight",
            minimum=low,
            maximum=high,
            category=_CONFIGURATION,
        )
    yield BinarySensor(key="scale", name="Scale", device_class="connectivity", category=_DIAGNOSTIC)
    yield Sensor(
        key="scale_battery", name="Scale battery", unit="%", device_class="battery", category=_DIAGNOSTIC
    )


def _prebrewing(model: Model) -> Iterator[Feature]:
    if not model.prebrew:
        return
    options = ("disabled", "prebrew", "preinfusion")
    yield Select(key="prebrew_mode", name="Pre-brewing", options=options, category=_CONFIGURATION)
    for key in model.dose_keys or ("",):
        yield from _prebrew_times(f"_{key.lower()}" if key else "", f" {key}" if key else "")


def _prebrew_times(suffix: str, title: str) -> Iterator[Feature]:
    times = {
        "prebrew_on": ("Pre-brewing on", PREBREW_ON_S),
        "prebrew_off": ("Pre-brewing off", PREBREW_OFF_S),
        "preinfusion": ("Pre-infusion", PREINFUSION_S),
    }
    for key, (name, (low, high)) in times.items():
        yield Number(
            key=key + suffix,
            name=name + title,
            unit="s",
            device_class="duration",
            minimum=low,
            maximum=high,
            step=0.1,
            precision=1,
            category=_CONFIGURATION,
        )


def _setup() -> Iterator[Feature]:
    yield Switch(key="plumbed_in", name="Plumbed in", category=_CONFIGURATION)
    yield Button(key="backflush", name="Backflush", category=_CONFIGURATION, help="The machine has to be on.")
    yield BinarySensor(key="backflushing", name="Backflushing", device_class="running")


def _standby() -> Iterator[Feature]:
    low, high = STANDBY_MIN
    yield Switch(key="smart_standby", name="Smart standby", category=_CONFIGURATION)
    yield Number(
        key="smart_standby_after",
        name="Smart standby after",
        unit="min",
        device_class="duration",
        minimum=low,
        maximum=high,
        step=10,
        category=_CONFIGURATION,
    )
    yield Select(
        key="smart_standby_mode",
        name="Smart standby counts from",
        options=("LastBrewing", "PowerOn"),
        category=_CONFIGURATION,
    )


def _wake_up_add() -> Feature:
    return Button(
        key="wake_up_add",
        name="Add a wake-up",
        category=_CONFIGURATION,
        help="Creates an entry that is switched off and has no times; set these, then switch it on.",
    )


def wake_up_features(entry: str) -> Iterator[Feature]:
    """Yield the features of one wake-up and sleep entry."""
    key, name = f"wake_up_{entry}", f"Wake-up {entry}"
    yield Switch(key=key, name=name, category=_CONFIGURATION)
    yield Time(key=f"{key}_on", name=f"{name} on", category=_CONFIGURATION)
    yield Time(key=f"{key}_off", name=f"{name} off", category=_CONFIGURATION)
    yield Switch(key=f"{key}_steam", name=f"{name} steam", category=_CONFIGURATION)
    days = "|".join(DAYS)
    yield Text(
        key=f"{key}_days",
        name=f"{name} days",
        pattern=rf"(?:(?:{days})(?:,(?:{days}))*)?",
        category=_CONFIGURATION,
        help="Day names in lower case, separated by commas.",
    )
    yield Button(key=f"{key}_remove", name=f"Remove {name[0].lower()}{name[1:]}", category=_CONFIGURATION)


def _weekly_schedule() -> Iterator[Feature]:
    yield Switch(key="schedule", name="Schedule", category=_CONFIGURATION)
    for day in DAYS:
        yield Text(
            key=f"schedule_{day}",
            name=f"Schedule {day}",
            pattern=_DAY_PATTERN,
            category=_CONFIGURATION,
            help='Either "off" or on and off times such as 06:30-20:00.',
        )


def _diagnostics(model: Model) -> Iterator[Feature]:
    counters = {"coffees": "Coffees"} | {
        f"coffees_{key.lower()}": f"Coffees {key}" for key in model.dose_keys
    }
    for key, name in (counters | {"flushes": "Flushes"}).items():
        yield Sensor(key=key, name=name, state_class="total_increasing", category=_DIAGNOSTIC)
    yield Sensor(
        key="wifi_signal",
        name="Wi-Fi signal",
        unit="dBm",
        device_class="signal_strength",
        state_class="measurement",
        category=_DIAGNOSTIC,
        enabled_by_default=False,
    )
    yield from _firmware()
    yield _path()


def _firmware() -> Iterator[Feature]:
    for kind in ("machine", "gateway"):
        yield Sensor(
            key=f"{kind}_firmware", name=f"{kind.capitalize()} firmware", category=_DIAGNOSTIC, history=False
        )
        yield Update(
            key=f"{kind}_update",
            name=f"{kind.capitalize()} firmware update",
            installed_key=f"{kind}_firmware",
            progress_key=f"{kind}_updating",
            device_class="firmware",
            category=_DIAGNOSTIC,
            writable=True,
            dangerous=True,
            history=False,
        )
        yield BinarySensor(
            key=f"{kind}_updating",
            name=f"{kind.capitalize()} firmware is being installed",
            device_class="running",
            category=_DIAGNOSTIC,
        )


def _path() -> Sensor:
    return Sensor(
        key="read_from",
        name="Read from",
        options=("stream", "local", "cloud"),
        category=_DIAGNOSTIC,
        history=False,
        help="Where the last reading came from.",
    )
