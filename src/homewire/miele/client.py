"""`MieleClient`: a Miele appliance on the local network, with the method names that asyncmiele's users know.

    async with MieleClient.from_hex("192.168.1.50", group_id, group_key) as client:
        for device_id, device in (await client.get_devices()).items():
            print(device.name, device.state.status)

Commands return when the appliance shows their effect, not when it says "Success": that alone proves nothing
(miele-http.md, section 14). Starting is refused unless the caller allows it, and never repeated blindly.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from homewire.errors import (
    CommandRejected,
    CommandTimeout,
    ConnectionFailed,
    NotFound,
    NotSupported,
    RemoteControlDisabled,
)
from homewire.miele.config import settings
from homewire.miele.consumption import ConsumptionStats, read_consumption
from homewire.miele.dop2 import Frame, encode
from homewire.miele.dop2.catalogue import ATTRIBUTES, interpret
from homewire.miele.dop2.paging import checked
from homewire.miele.dop2.requests import change_setting
from homewire.miele.dop2.tables_programs import SettingValue
from homewire.miele.dop2.walk import Walk, WalkState
from homewire.miele.models import Ident, State
from homewire.miele.programs import ProgramCatalog, read_catalog, read_options, selection_of
from homewire.miele.refusals import NotNow, awake
from homewire.miele.remote_start import (
    OVENS,
    unmet_select_conditions,
    unmet_start_conditions,
    unmet_stop_conditions,
)
from homewire.miele.resources import MieleDevice, ResourceClient

if TYPE_CHECKING:
    from homewire.miele.dop2.schema import Attribute

__all__ = ["DeviceSummary", "MieleClient", "MieleDevice"]

_COMBINED_STATE, _USER_REQUEST, _SETTING = 1586, 1583, 105
_ASLEEP: Final = 128
"""Validity of a setting that a sleeping appliance does not tell (miele-dop2.md, section 10)."""

_SETTLE_S: Final = 1.0
"""Until attribute 1574 shows what was selected; not measured anywhere."""

_MAIN_UNIT: Final = 2

_STATE_OFF, _STATE_NORMAL = 1, 4
"""appliance_state of attribute 1586 (miele-dop2.md, appendix A)."""

_REQUEST_START, _REQUEST_STOP, _REQUEST_ON, _REQUEST_OFF, _REQUEST_ABORT = 1, 2, 16, 19, 55
"""user_request of attribute 1583; clients end an oven's programme with 55 (miele-dop2.md, appendix A)."""

_START, _STOP, _PAUSE = 1, 2, 3
"""ProcessAction (miele-http.md, section 12)."""

_STATUS_OFF, _STATUS_RUNNING, _STATUS_PAUSED = 1, 5, 6
_ACTIVE: Final = frozenset({4, 5, 6})

_CONFIRM_AFTER_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 5.0, 5.0, 5.0)
"""When to look for the effect: measured are 0.2 s for a pause to 4.2 s for a resume (section 12)."""


class DeviceSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a status line shows of an appliance; `combined_state` is None without readable DOP2."""

    id: str
    name: str
    ident: Ident
    state: State
    combined_state: Any = None
    ready_to_start: bool = False

    @property
    def progress(self) -> float | None:
        """The part of the running programme that is behind it, 0 to 1; None while nothing runs."""
        return self.state.progress


class MieleClient(ResourceClient):
    """Everything that one module's appliances can be asked and told."""

    on_accepted: Callable[[str], None] | None = None
    """Called with the device id when an appliance accepted a command whose effect is still awaited."""

    @staticmethod
    async def easy_setup(host: str, **kwargs: Any) -> tuple[str, str, str]:
        """Pair an appliance that waits for it; return device id, GroupID and GroupKey for safe keeping."""
        from homewire.miele.pairing import easy_setup  # noqa: PLC0415 - used once in an appliance's life

        return await easy_setup(host, **kwargs)

    async def register(self) -> bool:
        """Pair the module with this client's keys; True when it has them and they are proven to work."""
        from homewire.miele.pairing import pair  # noqa: PLC0415 - used once in an appliance's life

        await pair(self.host, credentials=self.transport.credentials, clock=self.clock)
        return True

    async def get_summary(self, device_id: str) -> DeviceSummary:
        """Read what a status line shows; an appliance whose DOP2 sleeps is not woken for it."""
        device = await self.get_device(device_id)
        try:
            combined = await self.get_parsed_dop2_leaf(device_id, _MAIN_UNIT, _COMBINED_STATE)
        except (NotNow, NotFound):
            combined = None
        return DeviceSummary(
            id=device_id,
            name=device.name,
            ident=device.ident,
            state=device.state,
            combined_state=combined,
            ready_to_start=not unmet_start_conditions(device.device_type, device.state),
        )

    async def get_all_summaries(self) -> dict[str, DeviceSummary]:
        """Read the summary of every appliance behind the module."""
        return {entry.route: await self.get_summary(entry.route) for entry in await self.list_devices()}

    async def get_consumption_stats(self, device_id: str) -> ConsumptionStats:
        """Read energy, water and hours; None where the appliance does not tell, never zero instead."""
        return await read_consumption(self, device_id, await self._device_type(device_id) or 0)

    async def remote_start_obstacles(self, device_id: str) -> tuple[str, ...]:
        """Read the state and name every condition of a remote start that is not met."""
        device_type = await self._device_type(device_id)
        has_dop2 = device_type in OVENS and "DOP2" in await self.list_resources(device_id)
        state = await self.get_device_state(device_id)
        return unmet_start_conditions(device_type, state, has_dop2=has_dop2)

    async def can_remote_start(self, device_id: str) -> bool:
        """Tell whether a remote start may be tried now."""
        return not await self.remote_start_obstacles(device_id)

    async def remote_start(self, device_id: str, *, allow_remote_start: bool | None = None) -> None:
        """Start the programme that is selected and waits; return when it runs.

        Wants consent: `allow_remote_start=True`, or `settings.enable_remote_start`. Reads the state
        directly before, and names each unmet condition. A start whose answer got lost is not sent again;
        the state tells.
        """
        allowed = settings.enable_remote_start if allow_remote_start is None else allow_remote_start
        if not allowed:
            raise RemoteControlDisabled(
                "remote start is off",
                appliance=device_id,
                hint="Pass allow_remote_start=True if the appliance is ready.",
            )
        await self.start_selected(device_id)

    async def start_selected(self, device_id: str) -> None:
        """Start what is selected, with the checks of `remote_start`; consent is the caller's business."""
        _refuse_if(await self.remote_start_obstacles(device_id), "cannot be started", device_id)
        if await self._device_type(device_id) in OVENS:
            await self._request_and_see(device_id, _REQUEST_START, _is_running)
        else:
            await self._act(device_id, {"ProcessAction": _START}, _is_running)

    async def select_program(
        self, device_id: str, program: int | str, options: Mapping[int | str, float] | None = None
    ) -> None:
        """Select a programme by number or name and return when the appliance shows it.

        Without `options` it gets its default settings; with some, it is selected first, its options are
        read, and it is selected again with the chosen values (miele-dop2.md, section 9.4). Each unmet
        condition is named before anything is sent.
        """
        found = (await self.get_program_catalog(device_id)).find(program)
        _refuse_if(
            unmet_select_conditions(await self.get_device_state(device_id)),
            "no programme can be selected",
            device_id,
        )
        shows = _shows_program(found.id)
        what = f"programme {found.name}"
        if options:
            await self._write_frame(device_id, selection_of(found))
            await self.clock.sleep(_SETTLE_S)
            found = msgspec.structs.replace(found, options=await read_options(self.port(device_id)))
        await self._once(
            device_id, lambda: self._write_frame(device_id, selection_of(found, options)), shows, what
        )

    async def stop_program(self, device_id: str) -> None:
        """Abort what runs or waits; return when it stopped."""
        device_type = await self._device_type(device_id)
        if device_type in OVENS:
            await self._request_and_see(device_id, _REQUEST_ABORT, _is_inactive)
            return
        state = await self.get_device_state(device_id)
        _refuse_if(unmet_stop_conditions(device_type, state), "cannot be stopped", device_id)
        await self._act(device_id, {"ProcessAction": _STOP}, _is_inactive)

    async def pause_program(self, device_id: str) -> None:
        """Interrupt the running programme; return when it paused."""
        await self._act(device_id, {"ProcessAction": _PAUSE}, lambda state: state.status == _STATUS_PAUSED)

    async def resume_program(self, device_id: str) -> None:
        """Go on with a paused programme; return when it runs."""
        state = await self.get_device_state(device_id)
        if state.status != _STATUS_PAUSED:
            raise CommandRejected("is not paused", reason_code="not_ready", appliance=device_id)
        await self._act(device_id, {"ProcessAction": _START}, _is_running)

    stop, pause, resume = stop_program, pause_program, resume_program

    async def set_light(self, device_id: str, on: bool) -> None:
        """Switch the light on or off; an appliance whose light is so already is left alone."""
        wanted = 1 if on else 2
        state = await self.get_device_state(device_id)
        if not state.light:
            raise NotSupported("has no light that can be switched", appliance=device_id)
        if state.light != wanted:
            await self._act(device_id, {"Light": wanted}, lambda state: state.light == wanted)

    set_interior_light = set_light

    async def set_ventilation(self, device_id: str, step: int) -> None:
        """Set the fan of a Dop1 hood: 0 off, 1 to 3, 4 booster, 5 interval; on takes some seconds."""
        request = bytes((0x8E, 0x01, 0x02, 0x00, 0x00, 0xFF, step, 0x00))
        await self._once(
            device_id,
            lambda: self.dop1(device_id, request),
            lambda state: state.ventilation_step == step,
            f"fan step {step}",
        )

    async def power_on(self, device_id: str) -> None:
        """Switch on over DOP2; return when the appliance shows it."""
        await self._power(device_id, on=True)

    async def power_off(self, device_id: str) -> None:
        """Switch off over DOP2; return when the appliance shows it."""
        await self._power(device_id, on=False)

    dop2_power_off = power_off

    async def standby(self, device_id: str) -> None:
        """Ask the appliance to go to standby (DeviceAction 3: its effect was never observed, section 12)."""
        await self.write_state(device_id, {"DeviceAction": 3})

    async def start_superfreezing(self, device_id: str) -> None:
        """Start super freezing; known refrigerators refuse writes (section 12)."""
        await self.write_state(device_id, {"ProcessAction": 4})

    async def stop_superfreezing(self, device_id: str) -> None:
        """Stop super freezing."""
        await self.write_state(device_id, {"ProcessAction": 5})

    async def start_supercooling(self, device_id: str) -> None:
        """Start super cooling; known refrigerators refuse writes (section 12)."""
        await self.write_state(device_id, {"ProcessAction": 6})

    async def stop_supercooling(self, device_id: str) -> None:
        """Stop super cooling."""
        await self.write_state(device_id, {"ProcessAction": 7})

    async def send_user_request(self, device_id: str, request_code: int) -> None:
        """Send a user request over DOP2 (attribute 1583); its effect is the caller's to check."""
        await self.write_attribute(device_id, _USER_REQUEST, request=request_code)

    send_custom_user_request = send_user_request

    async def get_parsed_dop2_leaf(
        self, device_id: str, unit: int, attribute: int, idx1: int = 0, idx2: int = 0
    ) -> Attribute:
        """Read one leaf through the table of its attribute."""
        return interpret(
            checked(await self.read_dop2_leaf(device_id, unit, attribute, idx1, idx2), unit, attribute)
        )

    async def walk_dop2_tree(self, device_id: str, **options: Any) -> WalkState:
        """Read every leaf of an appliance, gently; `options` are those of `dop2.walk.Walk`."""
        return await Walk(self.port(device_id), clock=self.clock, **options).run()

    async def write_attribute(
        self, device_id: str, attribute: int, *, unit: int = _MAIN_UNIT, idx1: int = 0, **values: Any
    ) -> None:
        """Write fields of an attribute by name, waking the appliance when it sleeps."""
        await self._write_frame(device_id, ATTRIBUTES[attribute].build(unit=unit, idx1=idx1, **values))

    async def _write_frame(self, device_id: str, frame: Frame) -> None:
        """Write a leaf, waking a sleeping appliance (miele-dop2.md, section 5)."""
        place = (frame.unit, frame.attribute, encode(frame), frame.idx1)
        try:
            await self.write_dop2_leaf(device_id, *place)
        except NotNow as error:
            if not await self.wake_if_asleep(device_id):
                raise awake(error) from None
            await self.write_dop2_leaf(device_id, *place)

    async def get_program_catalog(
        self, device_id: str, *, with_options: bool = False, wake: bool = True
    ) -> ProgramCatalog:
        """Read which programmes the appliance offers; without `wake` a sleeping one raises NotNow.

        Options are told only of a selected programme: `with_options` selects each in turn, which is refused
        while anything runs, and restores the selection at the end.
        """
        port = self.port(device_id, wake=wake)
        device_type = await self._device_type(device_id)
        selecting = port if with_options else None
        return await read_catalog(port, device_type, selecting=selecting, clock=self.clock)

    extract_program_catalog = get_program_catalog

    async def get_setting(self, device_id: str, sf_id: int) -> SettingValue:
        """Read a setting with its range (attribute 105); raise NotFound for an id that is not offered."""
        setting = await self._read_setting(device_id, sf_id)
        if setting.validity == _ASLEEP and await self.wake_if_asleep(device_id):
            setting = await self._read_setting(device_id, sf_id)
        if setting.setting_id != sf_id:
            raise NotFound(f"has no setting {sf_id}", appliance=device_id, hint="Attribute 2/114 lists them.")
        return setting

    async def _read_setting(self, device_id: str, sf_id: int) -> SettingValue:
        raw = await self.read_dop2_awake(device_id, _MAIN_UNIT, _SETTING, sf_id)
        return SettingValue(checked(raw, _MAIN_UNIT, _SETTING))

    async def set_setting(self, device_id: str, sf_id: int, new_value: int) -> None:
        """Change a setting and return when it reads back; checked against its range first (section 10)."""
        body = encode(change_setting(await self.get_setting(device_id, sf_id), new_value))
        await self.write_dop2_leaf(device_id, _MAIN_UNIT, _SETTING, body, sf_id)
        if (await self.get_setting(device_id, sf_id)).current != new_value:
            raise CommandTimeout(f"setting {sf_id} was accepted, but does not read back", appliance=device_id)

    async def _device_type(self, device_id: str) -> int | None:
        known = self.__dict__.setdefault("_idents", {})
        if device_id not in known:
            known[device_id] = await self.get_device_ident(device_id)
        device_type: int | None = known[device_id].device_type
        return device_type

    async def _act(self, device_id: str, fields: Mapping[str, Any], done: Callable[[State], bool]) -> None:
        """Write `/State` and wait for the effect; refused because it is so already is no failure."""
        try:
            await self._once(device_id, lambda: self.write_state(device_id, fields), done, str(dict(fields)))
        except CommandRejected:
            if not done(await self.get_device_state(device_id)):
                raise

    async def _once(
        self,
        device_id: str,
        send: Callable[[], Awaitable[object]],
        done: Callable[[State], bool],
        what: str,
    ) -> None:
        """Send once and wait for the effect; a lost answer is looked up instead of sent again."""
        try:
            await send()
        except ConnectionFailed as lost:
            try:
                await self._see(device_id, done, what)
            except (ConnectionFailed, CommandTimeout):
                raise lost from None
            return
        self._accepted(device_id)
        await self._see(device_id, done, what)

    def _accepted(self, device_id: str) -> None:
        if self.on_accepted is not None:
            self.on_accepted(device_id)

    async def _see(self, device_id: str, done: Callable[[State], bool], what: str) -> None:
        for delay_s in _CONFIRM_AFTER_S:
            if done(await self.get_device_state(device_id)):
                return
            await self.clock.sleep(delay_s)
        raise CommandTimeout(
            f"{what} was accepted, but shows no effect",
            appliance=device_id,
            hint="Some appliances answer Success and do nothing; look at its panel.",
        )

    async def _request_and_see(self, device_id: str, request: int, done: Callable[[State], bool]) -> None:
        await self._once(
            device_id,
            lambda: self.write_attribute(device_id, _USER_REQUEST, request=request),
            done,
            f"user request {request}",
        )

    async def _power(self, device_id: str, *, on: bool) -> None:
        """Use attribute 1586 like the vendor's app; some appliances only know the user request."""
        wanted, request = (_STATE_NORMAL, _REQUEST_ON) if on else (_STATE_OFF, _REQUEST_OFF)

        async def send() -> None:
            try:
                await self.write_attribute(device_id, _COMBINED_STATE, appliance_state=wanted)
            except NotNow:
                await self.write_attribute(device_id, _USER_REQUEST, request=request)

        await self._once(device_id, send, lambda state: (state.status != _STATUS_OFF) == on, "power")


def _refuse_if(obstacles: tuple[str, ...], what: str, device_id: str) -> None:
    if obstacles:
        raise CommandRejected(f"{what}: {'; '.join(obstacles)}", reason_code="not_ready", appliance=device_id)


def _shows_program(number: int) -> Callable[[State], bool]:
    return lambda state: state.program_id == number


def _is_running(state: State) -> bool:
    return state.status == _STATUS_RUNNING


def _is_inactive(state: State) -> bool:
    return state.status not in _ACTIVE
