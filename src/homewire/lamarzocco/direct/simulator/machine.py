"""The simulated machine: what it believes, and its physics.

Its memory is the table of `memory_map`; whoever reads it sees boilers that heat and cool, shots that flow,
counters that rise, a clock that runs and a schedule that switches
(docs/protocols/lamarzocco-tcp.md, section 15.1). Time passes only in `advance`, which the server calls
before it looks.
"""

from __future__ import annotations

import datetime as dt
import random

from homewire.lamarzocco.direct.fields import Block, Model, PanelText
from homewire.lamarzocco.direct.memory import MemoryImage, clock_bytes, clock_time, decode, group_offset_c
from homewire.lamarzocco.direct.memory_map import (
    CLOCK,
    CONFIGURATION,
    CONTINUOUS_KEY,
    DAYS,
    FEATURE_COMMAND,
    FLOW,
    PREINFUSION,
)
from homewire.lamarzocco.direct.models import PrebrewMode
from homewire.lamarzocco.direct.simulator.boilers import Boiler
from homewire.lamarzocco.direct.simulator.brewing import Backflush, Brew, Prelude
from homewire.lamarzocco.direct.simulator.images import Profile

__all__ = ["SimulatedMachine"]

_STEP_S = 0.25
"""The grain of the physics: finer than anything that a client can tell."""

_LIVED_S = 1800.0
"""After a longer pause only its last half hour is lived through in full: boilers have settled by then."""

_BUTTON_KEY = 1
"""A paddle or lever counts under key 1 (section 9.2)."""

_SCHEDULE_AREA = Block("schedule and the byte behind it", 0x0310, 30, "9.8", ())
"""lmdirect writes minutes one byte high, so a Sunday's go past the end (section 9.8)."""

_WRITABLE = (CONFIGURATION, FEATURE_COMMAND, PREINFUSION, CLOCK, _SCHEDULE_AREA)

_STEAM, _BACKFLUSHING = 0x01, 0x02


