"""asyncmiele 0.2.6, as released: does it take our simulator for an appliance?

Its writes are signed over the unpadded body, which real modules refuse; the simulator's lenient mode takes
them.
"""

from __future__ import annotations

import pytest
from tests.interop.environments import Environment, ForeignClientFailed, run_script

from homewire.miele.client import MieleClient
from homewire.miele.simulator import MieleSimulator, MieleSimulatorOptions, Status

pytestmark = pytest.mark.interop

ASYNCMIELE = Environment("asyncmiele", ("asyncmiele==0.2.6", "aiohttp==3.14.5", "pydantic==2.14.3"))

READ = """
from asyncmiele import MieleClient

async def main(arguments):
    client = MieleClient.from_hex(arguments["host"], arguments["group_id"], arguments["group_key"])
    async with client:
        devices = await client.get_devices()
        (device_id, device), = devices.items()
        state = await client.get_device_state(device_id)
        ident = await client.get_device_ident(device_id)
        return {
            "id": device_id,
            "fab_number": ident.fab_number,
            "tech_type": ident.tech_type,
            "raw": state.raw_state,
        }
"""

COMMANDS = """
from asyncmiele import MieleClient

async def main(arguments):
    client = MieleClient.from_hex(arguments["host"], arguments["group_id"], arguments["group_key"])
    async with client:
        device = arguments["device"]
        await client.get_device_ident(device)
        try:
            await client.detect_capabilities(device)  # fails half-way, but its commands want it
        except AttributeError:
            pass
        await client.wake_up(device)
        await client.can_remote_start(device)
        await client.remote_start(device, allow_remote_start=True)
        await client.pause_program(device)
        await client.stop_program(device)
        return (await client.get_device_state(device)).raw_state["Status"]
"""

REFUSED = """
from asyncmiele import MieleClient

async def main(arguments):
    client = MieleClient.from_hex(arguments["host"], arguments["group_id"], arguments["group_key"])
    async with client:
        try:
            await client.wake_up(arguments["device"])
        except Exception as error:
            return repr(error)
"""

EASY_SETUP = """
from asyncmiele import MieleClient

async def main(arguments):
    return await MieleClient.easy_setup(arguments["host"])
"""

REGISTER = """
from asyncmiele import MieleClient

async def main(arguments):
    client = MieleClient.from_hex(arguments["host"], arguments["group_id"], arguments["group_key"])
    async with client:
        registered = await client.register()
        return registered, list(await client.get_devices())
"""

SET_UP = """
from asyncmiele import MieleCredentials, MieleSetupClient

async def main(arguments):
    client = MieleSetupClient(arguments["host"])
    keys = MieleCredentials.generate_random()
    done = await client.provision_credentials(arguments["host"], keys, try_both_protocols=False)
    await client.close()
    return done
"""


def _arguments(simulator: MieleSimulator) -> dict[str, str]:
    options = simulator.options
    return {
        "host": simulator.host,
        "group_id": options.group_id,
        "group_key": options.group_key,
        "device": options.fab_number,
    }


@pytest.mark.parametrize(
    "kind",
    ["washing-machine", "dishwasher", "oven", "oven-xkm3100w", "fridge-freezer", "hob", "coffee-system"],
)
async def test_it_reads_every_appliance_in_strict_mode(kind: str) -> None:
    options = MieleSimulatorOptions(type=kind, upper_case_only=True)
    async with MieleSimulator(options) as simulator:
        found = await run_script(ASYNCMIELE, READ, _arguments(simulator))
        assert found["id"] == options.fab_number
        assert found["fab_number"] == options.fab_number
        assert found["tech_type"] == simulator.profile.tech_type
        assert found["raw"]["Status"] == simulator.appliance.status
        assert all(status == 200 for _, _, status in simulator.server.log)


async def test_its_commands_work_in_lenient_mode() -> None:
    async with MieleSimulator(MieleSimulatorOptions(strict=False)) as simulator:
        simulator.levers.answers_204 = True  # it cannot read the list with which other appliances answer
        status = await run_script(ASYNCMIELE, COMMANDS, _arguments(simulator))
        assert status == Status.INTERRUPTED
        writes = [status for method, _, status in simulator.server.log if method == "PUT"]
        assert 403 not in writes


async def test_its_writes_are_refused_in_strict_mode_as_by_real_modules() -> None:
    async with MieleSimulator(MieleSimulatorOptions()) as simulator:
        said = await run_script(ASYNCMIELE, REFUSED, _arguments(simulator))
        assert "403" in said
        assert simulator.server.log[-1] == ("PUT", "/Devices/000123456789/State", 403)


async def test_it_pairs_an_older_module() -> None:
    options = MieleSimulatorOptions(type="oven-xkm3100w", paired=False)
    async with MieleSimulator(options) as simulator:
        registered, devices = await run_script(ASYNCMIELE, REGISTER, _arguments(simulator))
        assert (registered, devices) == (True, [options.fab_number])
        assert simulator.module.credentials is not None
        assert simulator.module.credentials.id_text == options.group_id


async def test_its_easy_setup_pairs_with_keys_that_work() -> None:
    options = MieleSimulatorOptions(type="oven-xkm3100w", paired=False)
    async with MieleSimulator(options) as simulator:
        device_id, group_id, group_key = await run_script(ASYNCMIELE, EASY_SETUP, _arguments(simulator))
        assert device_id == options.fab_number
        async with MieleClient.from_hex(simulator.host, group_id, group_key) as ours:
            assert list(await ours.get_devices()) == [device_id]


async def test_its_set_up_client_provisions_an_older_module() -> None:
    async with MieleSimulator(MieleSimulatorOptions(type="oven-xkm3100w", paired=False)) as simulator:
        assert await run_script(ASYNCMIELE, SET_UP, _arguments(simulator)) is True
        assert simulator.module.paired


async def test_a_newer_module_hides_pairing_from_it() -> None:
    async with MieleSimulator(MieleSimulatorOptions(paired=False)) as simulator:
        with pytest.raises(ForeignClientFailed):
            await run_script(ASYNCMIELE, EASY_SETUP, _arguments(simulator))
        assert not simulator.module.paired
        assert {status for method, _, status in simulator.server.log if method == "PUT"} == {404}
