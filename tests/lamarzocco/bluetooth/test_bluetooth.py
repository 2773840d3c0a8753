"""The shared Bluetooth plumbing and the gateway generation's client, over a virtual radio under bleak."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from homewire.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost, NotFound, ProtocolError
from homewire.lamarzocco.bluetooth import BluetoothSession, DeviceList, Link, Radio, serial_of
from homewire.lamarzocco.gateway.client.bluetooth import BT_MODEL_PREFIXES, LaMarzoccoBluetoothClient
from homewire.lamarzocco.gateway.models import BoilerType
from homewire.lamarzocco.gateway.simulator import GatewaySimulator
from homewire.simulation.bluetooth import Adapter, Air, Characteristic, GattError, Peripheral, Service

TAIL = "7847-e12b-09a8-b04b-8e0922a9abab"
ADDRESS = "F0:00:00:00:00:AA"


class World:
    """One peripheral and one adapter."""

    def __init__(self) -> None:
        self.air = Air()
        self.adapter = Adapter(self.air)
        self.radio = Radio.of(self.adapter)
        self.written: list[bytes] = []
        self.connections = 0
        self.peripheral = Peripheral(
            self.air,
            name="MICRA_MR000001",
            address=ADDRESS,
            services=[self._service()],
            on_connection=self._count,
        )

    def _service(self) -> Service:
        async def write(_handle: int, value: bytes) -> None:
            self.written.append(value)

        async def refuse(_handle: int, _value: bytes) -> None:
            raise GattError(error_code=0x08)

        async def fail(_handle: int, _value: bytes) -> None:
            raise GattError(error_code=0x0E)

        return Service(
            uuid=f"d30a{TAIL}",
            characteristics=[
                Characteristic(uuid=f"0a0b{TAIL}", read=lambda _handle: b"v" * 600, write=write),
                Characteristic(uuid=f"0b0b{TAIL}", write=refuse),
                Characteristic(uuid=f"0c0b{TAIL}", write=fail),
                Characteristic(uuid=f"0e0b{TAIL}", notify=True),
            ],
        )

    def _count(self, _handle: int, connected: bool) -> None:
        self.connections += connected


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.peripheral.start()
    yield world
    await world.adapter.close()
    await world.peripheral.stop()
    await world.air.close()


@contextlib.asynccontextmanager
async def session(world: World, **options: Any) -> AsyncIterator[BluetoothSession]:
    made = BluetoothSession(ADDRESS, radio=world.radio, **options)
    yield made
    await made.close()


async def test_scans_by_name_prefix(world: World) -> None:
    assert [each.serial for each in await DeviceList(("MICRA",), radio=world.radio).found()] == ["MR000001"]
    assert await DeviceList(("MINI", "GS3"), radio=world.radio) == []
    assert serial_of("GS3AV_GS1_2") == "GS1_2"
    assert serial_of("MICRA") is None


async def test_a_given_scanner_is_asked(world: World) -> None:
    from bleak import BleakScanner

    scanner = BleakScanner(backend=world.radio.scanner_backend)
    async with scanner:
        found = await DeviceList(("MICRA",), scanner=_Asked(scanner, world))
    assert found[0].address == ADDRESS


class _Asked:
    def __init__(self, scanner: Any, world: World) -> None:
        self._scanner, self._world = scanner, world

    async def discover(self) -> list[Any]:
        await asyncio.sleep(1)
        return list(self._scanner.discovered_devices)


async def test_writes_reads_long_values_and_hears_notifications(world: World) -> None:
    heard: list[bytes] = []
    async with session(world) as own, own.use() as link:
        await link.write(f"0a0b{TAIL}", b"w" * 500)
        assert await link.read(f"0a0b{TAIL}") == b"v" * 600
        await link.notify(f"0e0b{TAIL}", heard.append)
        await world.peripheral.notify(f"0e0b{TAIL}", b"hello")
        await asyncio.sleep(1)
        assert link.has(f"0e0b{TAIL}")
        assert not link.has(f"ffff{TAIL}")
    assert world.written == [b"w" * 500]
    assert heard == [b"hello"]


async def test_one_connection_serves_many_and_is_released_after_idling(world: World) -> None:
    async with session(world, idle_s=30) as own:
        for _ in range(3):
            async with own.use() as link:
                await link.write(f"0a0b{TAIL}", b"x")
        assert (world.connections, own.connected) == (1, True)
        await asyncio.sleep(29)
        kept = own.connected
        await asyncio.sleep(5)
        assert (kept, own.connected) == (True, False)
        async with own.use() as link:
            await link.write(f"0a0b{TAIL}", b"y")
        assert world.connections == 2
    assert not own.connected


async def test_users_wait_for_each_other(world: World) -> None:
    order: list[str] = []

    async def one(own: BluetoothSession, name: str) -> None:
        async with own.use():
            order.append(f"{name} in")
            await asyncio.sleep(1)
            order.append(f"{name} out")

    async with session(world) as own:
        await asyncio.gather(one(own, "a"), one(own, "b"))
    assert order == ["a in", "a out", "b in", "b out"]


async def test_preparation_runs_once_per_connection(world: World) -> None:
    prepared: list[Link] = []

    async def prepare(link: Link) -> None:
        prepared.append(link)

    async with session(world, prepare=prepare) as own:
        for _ in range(2):
            async with own.use():
                pass
        assert len(prepared) == 1
        await world.peripheral.drop()
        await asyncio.sleep(1)
        async with own.use():
            pass
        assert len(prepared) == 2


async def test_a_refused_write_is_an_authentication_failure(world: World) -> None:
    async with session(world) as own:
        with pytest.raises(AuthenticationFailed, match="Authorization"):
            async with own.use() as link:
                await link.write(f"0b0b{TAIL}", b"x")
        assert not own.connected
        with pytest.raises(ProtocolError):
            async with own.use() as link:
                await link.write(f"0c0b{TAIL}", b"x")
        with pytest.raises(ProtocolError, match="no characteristic"):
            async with own.use() as link:
                await link.write(f"ffff{TAIL}", b"x")


async def test_a_broken_link_is_lost_and_the_next_use_connects_anew(world: World) -> None:
    async with session(world) as own:
        with pytest.raises(ConnectionLost):
            await _write_after_a_drop(world, own)
        async with own.use() as link:
            await link.write(f"0a0b{TAIL}", b"there")
    assert world.written == [b"there"]


async def _write_after_a_drop(world: World, own: BluetoothSession) -> None:
    async with own.use() as link:
        await world.peripheral.drop()
        await asyncio.sleep(1)
        await link.write(f"0a0b{TAIL}", b"lost")


async def test_a_device_out_of_reach(world: World) -> None:
    await world.peripheral.advertise(False)
    async with session(world) as own:
        with pytest.raises(NotFound, match="in reach"):
            async with own.use():
                raise AssertionError
    from bleak.backends.device import BLEDevice

    known = BluetoothSession(BLEDevice(ADDRESS, "MICRA_MR000001", {}), radio=world.radio)
    with pytest.raises(ConnectionFailed, match="cannot connect"):
        async with known.use():
            raise AssertionError
    await known.close()


async def test_two_adapters_share_the_air_over_tcp(world: World) -> None:
    address = await world.air.listen()
    radio = Radio.named(f"virtual:{address}")
    found = await DeviceList(("MICRA",), radio=radio)
    own = BluetoothSession(found[0], radio=radio)
    async with own.use() as link:
        await link.write(f"0a0b{TAIL}", b"from afar")
        assert world.peripheral.connected
    await own.close()
    await radio.close()
    await asyncio.sleep(1)
    assert world.written == [b"from afar"]
    assert not world.peripheral.connected


def test_radios_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Radio.named("auto") == Radio()
    assert Radio.named("hci1").client_options() == {"bluez": {"adapter": "hci1"}}
    monkeypatch.setenv("HOMEWIRE_BLUETOOTH", "hci2")
    assert Radio.named().scanner_options() == {"bluez": {"adapter": "hci2"}}


async def test_without_bluetooth_the_reason_is_told() -> None:
    with pytest.raises(ConnectionFailed, match="cannot scan"):
        await DeviceList(("MICRA",), radio=Radio(scanner_backend=_NoAdapter))
    with pytest.raises(ConnectionFailed, match="cannot scan"):
        len(DeviceList(("MICRA",), radio=Radio(scanner_backend=_NoAdapter)))


class _NoAdapter:
    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        from bleak.exc import BleakError

        message = "no adapter"
        raise BleakError(message)


@pytest.fixture
async def simulator() -> AsyncIterator[GatewaySimulator]:
    async with GatewaySimulator(GatewaySimulator.Options(models=("Micra",))) as simulator:
        yield simulator


@contextlib.asynccontextmanager
async def client_of(simulator: GatewaySimulator, token: str | None = None) -> AsyncIterator[Any]:
    adapter = simulator.adapter()
    radio, machine = Radio.of(adapter), simulator.machine
    devices = await LaMarzoccoBluetoothClient.discover_devices(radio=radio)
    client = LaMarzoccoBluetoothClient(
        simulator.options.username, machine.serial, token or machine.key, devices[0], radio=radio
    )
    yield client
    await client.close()
    await adapter.close()


async def test_the_client_switches_and_sets(simulator: GatewaySimulator) -> None:
    async with client_of(simulator) as client:
        assert not client.connected
        await client.set_power(True)
        await client.set_steam(False)
        await client.set_temp(BoilerType.COFFEE, 93.5)
        assert client.connected
        assert client.address == simulator.bluetooths[simulator.machine.serial].peripheral.address
    machine = simulator.machine
    assert machine.is_on
    assert machine.boiler("SteamBoiler")["isEnabled"] is False
    assert machine.boiler("CoffeeBoiler1")["target"] == 93.5
    assert simulator.bluetooths[machine.serial].connections == 1


async def test_a_wrong_key_and_a_deaf_machine_do_nothing(simulator: GatewaySimulator) -> None:
    async with client_of(simulator, token="wrong") as client:
        await client.set_power(True)
    assert not simulator.machine.is_on
    simulator.bluetooths[simulator.machine.serial].deaf = True
    async with client_of(simulator) as client:
        await client.set_power(True)
    assert not simulator.machine.is_on


def test_the_documented_authentication_text() -> None:
    client = LaMarzoccoBluetoothClient("username", "serial", "token", ADDRESS, radio=Radio())
    assert client._credentials() == b"dXNlcm5hbWU6c2VyaWFs@dG9rZW4="
    assert BT_MODEL_PREFIXES == ("MICRA", "MINI", "GS3")


async def test_the_device_information_is_served(simulator: GatewaySimulator) -> None:
    adapter = simulator.adapter()
    address = simulator.bluetooths[simulator.machine.serial].peripheral.address
    own = BluetoothSession(address, radio=Radio.of(adapter))
    async with own.use() as link:
        assert await link.read("00002a25-0000-1000-8000-00805f9b34fb") == simulator.machine.serial.encode()
        assert await link.read(f"030b{TAIL}") == b""
        await link.write(f"060b{TAIL}", b"?")
        await link.write(f"050b{TAIL}", b"garbage\x00")
    await own.close()
    await adapter.close()


async def test_everything_else_that_bleak_offers(world: World) -> None:
    from bleak import BleakClient
    from bleak.exc import BleakError

    gone: list[Any] = []
    client = BleakClient(ADDRESS, backend=world.radio.client_backend, disconnected_callback=gone.append)
    assert client.name == ADDRESS
    assert client.mtu_size == 23
    async with client:
        assert client.mtu_size == 517
        counter = client.services.get_characteristic(f"0e0b{TAIL}")
        assert counter is not None
        assert counter.properties == ["notify"]
        assert counter.max_write_without_response_size == 514
        await client.start_notify(counter, lambda _sender, _data: None)
        (descriptor,) = counter.descriptors
        assert await client.read_gatt_descriptor(descriptor.handle) == b"\x01\x00"
        await client.stop_notify(counter)
        await client.unpair()
        with pytest.raises(BleakError, match="do not pair"):
            await client.pair()
        await world.peripheral.stop()
        await asyncio.sleep(1)
        assert len(gone) == 1
        with pytest.raises(BleakError):
            await client.read_gatt_char(f"0a0b{TAIL}")


async def test_a_request_that_a_disconnection_cuts_off(world: World) -> None:
    slow = Service(
        uuid=f"d40a{TAIL}", characteristics=[Characteristic(uuid=f"aa0b{TAIL}", write=_never_done)]
    )
    other = Peripheral(world.air, name="MINI_LM1", address="F0:00:00:00:00:BB", services=[slow])
    await other.start()
    own = BluetoothSession("F0:00:00:00:00:BB", radio=world.radio)
    with pytest.raises(ConnectionLost):
        await _write_into_a_dropping_link(own, other)
    await own.close()
    await other.stop()
    await other.drop()
    await other.advertise(True)
    await other.notify("x", b"")


async def test_a_machine_that_never_answers_is_given_up_and_leaves_nothing(world: World) -> None:
    slow = Service(
        uuid=f"d40a{TAIL}", characteristics=[Characteristic(uuid=f"aa0b{TAIL}", write=_never_done)]
    )
    other = Peripheral(world.air, name="MINI_LM1", address="F0:00:00:00:00:BB", services=[slow])
    await other.start()
    own = BluetoothSession("F0:00:00:00:00:BB", radio=world.radio)
    with pytest.raises(ConnectionLost, match="did not answer"):
        async with own.use() as link:
            await link.write(f"aa0b{TAIL}", b"x")
    assert not own.connected
    await asyncio.sleep(1)
    assert not other.connected
    waiting = {task.get_name() for task in asyncio.all_tasks() if "write_value" in repr(task)}
    assert waiting == set(), "the request ended with the connection"
    await own.close()
    await other.stop()


async def _never_done(_handle: int, _value: bytes) -> None:
    await asyncio.sleep(3600)


async def _write_into_a_dropping_link(own: BluetoothSession, other: Peripheral) -> None:
    async with own.use() as link:
        writing = asyncio.ensure_future(link.write(f"aa0b{TAIL}", b"x"))
        await asyncio.sleep(1)
        await other.drop()
        await writing


async def test_an_address_that_listens_no_more(world: World) -> None:
    with pytest.raises(RuntimeError):
        _ = world.air.address
    with pytest.raises(ConnectionFailed, match="cannot scan"):
        await DeviceList(("MICRA",), radio=Radio.named("virtual:127.0.0.1:9"))


async def test_a_link_whose_preparation_was_cut_short_is_prepared_anew(world: World) -> None:
    prepared: list[str] = []

    async def prepare(_link: Link) -> None:
        prepared.append("begun")
        await asyncio.sleep(1)
        prepared.append("done")

    async with session(world, prepare=prepare) as own:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await _use(own)
        assert not own.connected
        await _use(own)
    assert prepared == ["begun", "begun", "done"]


async def _use(own: BluetoothSession) -> None:
    async with own.use() as link:
        await link.write(f"0a0b{TAIL}", b"x")


async def test_an_adapter_outlives_the_simulator_that_it_came_from(world: World) -> None:
    address = await world.air.listen()
    host, _, port = address.partition(":")
    radio = Radio.named(f"virtual:{address}")
    own = BluetoothSession(ADDRESS, radio=radio)
    await _use(own)
    await world.peripheral.stop()
    await world.air.close()
    await asyncio.sleep(1)
    assert not own.connected
    with pytest.raises(ConnectionFailed, match="not available"):
        await _use(own)
    again = World()
    await again.air.listen(host, int(port))
    await again.peripheral.start()
    await _use(own)
    assert again.written == [b"x"]
    await own.close()
    await radio.close()
    await again.peripheral.stop()
    await again.air.close()