class SimulatedMachine:
    """A machine of a profile that lives on the local time that is read to it, naive.

    `ignores_power_on` is the deep sleep of a GS3 MP (section 7); `rng` makes the sensors' noise.
    """

    def __init__(self, profile: Profile, now: dt.datetime, rng: random.Random, *, name: str = "") -> None:
        self.profile = profile
        self.name = name or profile.model.value
        self.memory = MemoryImage(profile.memory(), profile.shifts())
        self.brew: Brew | None = None
        self.backflush: Backflush | None = None
        self.ignores_power_on = False
        self._rng = rng
        self._now = now
        self._clock_offset = dt.timedelta()
        self._idle_since = now
        self._fractions: dict[str, float] = {}
        memory = self.memory
        self.coffee = Boiler(
            heating_c_per_s=0.35, loss_per_s=0.0006, temperature_c=memory["coffee_boiler_temp_c"]
        )
        self.steam = Boiler(
            heating_c_per_s=0.3, loss_per_s=0.0004, temperature_c=memory["steam_boiler_temp_c"] or 22.0
        )
        self._show()

    @property
    def model(self) -> Model:
        """The model."""
        return self.profile.model

    @property
    def serial(self) -> str:
        """The machine's serial number."""
        return str(self.memory["machine_serial"])

    @property
    def is_on(self) -> bool:
        """Whether it is on rather than in standby."""
        return bool(self.memory["power_on"])

    @property
    def busy(self) -> bool:
        """Whether the board has its hands full: it refuses status reads then (section 7)."""
        return (self.brew is not None and self.brew.running) or self._backflushing

    @property
    def streaming(self) -> bool:
        """Whether telemetry is due."""
        return self.brew is not None or self._backflushing

    @property
    def local_time(self) -> dt.datetime:
        """What its clock shows."""
        return self._now + self._clock_offset

    def advance(self, now: dt.datetime) -> None:
        """Live until then."""
        span_s = (now - self._now).total_seconds()
        if span_s > _LIVED_S:
            self._age(span_s - _LIVED_S)
        while (left_s := (now - self._now).total_seconds()) > 0:
            self._step(min(_STEP_S if self.streaming else 1.0, left_s))
        self._show()

    def read(self, address: int, length: int) -> bytes | None:
        """Return memory; None where there is none."""
        if address < CLOCK.end and address + length > CLOCK.address:
            self.memory.store(CLOCK.address, clock_bytes(self.local_time))
        if address < 0x4023 <= address + length and self.profile.status_size < 35:  # noqa: PLR2004 - section 9.9
            return None
        return self.memory.load(address, length) if self.memory.holds(address, length) else None

    def takes(self, address: int, length: int) -> bool:
        """Tell whether the range can be written."""
        return any(area.address <= address and address + length <= area.end for area in _WRITABLE)

    def write(self, address: int, data: bytes) -> None:
        """Store bytes that `takes` allowed, with what follows from them."""
        if address == FEATURE_COMMAND.address:
            self._feature(data[0])
        elif address == CLOCK.address and len(data) == CLOCK.size:
            self.memory.store(address, data)
            self._set_clock(data)
        else:
            was_on = self.is_on
            self.memory.store(address, data)
            self._switched(was_on)
        self._show()

    def flow(self) -> bytes:
        """Return the telemetry of this moment (section 9.11)."""
        brew, memory = self.brew, self.memory
        parts = {"flow_key": 0, "flow_rate": 0, "flow_time_s": 0.0, "flow_pulses": 0}
        if brew is not None:
            metered = self.model is Model.GS3_AV
            parts["flow_key"] = brew.key if brew.running else 0
            parts["flow_rate"] = int(metered and brew.high_flow)
            parts["flow_time_s"] = brew.time_s
            parts["flow_pulses"] = int(brew.pulses) if metered else 0
        elif self.backflush is not None:
            parts |= {"flow_key": _BUTTON_KEY, "flow_time_s": self.backflush.phase_time_s}
        values = {
            name: memory[name] for name in ("module_serial", "coffee_boiler_temp_c", "steam_boiler_temp_c")
        }
        return b"".join(field.encode((values | parts)[field.name]) for field in FLOW.fields)

    def start_brew(self, key: int) -> None:
        """Press a key, move the paddle or the lever; nothing happens in standby or during a shot."""
        if not self.is_on or self.brew is not None or not self.memory["reservoir_ok"]:
            return
        self._idle_since = self._now
        if self.backflush is not None and self.backflush.move_paddle():
            return
        metered = self.model is Model.GS3_AV
        self.brew = Brew(
            key if metered else _BUTTON_KEY,
            dose_pulses=self.memory[f"dose_k{key}_pulses"] if metered else None,
            prelude=self._prelude(key if metered else _BUTTON_KEY),
        )
        if self.model is not Model.GS3_MP:
            self.memory["count_coffee_activations"] += 1
        self._show()

    def stop_brew(self) -> None:
        """Press the key again, or put paddle or lever back."""
        if self.brew is not None and self.brew.running:
            # without a dose, and with the continuous key, a shot ends by hand
            by_hand = self.model is not Model.GS3_AV or self.brew.key == CONTINUOUS_KEY
            self.brew.end(completed=by_hand)
            self._count(self.brew)
            self._show()

    def draw_hot_water(self, seconds: float) -> None:
        """Draw hot water for a while: it counts, and the steam boiler pays for it."""
        memory = self.memory
        for name in (
            "count_hot_water_activations",
            "count_hot_water_activations_2",
            "count_hot_water_completed",
        ):
            memory[name] += 1
        self._accumulate("hot_water_s", seconds)
        self._accumulate("running_s", seconds)
        self.steam.temperature_c -= 0.2 * seconds
        self._idle_since = self._now
        self._show()

    def set_power(self, on: bool) -> None:
        """Press the power button."""
        was_on = self.is_on
        self.memory["power_on"] = on
        self._switched(was_on)
        self._show()

    def power_cycle(self) -> None:
        """Pull the plug and put it back: the clock starts over (section 9.7)."""
        self._clock_offset = dt.datetime(2001, 1, 1) - self._now  # noqa: DTZ001 - the board's own, naive
        self.brew = self.backflush = None
        self._set_feature(_BACKFLUSHING, False)
        self._show()

    @property
    def _backflushing(self) -> bool:
        return self.backflush is not None and self.backflush.started

    def _prelude(self, key: int) -> Prelude:
        mode, memory = self.memory["prebrew_mode"], self.memory
        if key == CONTINUOUS_KEY or self.model is Model.GS3_MP:
            return Prelude()
        if mode == PrebrewMode.PREBREWING:
            return Prelude(memory[f"prebrew_on_k{key}_s"], memory[f"prebrew_off_k{key}_s"])
        return (
            Prelude(slow_s=memory[f"preinfusion_k{key}_s"]) if mode == PrebrewMode.PREINFUSION else Prelude()
        )

    def _step(self, seconds: float) -> None:
        before = self.local_time
        self._now += dt.timedelta(seconds=seconds)
        self._heat(seconds)
        self._brew_on(seconds)
        self._accumulate("powered_hours", seconds / 3600)
        if self.local_time.minute != before.minute:
            self._follow_schedule()

    def _heat(self, seconds: float) -> None:
        memory, pumping = self.memory, self.brew is not None and self.brew.pump_on
        offset = group_offset_c({name: memory[name] for name in _OFFSET_FIELDS}) or 0.0
        coffee_target = memory["coffee_setpoint_c"] + offset if self.is_on else None
        steam_target = (memory["steam_setpoint_c"] or 125.0) if self.is_on and self._steam_enabled else None
        self.coffee.advance(seconds, coffee_target, 0.3 if pumping else 0.0)
        self.steam.advance(seconds, steam_target)
        for boiler, counter in ((self.coffee, "coffee_element_hours"), (self.steam, "steam_element_hours")):
            if boiler.element_on:
                self._accumulate(counter, seconds / 3600)

    def _brew_on(self, seconds: float) -> None:
        if self.brew is not None:
            was_running = self.brew.running
            self.brew.advance(seconds)
            if was_running and not self.brew.running:
                self._count(self.brew)
            if self.brew.running:
                self._accumulate("running_s", seconds)
                self._accumulate(
                    "pump_s", seconds if self.brew.pump_on and self.model is not Model.GS3_MP else 0
                )
                self._idle_since = self._now
            elif self.brew.over:
                self.brew = None
        if self.backflush is not None:
            self.backflush.advance(seconds)
            if self.backflush.over:
                self.backflush = None
                self._set_feature(_BACKFLUSHING, False)

    def _age(self, seconds: float) -> None:
        """Skip a long pause: nobody watched, everything has settled."""
        skipped_until = self._now + dt.timedelta(seconds=seconds)
        while self._now < skipped_until:
            minute = min(60.0, (skipped_until - self._now).total_seconds())
            self._step(minute if not self.streaming else min(minute, _STEP_S))

    def _count(self, brew: Brew) -> None:
        """Raise the counters of a completed drink (section 9.2)."""
        if brew.completed:
            name = "count_continuous" if brew.key == CONTINUOUS_KEY else f"count_k{brew.key}"
            self.memory[name] += 1
            self.memory["count_coffee_total"] += 1

    def _accumulate(self, name: str, amount: float) -> None:
        """Add to a whole-numbered counter, keeping the fraction."""
        total = self._fractions.get(name, 0.0) + amount
        whole = int(total)
        self._fractions[name] = total - whole
        if whole:
            self.memory[name] += whole

    def _follow_schedule(self) -> None:
        now, memory = self.local_time, self.memory
        day = DAYS[now.weekday()]
        standby_minutes = memory["standby_minutes"]
        if memory["schedule_enabled"] and memory[f"{day}_enabled"]:
            for edge in ("on", "off"):
                if (now.hour, now.minute) == (memory[f"{day}_{edge}_hour"], memory[f"{day}_{edge}_minute"]):
                    self.set_power(edge == "on")
        idle = self._now - self._idle_since
        if self.is_on and standby_minutes and idle >= dt.timedelta(minutes=standby_minutes):
            self.set_power(False)

    def _feature(self, command: int) -> None:
        """Set or clear what the feature command chooses (section 9.5)."""
        enable, chosen = bool(command & 0x80), command & 0x07
        if chosen & _BACKFLUSHING:
            self._arm_backflush(enable)
        if chosen & ~_BACKFLUSHING:
            self._set_feature(chosen & ~_BACKFLUSHING, enable)

    def _arm_backflush(self, enable: bool) -> None:
        if self.model is Model.GS3_MP:
            return
        self._set_feature(_BACKFLUSHING, enable)
        if not enable:
            self.backflush = None
        elif self.backflush is not None:
            self.backflush.orders += 1
        else:
            # a Linea Mini waits for its paddle (section 9.5)
            self.backflush = Backflush(started=self.model is Model.GS3_AV)

    @property
    def _steam_enabled(self) -> bool:
        return bool(self.memory["steam_boiler_enabled"])

    def _set_feature(self, mask: int, enable: bool) -> None:
        raw = self.memory["features_raw"]
        self.memory["features_raw"] = raw | mask if enable else raw & ~mask

    def _set_clock(self, data: bytes) -> None:
        shown = clock_time(decode(CLOCK.address, data))
        if shown is not None:
            self._clock_offset = shown - self._now

    def _switched(self, was_on: bool) -> None:
        if self.is_on and not was_on and self.ignores_power_on:
            self.memory["power_on"] = False
        if not self.is_on:
            self.stop_brew()
        elif not was_on:
            self._idle_since = self._now

    def _show(self) -> None:
        """Let the memory show the present."""
        memory, brew = self.memory, self.brew
        running = brew if brew is not None and brew.running else None
        memory["operating"] = self.is_on
        memory["active_key"] = running.key if running else 0
        memory["shot_pulses"] = int(running.pulses) if running and self.model is Model.GS3_AV else 0
        memory["coffee_boiler_temp_c"] = self.coffee.temperature_c + self._rng.uniform(-0.05, 0.05)
        if self.model is not Model.LINEA_MINI:
            memory["steam_boiler_temp_c"] = self.steam.temperature_c + self._rng.uniform(-0.05, 0.05)
        memory["mirror_coffee_setpoint_c"] = memory["coffee_setpoint_c"]
        memory["mirror_steam_setpoint_c"] = memory["steam_setpoint_c"]
        memory["outputs_raw"] = self._outputs()
        self._show_panel()

    def _outputs(self) -> int:
        """Return the output bits, which mean other things on a Linea Mini (section 9.9)."""
        if not self.is_on:
            return 0
        pumping = self.brew is not None and self.brew.pump_on
        if self.model is Model.LINEA_MINI:
            steam = 0x10 if self.steam.element_on else 0
            if self.backflush is not None:
                return 0x5B if self.backflush.started else 0x40
            return 0x7B if pumping else 0x60 | self.coffee.element_on | steam
        flow = 0x03 if pumping or self._backflushing else 0
        return 0x10 | 0x20 * self.coffee.element_on | 0x40 * self.steam.element_on | flow

    def _show_panel(self) -> None:
        """Write the front panel (section 9.12)."""
        if self.profile.panel_address is None:
            return
        shot_s = int(self.brew.time_s) if self.brew is not None else 0
        second = f"{self.name[:12]:12}T:{min(shot_s, 99):02}"
        lines = (_PANEL.encode(line, bytes(16)) for line in (self._panel_line(), second))
        self.memory.store(self.profile.panel_address, b"\0".join(lines))

    def _panel_line(self) -> str:
        now = self.local_time
        if not self.is_on:
            return f"STAND-BY   {now:%H:%M}"
        fahrenheit = self.memory["temperature_unit"] == 1
        degrees = self.memory["coffee_boiler_temp_c"]
        shown = f"{degrees * 1.8 + 32:5.1f}°F" if fahrenheit else f"{degrees:5.1f}°C"
        elements = "".join("■" if boiler.element_on else "□" for boiler in (self.coffee, self.steam))
        return f"{shown} {elements}{now:%I:%M}{'a' if now.hour < 12 else 'p'}"  # noqa: PLR2004 - noon


_OFFSET_FIELDS = ("group_offset_raw", "factory_offset_raw", "temperature_unit")
_PANEL = PanelText()
