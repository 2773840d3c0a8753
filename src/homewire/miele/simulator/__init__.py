"""A Miele appliance with its communication module, simulated: other people's clients cannot tell.

    appliance, profiles, stock   what it believes: programmes, temperatures, sleep (`SimulatedAppliance`)
    recorded              somebody's appliance, from a recording of its leaves
    levers                what a test or a demo makes happen (`Levers`)
    household             who pulls them by himself: the people who live with it
    module                keys, pairing, Wi-Fi, subscriptions
    leaves, requests, dop1   the binary objects
    contents, network, boards, files, service, blank   what the leaves say
    server, writes, push  the bytes

`MieleSimulator` puts them together: one module, one appliance, one port.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

import msgspec
from aiohttp import web

from homewire.clock import Clock
from homewire.errors import ConfigurationError
from homewire.miele.signing import Credentials
from homewire.miele.simulator.appliance import SimulatedAppliance, Status
from homewire.miele.simulator.household import Household
from homewire.miele.simulator.leaves import LeafTree, LiveTree, RecordedTree
from homewire.miele.simulator.levers import Forgery, Levers
from homewire.miele.simulator.module import SimulatedModule
from homewire.miele.simulator.profiles import PROFILES, Profile
from homewire.miele.simulator.push import PushSender, keep_telling
from homewire.miele.simulator.recorded import RecordedAppliance, recorded_profile, recorded_state
from homewire.miele.simulator.server import ModuleServer
from homewire.simulation import Simulator

if TYPE_CHECKING:
    from homewire.announcement import Announcement

__all__ = ["Forgery", "Levers", "MieleSimulator", "MieleSimulatorOptions", "SimulatedAppliance", "Status"]

_DEMO_GROUP_ID: Final = "123456789ABCDEFE"
_DEMO_GROUP_KEY: Final = "123456789ABCDEFE" * 8
"""The invented household of the worked example (miele-http.md, section 3.5); simulators only."""

_DEMO_TYPES: Final = ("washing-machine", "dishwasher", "oven", "fridge-freezer", "hob", "coffee-system")
_DEMO_SCENES: Final = ("running", "running", "waiting", "ready", "ready", "ready")

_SERVICE: Final = "_mieleathome._tcp.local."
"""Under which modules announce themselves (section 8)."""

_LIFE_S: Final = 5.0
"""How often the appliance compares what subscribers know with what is."""

_JOINING_S: Final = 8.0
"""From the Wi-Fi credentials to an answer in the home network."""

_SCENES: Final = ("ready", "waiting", "running", "off", "asleep")
_USUAL_TYPE: Final = "washing-machine"


class MieleSimulatorOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to simulate an appliance.

    `fab_number` is its 12-digit number. `paired` gives it the household's keys; otherwise it waits for
    somebody to pair it. `strict` refuses signatures over unpadded bodies, as real modules do.
    `access_point` starts it in set-up mode, `tls` with HTTPS and a self-signed certificate there.
    `announce` puts it into mDNS.
    """

    type: Annotated[
        str, msgspec.Meta(description=f"{', '.join(PROFILES)}. Else what the recording is of, else a washer.")
    ] = ""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    host: str = "127.0.0.1"
    group_id: str = _DEMO_GROUP_ID
    group_key: str = _DEMO_GROUP_KEY
    fab_number: Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")] = "000123456789"
    name: str = ""
    scene: Annotated[str, msgspec.Meta(description=f"What it does at first: {', '.join(_SCENES)}.")] = (
        "waiting"
    )
    life: Annotated[bool, msgspec.Meta(description="Somebody lives with it: loads, starts, cooks.")] = False
    paired: bool = True
    strict: bool = True
    upper_case_only: bool = False
    access_point: bool = False
    tls: bool = False
    cloud_gate: bool = False
    second_step: bool = False
    latency_s: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    seed: int = 0
    recording: Annotated[
        str | None, msgspec.Meta(description="Be the appliance of this recording of DOP2 leaves.")
    ] = None
    announce: bool = False


