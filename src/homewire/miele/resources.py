"""Reading and writing the resources of one module: devices, identification, state, DOP2 leaves.

The lower half of `MieleClient`: every method is one request (or a documented handful), with the meaning that
miele-http.md, sections 5 and 9 to 13, give to path and status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import msgspec

from homewire.clock import Clock
from homewire.errors import CommandRejected, NotFound, ProtocolError
from homewire.miele import codes
from homewire.miele.models import (
    DeviceEntry,
    Ident,
    State,
    decode_device_list,
    decode_names,
    decode_object,
    decode_write_results,
)
from homewire.miele.refusals import NotNow, awake
from homewire.miele.signing import Credentials, Padding
from homewire.miele.transport import TIMEOUT_S, Transport

if TYPE_CHECKING:
    import aiohttp

__all__ = ["DevicePort", "MieleDevice", "ResourceClient"]

_T = TypeVar("_T")

WAKE_S: Final = 3.0
"""An appliance needs about this long to wake up (section 13)."""

_WAKE_ROUNDS: Final = 2
"""A dishwasher needed two rounds (section 13)."""

_NOTHING: Final = 400
"""A write that changes nothing is answered with it (section 5)."""


class MieleDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One appliance: its route (`id`), what it is (`ident`), what it does (`state`)."""

    id: str
    ident: Ident
    state: State

    @property
    def name(self) -> str:
        """The owner's name for it, else its technical type."""
        return self.ident.device_name or self.ident.tech_type or self.id

    @property
    def device_type(self) -> int | None:
        """The number of its type (appendix A)."""
        return self.ident.device_type

    @property
    def type_name(self) -> str:
        """Its type in words, such as `washing_machine`."""
        return (
            codes.DEVICE_TYPE.slug(self.ident.device_type)
            if self.ident.device_type is not None
            else "unknown"
        )


