"""A Miele appliance in homewire's terms: features from its state, commands that wait for their effect."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

import msgspec

from homewire.appliance import Appliance, Identity, Occurrence, Origin, Problem
from homewire.clock import Clock
from homewire.commands import Allowance, Command
from homewire.errors import CommandRejected, HomewireError, NotFound, NotSupported, ProtocolError
from homewire.features import Value
from homewire.miele import codes, exploring
from homewire.miele.attention import acknowledge, read_attention
from homewire.miele.client import MieleClient
from homewire.miele.consumption import CycleAccounting, LeafHealth, read_consumption
from homewire.miele.features import COOLING, Abilities, declare
from homewire.miele.models import Ident, State
from homewire.miele.programs import ProgramCatalog
from homewire.miele.readings import STALE, StableTime, estimates, state_values
from homewire.miele.refusals import NotNow
from homewire.unknowns import Unknowns

__all__ = ["MieleAppliance"]

_RUNNING, _PAUSED, _ENDED, _FAILED, _INTERRUPTED = 5, 6, 7, 8, 9
_ACTIVE: Final = frozenset({_RUNNING, _PAUSED})
_ENDINGS: Final = {_ENDED: "finished", _FAILED: "failed", _INTERRUPTED: "stopped"}
_MINUTE_S: Final = 60
_NOTHING: Final = "none"
"""The words of a signal that is off; of one that is on and was not read yet there are none."""


class MieleAppliance(Appliance):
    """One appliance behind a module; `route` is its fabrication number."""

    confirm_within_s: ClassVar[float | None] = 60.0

    def __init__(
        self,
        client: MieleClient,
        route: str,
        ident: Ident,
        abilities: Abilities,
        *,
        clock: Clock | None = None,
        allow: Allowance | None = None,
        unknowns: Unknowns | None = None,
    ) -> None:
        super().__init__(
            _identity(route, ident), declare(abilities), clock=clock, allow=allow, unknowns=unknowns
        )
        self.client = client
        self.route = route
        self.ident = ident
        self.abilities = abilities
        self.raw: dict[str, Any] = {}
        self.last: State | None = None
        self.programmes_known = not abilities.has_dop2
        self._program_ids: dict[str, int] = {}
        self._selectable: dict[int, str] = {}
        self._start, self._finish = StableTime(), StableTime()
        self._energy, self._water = CycleAccounting(), CycleAccounting()
        self._expected_wh: float | None = None
        self._leaves = LeafHealth()
        self._cycles = 0
        self.leaves_due_at = 0.0
        self.attention_due = False

    @property
    def is_running(self) -> bool:
        """Whether a programme runs or pauses; a refrigerator "runs" for ever and is none of this."""
        if self.abilities.device_type in COOLING:
            return False
        return self.last is not None and self.last.status in _ACTIVE

    @property
    def is_asleep(self) -> bool:
        """Whether DOP2 leaves are not to be asked for."""
        return self.last is not None and bool(self.last.standby_state)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Name a fault, and remote control that is switched off at the panel."""
        found = []
        if self.last is not None and self.last.signal_failure:
            found.append(
                Problem(
                    key="fault",
                    message=f"The appliance reports a fault{self._named_fault}",
                    remedy="Look at its panel.",
                )
            )
        if self.last is not None and self.last.remote_enable[:1] == (0,):
            found.append(
                Problem(
                    key="remote_control_off",
                    message="Remote control is switched off at the appliance",
                    remedy="Switch it on in its settings; until then homewire can only read.",
                )
            )
        return tuple(found)

    @property
    def _named_fault(self) -> str:
        text = self.state.get("fault_text")
        return f": {text}" if text and text != _NOTHING else ""

    @property
    def resources(self) -> Mapping[str, str]:
        """What can be read beyond features."""
        return exploring.WITH_DOP2 if self.abilities.has_dop2 else exploring.BASIC

    async def read_resource(self, name: str) -> Any:
        """Read a resource from the appliance now."""
        return await exploring.read(self.client, self.route, name)

    async def read_state(self, origin: Origin = Origin.POLL) -> None:
        """Read `/State` and publish what changed."""
        self.take(dict((await self.client.get_device_state(self.route)).raw), origin)

    def take(self, fields: Mapping[str, Any], origin: Origin) -> bool:
        """Take fields of `/State`, all or some, from a reading or a push; return whether any differs."""
        before, self.raw = self.raw, {**self.raw, **fields}
        if before == self.raw and self.last is not None and not self.is_running:
            return False
        state = State.from_json(self.raw)
        now = self.clock.now()
        occurrences = self._occurrences(state, now)
        values = state_values(state, self.abilities.device_type, self.unknowns)
        start, finish = estimates(state, now, self._finish.shown)
        values |= {"start_at": self._start.settle(start), "finish_at": self._finish.settle(finish)}
        values["cycles"] = self._cycles
        values["program_select"] = self._selected(state)
        values |= self._texts(state) | self._usage(state)
        self.last = state
        self._publish(values, origin, occurrences)
        return before != self.raw

    async def read_programmes(self) -> None:
        """Read which programmes can be selected, and offer them; leave a sleeping appliance asleep."""
        device_type = self.abilities.device_type
        try:
            catalog = await self.client.get_program_catalog(self.route, wake=False)
        except (NotNow, ProtocolError):
            return
        self.programmes_known = True
        for number in catalog.unknown_ids:
            self.unknowns.note("programme", f"{number} of device type {device_type}")
        if catalog.source == ProgramCatalog.known(device_type).source:
            return  # not the appliance's own list
        self._program_ids = {}
        for program in catalog.programs:
            if program.known:  # nobody should start from afar what nobody can name
                self._program_ids.setdefault(program.name, program.id)  # of equal names the first
        self._selectable = {number: name for name, number in self._program_ids.items()}
        self.abilities = msgspec.structs.replace(self.abilities, programmes=tuple(self._program_ids))
        self.replace_features(declare(self.abilities))
        if self.last is not None:
            self._publish({"program_select": self._selected(self.last)}, Origin.POLL)

    def _selected(self, state: State) -> str | None:
        """Name the selected programme among those on offer; None while the number is that of the last run."""
        return None if state.status in STALE else self._selectable.get(state.program_id or 0)

    def _texts(self, state: State) -> dict[str, Value]:
        """Drop the words of a signal that is off; have those of a new one read."""
        before = self.last
        signals = (state.signal_info, state.signal_failure)
        changed = before is None or signals != (before.signal_info, before.signal_failure)
        if changed:
            self.attention_due = self.abilities.has_dop2 and any(signals)
        words: dict[str, Value] = {}
        for key, signal in (("notice_text", state.signal_info), ("fault_text", state.signal_failure)):
            if changed or not signal:
                words[key] = _NOTHING if signal is False else None
        return words

    async def read_attention(self) -> None:
        """Read in words what SignalInfo and SignalFailure are about."""
        state, self.attention_due = self.last, False
        if state is None or not (state.signal_info or state.signal_failure):
            return
        found = await read_attention(self.client, self.route, self.abilities.device_type, self._leaves)
        notice = found.notice if state.signal_info else _NOTHING
        fault = found.fault if state.signal_failure else _NOTHING
        self._publish({"notice_text": notice, "fault_text": fault}, Origin.POLL)

    async def read_consumption(self) -> None:
        """Read energy, water, hours and supplies of an appliance that is awake and tells them."""
        device_type = self.abilities.device_type
        stats = await read_consumption(self.client, self.route, device_type, self._leaves)
        self._count(stats.energy_expected_wh, stats.water_cycle_l)
        hours = None if stats.operating_minutes is None else round(stats.operating_minutes / 60, 1)
        values = self._usage(self.last) | dict(stats.supplies)
        values["operating_time"] = hours if hours is not None else self.state.get("operating_time")
        self._offer_supplies(stats.supplies.keys())
        self._publish(values, Origin.POLL)

    def _usage(self, state: State | None) -> dict[str, Value]:
        return {
            "energy_expected": self._expected_wh if state is not None and state.status in _ACTIVE else None,
            "energy_cycle": self._energy.cycle,
            "energy_total": self._energy.total,
            "water_cycle": self._water.cycle,
            "water_total": self._water.total,
        }

    def _count(self, expected_wh: float | None, water_l: float | None) -> None:
        """Take a reading; of the expected energy the part counts that belongs to the time passed."""
        running, progress = self.is_running, self.last.progress if self.last is not None else None
        self._water.read(water_l, running=running)
        if expected_wh is not None:
            self._expected_wh = expected_wh
            used = None if progress is None else round(expected_wh * progress, 1)
            self._energy.read(used, running=running)

    def _offer_supplies(self, keys: Iterable[str]) -> None:
        """Declare the supplies that the appliance told of, once it did."""
        told = self.abilities.supplies | frozenset(keys)
        if told != self.abilities.supplies:
            self.abilities = msgspec.structs.replace(self.abilities, supplies=told)
            self.replace_features(declare(self.abilities))

    async def read_update(self) -> None:
        """Read which firmware the module has and could have (`/Update`)."""
        try:
            update = await self.client.get_resource("/Update")
        except (NotFound, NotSupported, CommandRejected):
            return
        current, newer = str(update.get("CurrentVersion", "")), str(update.get("AvailableVersion", ""))
        self._publish({"module_firmware": current or None, "update": newer or current or None}, Origin.POLL)

    async def _refresh(self) -> None:
        await self.read_state()
        if self.abilities.has_dop2 and not self.is_asleep:
            await self.read_consumption()
            await self.read_attention()

    async def _write(self, command: Command) -> None:
        action = self._actions().get(command.key)
        if action is None:
            raise self._forbidden_write(command.key)
        self.client.on_accepted = lambda _device: command.accepted()
        command.sent(f"http://{self.client.host}")
        try:
            await action(command.value)
        finally:
            self.client.on_accepted = None
            await self._look()

    async def _look(self) -> None:
        """Show the appliance's own state after a command, whatever became of it."""
        with contextlib.suppress(HomewireError):  # the link's supervisor notices a lost module by itself
            await self.read_state(Origin.COMMAND)
            if self.attention_due:
                await self.read_attention()

    def _actions(self) -> dict[str, Callable[[Value], Awaitable[None]]]:
        client, route = self.client, self.route
        return {
            "start": lambda _: client.start_selected(route),
            "stop": lambda _: client.stop_program(route),
            "pause": lambda _: client.pause_program(route),
            "resume": lambda _: client.resume_program(route),
            "wake": lambda _: client.wake_up(route),
            "light": lambda on: client.set_light(route, bool(on)),
            "power": lambda on: client.power_on(route) if on else client.power_off(route),
            "ventilation": lambda step: client.set_ventilation(
                route, codes.VENTILATION_STEP.number(str(step))
            ),
            "program_select": lambda name: client.select_program(route, self._program_ids[str(name)]),
            "acknowledge": lambda _: self._acknowledge(),
        }

    async def _acknowledge(self) -> None:
        await acknowledge(self.client, self.route, self.abilities.device_type)
        self.attention_due = True

    def _occurrences(self, state: State, now: dt.datetime) -> list[Occurrence]:
        """Name what happened between the last state and this one."""
        before = self.last
        if before is None or "programme" not in self.features:
            return []
        if state.status == _RUNNING and _is_new_run(before, state):
            self._begin_cycle()
            return [self._occurrence("started", state, now)]
        if before.status in _ACTIVE and state.status not in _ACTIVE:
            ending = _ENDINGS.get(state.status or 0) or self._unseen_ending(now)
            if ending == "finished":
                self._cycles += 1
                self._energy.read(self._expected_wh, running=False)
            return [self._occurrence(ending, before, now)]
        return []

    def _begin_cycle(self) -> None:
        self._energy.start()
        self._water.start()
        self._expected_wh = None
        self.leaves_due_at = 0.0

    def _unseen_ending(self, now: dt.datetime) -> str:
        """Tell how a programme ended that is over without anybody having seen its end."""
        finish = self._finish.shown
        return "finished" if finish is not None and now >= finish - dt.timedelta(minutes=1) else "stopped"

    def _occurrence(self, kind: str, state: State, now: dt.datetime) -> Occurrence:
        names = state_values(state, self.abilities.device_type, self.unknowns)
        data: dict[str, Value] = {
            "program": names["program"],
            "program_id": state.program_id,
            "energy_wh": self._energy.cycle if kind != "started" else None,
            "water_l": self._water.cycle if kind != "started" else None,
        }
        known = {key: value for key, value in data.items() if value is not None}
        return Occurrence(key="programme", type=kind, at=now, data=known)

    def _publish(
        self, values: Mapping[str, Value], origin: Origin, occurrences: list[Occurrence] | None = None
    ) -> None:
        declared = {key: value for key, value in values.items() if key in self._state}
        self.publish(declared, origin, occurrences=occurrences or ())

    def _diagnostics(self) -> Mapping[str, Any]:
        return {
            "ident": dict(self.ident.raw),
            "state": dict(self.raw),
            "requests": self.client.transport.requests,
        }


def _is_new_run(before: State, state: State) -> bool:
    """Whether a running programme is not the one from before, also when its end and start were missed."""
    if before.status not in _ACTIVE:
        return True
    if before.elapsed_time is None or state.elapsed_time is None:
        return False
    return state.elapsed_time < before.elapsed_time - _MINUTE_S


def _identity(route: str, ident: Ident) -> Identity:
    kind = codes.DEVICE_TYPE.label(ident.device_type) if ident.device_type is not None else "appliance"
    model = ident.tech_type or kind
    return Identity(
        id=f"miele:{route}",
        vendor="Miele",
        model=model,
        name=ident.device_name or f"Miele {kind.replace('_', ' ')} {model}".strip(),
        serial=route,
        firmware=ident.module_version or None,
    )