class MieleSimulator(Simulator):
    """One simulated module with its appliance on a loopback port."""

    Options: ClassVar[type[msgspec.Struct]] = MieleSimulatorOptions

    def __init__(self, options: MieleSimulatorOptions | None = None, *, clock: Clock | None = None) -> None:
        self.options = options or MieleSimulatorOptions()
        self.clock = clock or Clock()
        self.credentials = Credentials.from_hex(self.options.group_id, self.options.group_key)
        kind, scene = self.options.type, self.options.scene
        if (kind and kind not in PROFILES) or scene not in _SCENES:
            raise ConfigurationError(
                f"cannot simulate {kind!r} in the scene {scene!r}",
                hint=f"Types: {', '.join(PROFILES)}; scenes: {', '.join(_SCENES)}.",
            )
        self.port = self.options.port
        self._runner: web.ServerRunner | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._announcement: Announcement | None = None
        self._build()

    def _build(self) -> None:
        options, clock = self.options, self.clock
        recording = RecordedTree.load(options.recording) if options.recording else None
        self.profile = self._profile(recording)
        self.appliance = self._appliance(recording)
        self.levers = Levers(appliance=self.appliance, latency_s=options.latency_s)
        self.module = SimulatedModule(
            credentials=self.credentials if options.paired and not options.access_point else None,
            is_newer=self.profile.is_newer,
            access_point=options.access_point,
            cloud_gate=options.cloud_gate,
            second_step=options.second_step,
        )
        self.leaves: LeafTree = recording or LiveTree(self.appliance)
        self.server = ModuleServer(
            self.module,
            self.appliance,
            self.leaves,
            self.levers,
            clock=clock,
            strict=options.strict,
            upper_case_only=options.upper_case_only,
        )
        self.server.on_joining = self._join
        self.server.on_paired = self._tell_household
        self.server.on_write = self._changed.set
        self.pushes = PushSender(self.module, self.appliance, self.levers, clock=clock)
        if recording is None:
            self._play(options.scene)

    def _profile(self, recording: RecordedTree | None) -> Profile:
        if recording is not None:
            return recorded_profile(recording.leaves, kind=self.options.type)
        return PROFILES[self.options.type or _USUAL_TYPE]

    def _appliance(self, recording: RecordedTree | None) -> SimulatedAppliance:
        options = self.options
        make = SimulatedAppliance if recording is None else RecordedAppliance
        appliance = make(self.profile, options.fab_number, clock=self.clock, seed=options.seed)
        appliance.name = options.name
        if recording is not None and isinstance(appliance, RecordedAppliance):
            appliance.recorded = recorded_state(recording.leaves)
        return appliance

    def _play(self, scene: str) -> None:
        programmes = self.profile.programmes
        if scene in ("waiting", "running") and programmes:
            self.appliance.select(programmes[0].number, start_in_s=7200.0)
            if scene == "running":
                self.appliance.start()
        elif scene == "off":
            self.appliance.power(False)
        elif scene == "asleep":
            self.appliance.fall_asleep()
        elif scene == "running" and self.profile.plates:
            self.levers.heat_plate(0, 13)

    @classmethod
    def demo(cls, clock: Clock) -> Sequence[Simulator]:
        """Return a kitchen: six appliances, two of them at work."""
        return [
            cls(
                MieleSimulatorOptions(
                    type=kind,
                    scene=scene,
                    fab_number=f"00012345678{n}",
                    name=kind.replace("-", " ").capitalize(),
                    latency_s=0.04,
                    life=True,
                    seed=n,
                ),
                clock=clock,
            )
            for n, (kind, scene) in enumerate(zip(_DEMO_TYPES, _DEMO_SCENES, strict=True))
        ]

    @property
    def host(self) -> str:
        """Where clients connect: address and port."""
        return f"{self.options.host}:{self.port}"

    async def _start(self) -> None:
        """Listen and live."""
        await self._listen()
        if self.options.announce:
            await self._announce()
        self._spawn(keep_telling(self.pushes, self._changed, self.clock, every_s=_LIFE_S))
        if self.options.life:
            rng = random.Random(self.options.seed)  # noqa: S311 - a repeatable life
            household = Household(self.appliance, self.levers, clock=self.clock, rng=rng)
            self._spawn(household.live())

    async def stop(self) -> None:
        """Stop listening and living."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pushes.close()
        announcement, self._announcement = self._announcement, None
        if announcement is not None:
            await announcement.stop()
        await self.drop_wifi()

    async def drop_wifi(self) -> None:
        """Vanish from the network; `return_wifi` comes back on the same port."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def return_wifi(self) -> None:
        """Answer again on the same port."""
        if self._runner is None:
            await self._listen()

    def settings(self) -> Mapping[str, Any]:
        """Return the settings of the `miele` connection kind."""
        return {"host": self.host, "group_id": self.options.group_id, "group_key": self.options.group_key}

    def describe(self) -> str:
        """Tell what is simulated, where, and with which invented keys."""
        one = self.options
        state = (
            "waits for pairing"
            if not self.module.paired
            else f"GroupID {one.group_id} GroupKey {one.group_key}"
        )
        kind = next((kind for kind, each in PROFILES.items() if each is self.profile), "appliance")
        return f"Miele {kind} {self.profile.tech_type} {one.fab_number} at {self.host}, {state}"

    async def _listen(self) -> None:
        self._runner = runner = web.ServerRunner(
            web.Server(self.server.handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.1
        )
        await runner.setup()
        listener = socket.create_server((self.options.host, self.port))
        listener.setblocking(False)
        await web.SockSite(runner, listener, ssl_context=self._tls()).start()
        self.port = listener.getsockname()[1]

    async def _announce(self) -> None:
        from homewire.announcement import Announcement  # noqa: PLC0415 - needs zeroconf, imported late

        fab_number = self.options.fab_number
        self._announcement = Announcement(
            _SERVICE,
            f"Miele {self.profile.tech_type} {fab_number[-6:]}",
            target=f"Miele-001D63FFFE{int(fab_number) & 0xFFFFFF:06X}.local.",
            address=self.options.host,
            port=self.port,
            properties=self.module.record(self.profile.device_type),
        )
        await self._announcement.start()

    def _tell_household(self) -> None:
        """Announce the household that the module belongs to now (section 8)."""
        if self._announcement is not None:
            self._spawn(self._announcement.update(self.module.record(self.profile.device_type)))

    def _tls(self) -> ssl.SSLContext | None:
        if not (self.options.tls and self.module.access_point):
            return None
        from homewire.simulation.certificate import self_signed  # noqa: PLC0415 - for this mode only

        return self_signed("Miele@home")

    def _join(self, body: bytes) -> None:
        self._spawn(self._change_networks(body))

    async def _change_networks(self, body: bytes) -> None:
        await self.clock.sleep(0.1)  # lets the answer go out
        await self.drop_wifi()
        await self.clock.sleep(_JOINING_S)
        self.module.finish_joining(body)
        await self.return_wifi()

    def _spawn(self, life: Any) -> None:
        task = asyncio.get_running_loop().create_task(life)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_report)


def _report(task: asyncio.Task[None]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        task.result()