class ResourceClient:
    """Talks to the module at `host` with the household's keys; see `Transport` for how gently."""

    def __init__(
        self,
        host: str,
        group_id: bytes,
        group_key: bytes,
        timeout: float = TIMEOUT_S,
        *,
        session: aiohttp.ClientSession | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.transport = Transport(
            host,
            Credentials(group_id=group_id, group_key=group_key),
            session=session,
            clock=self.clock,
            timeout_s=timeout,
        )

    @classmethod
    def from_hex(cls, host: str, group_id_hex: str, group_key_hex: str, **kwargs: Any) -> Self:
        """Make a client from the text form of the keys: 16 and 128 hexadecimal digits."""
        keys = Credentials.from_hex(group_id_hex, group_key_hex)
        return cls(host, keys.group_id, keys.group_key, **kwargs)

    @property
    def host(self) -> str:
        """Where the module is."""
        return self.transport.host

    async def close(self) -> None:
        """Close the HTTP session, if it is the client's own."""
        await self.transport.close()

    async def __aenter__(self) -> Self:
        self.transport.open()
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def list_devices(self) -> tuple[DeviceEntry, ...]:
        """Read which appliances are behind the module: usually exactly one."""
        return await self._decoded("/Devices/", decode_device_list)

    async def get_devices(self) -> dict[str, MieleDevice]:
        """Read every appliance with identification and state, by route."""
        return {entry.route: await self.get_device(entry.route) for entry in await self.list_devices()}

    async def get_device(self, device_id: str) -> MieleDevice:
        """Read one appliance; raise NotFound for a route that is not there."""
        return MieleDevice(
            id=device_id,
            ident=await self.get_device_ident(device_id),
            state=await self.get_device_state(device_id),
        )

    async def get_device_ident(self, device_id: str) -> Ident:
        """Read what the appliance is (section 10)."""
        return Ident.from_json(await self._object(device_id, "Ident"))

    async def get_device_state(self, device_id: str) -> State:
        """Read what the appliance does (section 11)."""
        return State.from_json(await self._object(device_id, "State"))

    async def get_resource(self, path: str) -> Any:
        """Read any JSON resource that is an object, such as `/Update` or `/WLAN/`."""
        return await self._decoded(path, decode_object)

    async def list_resources(self, device_id: str) -> tuple[str, ...]:
        """Read which resources the appliance has: DOP2 and SuperVision only where supported."""
        return await self._decoded(f"/Devices/{device_id}/", decode_names)

    async def write_state(self, device_id: str, fields: Mapping[str, Any]) -> None:
        """Write fields of `/State`; raise CommandRejected with the appliance's number when it says no."""
        path = f"/Devices/{device_id}/State"
        reply = await self.transport.send("PUT", path, msgspec.json.encode(dict(fields)))
        for result in decode_write_results(reply.body):
            if not result.accepted:
                raise CommandRejected(
                    f"refuses {result.field} {fields.get(result.field)}",
                    reason_code=result.code,
                    appliance=device_id,
                    path=path,
                )

    async def wake_up(self, device_id: str) -> None:
        """Wake a sleeping appliance; switches nothing on. One that is awake stays so."""
        try:
            await self.write_state(device_id, {"DeviceAction": 2})
        except CommandRejected as error:
            if error.reason_code != _NOTHING:
                raise

    async def read_dop2_leaf(
        self, device_id: str, unit: int, attribute: int, idx1: int = 0, idx2: int = 0
    ) -> bytes:
        """Read one leaf, padding included; raise NotNow from an appliance that sleeps or refuses it."""
        path = f"/Devices/{device_id}/DOP2/{unit}/{attribute}?idx1={idx1}&idx2={idx2}"
        return (await self.transport.get(path)).body

    async def read_dop2_awake(
        self, device_id: str, unit: int, attribute: int, idx1: int = 0, idx2: int = 0
    ) -> bytes:
        """Read one leaf, waking the appliance when it sleeps (section 13)."""
        try:
            return await self.read_dop2_leaf(device_id, unit, attribute, idx1, idx2)
        except NotNow as error:
            if not await self.wake_if_asleep(device_id):
                raise awake(error) from None
        return await self.read_dop2_leaf(device_id, unit, attribute, idx1, idx2)

    async def wake_if_asleep(self, device_id: str) -> bool:
        """Wake an appliance that sleeps, in two rounds if need be; tell whether it did sleep.

        Sleeping appliances refuse leaves with 500, or send zeros as if they were values.
        """
        for round_ in range(_WAKE_ROUNDS):
            if not (await self.get_device_state(device_id)).standby_state:
                return bool(round_)
            await self.wake_up(device_id)
            await self.clock.sleep(WAKE_S)
        return True

    async def write_dop2_leaf(
        self, device_id: str, unit: int, attribute: int, payload: bytes, idx1: int = 0, idx2: int = 0
    ) -> None:
        """Write one leaf; 204 is all that comes back (miele-dop2.md, section 5)."""
        path = f"/Devices/{device_id}/DOP2/{unit}/{attribute}?idx1={idx1}&idx2={idx2}"
        try:
            await self.transport.send("PUT", path, payload, Padding.BINARY)
        except NotFound as error:
            raise NotFound(
                f"takes no writes to leaf {unit}/{attribute}",
                appliance=device_id,
                path=path,
                hint="Its firmware blocks DOP2 writes, or has no such leaf.",
            ) from error

    async def dop1(self, device_id: str, request: bytes) -> bytes:
        """Exchange one Dop1 object with an older hood (section 16): object, 01 read or 02 write, 00, data."""
        body = msgspec.json.encode({"Request": request.hex().upper()})
        reply = await self.transport.send("POST", f"/Devices/{device_id}/DOP/", body)
        response = decode_object(reply.body).get("Response")
        try:
            return bytes.fromhex(str(response))
        except ValueError:
            raise ProtocolError(f"Dop1 answer {response!r} is not hexadecimal", appliance=device_id) from None

    def port(self, device_id: str, *, wake: bool = True) -> DevicePort:
        """Return one appliance's leaves as a port for walks and catalogues."""
        return DevicePort(self, device_id, wake=wake)

    async def list_dop2_units(self, device_id: str) -> tuple[int, ...]:
        """Read the units of the DOP2 tree; may be refused although leaves work (miele-dop2.md, section 6)."""
        return await self._numbers(f"/Devices/{device_id}/DOP2/")

    async def list_dop2_attributes(self, device_id: str, unit: int) -> tuple[int, ...]:
        """Read the attributes of a unit."""
        return await self._numbers(f"/Devices/{device_id}/DOP2/{unit}")

    async def explore_dop2_leaves(self, device_id: str, unit: int) -> list[int]:
        """Read the attributes of a unit, as a list: the replaced library's name."""
        return list(await self.list_dop2_attributes(device_id, unit))

    async def _decoded(self, path: str, decode: Callable[[bytes], _T]) -> _T:
        """Read a resource and decode it; an error says whose it was."""
        body = (await self.transport.get(path)).body
        try:
            return decode(body)
        except ProtocolError as error:
            error.appliance, error.path = self.host, path
            raise

    async def _numbers(self, path: str) -> tuple[int, ...]:
        names = await self._decoded(path, decode_names)
        try:
            return tuple(int(name) for name in names)
        except ValueError:
            raise ProtocolError(f"{path} lists something else than numbers", path=path) from None

    async def _object(self, device_id: str, resource: str) -> dict[str, Any]:
        path = f"/Devices/{device_id}/{resource}"
        try:
            return await self._decoded(path, decode_object)
        except NotFound as error:
            if not self.transport.trusted:
                await self.list_devices()  # tells whether the module knows our keys at all
            raise NotFound(
                f"there is no appliance {device_id!r} behind this module",
                appliance=self.host,
                path=path,
                hint="`homewire miele discover` and get_devices() list what is there.",
            ) from error


class DevicePort:
    """One appliance's leaves, for what walks trees and reads catalogues (`homewire.miele.dop2.ports`)."""

    def __init__(self, client: ResourceClient, device_id: str, *, wake: bool = True) -> None:
        self._client = client
        self._device_id = device_id
        self._wake = wake
        self._read = client.read_dop2_awake if wake else client.read_dop2_leaf

    async def read_leaf(self, unit: int, attribute: int, idx1: int = 0, idx2: int = 0) -> bytes:
        """Read one leaf, waking the appliance first if that was asked for."""
        await self._wake_first()
        return await self._read(self._device_id, unit, attribute, idx1, idx2)

    async def _wake_first(self) -> None:
        """Wake it before the first leaf: what a sleeper sends may be zeros instead of an error."""
        if self._wake:
            await self._client.wake_if_asleep(self._device_id)
            self._wake = False

    async def write_leaf(self, unit: int, attribute: int, body: bytes, idx1: int = 0, idx2: int = 0) -> None:
        """Write one leaf."""
        await self._wake_first()
        await self._client.write_dop2_leaf(self._device_id, unit, attribute, body, idx1, idx2)

    async def list_units(self) -> Sequence[int]:
        """List the units of the tree."""
        return await self._client.list_dop2_units(self._device_id)

    async def list_attributes(self, unit: int) -> Sequence[int]:
        """List the attributes of a unit."""
        return await self._client.list_dop2_attributes(self._device_id, unit)
