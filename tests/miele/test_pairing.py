"""Pairing with every documented variant, Wi-Fi set-up, and the traps in which owners were locked out."""

from __future__ import annotations

import asyncio

import pytest
from tests.miele.conftest import ROUTE, Answering, Simulate

from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConnectionFailed,
    InvalidValue,
    NotFound,
    NotSupported,
    ProtocolError,
)
from homewire.miele.client import MieleClient
from homewire.miele.pairing import (
    PairingUnproven,
    commission,
    easy_setup,
    pair,
    send_tan,
    unpaired_devices,
)
from homewire.miele.signing import Credentials
from homewire.miele.simulator import MieleSimulator
from homewire.miele.transport import Transport
from homewire.miele.wifi import join, scan

KEYS = Credentials(group_id=b"\x01" * 8, group_key=bytes(range(1, 65)))


def _commissionings(simulator: MieleSimulator) -> list[int]:
    return [
        status for method, path, status in simulator.server.log if method == "PUT" and "Commissioning" in path
    ]


@pytest.mark.parametrize("kind", ["washing-machine", "oven-xkm3100w", "hood"])
async def test_both_generations_take_new_keys(simulate: Simulate, kind: str) -> None:
    simulator = await simulate(kind, paired=False)
    assert [entry.route for entry in await unpaired_devices(simulator.host)] == [ROUTE]
    device_id, group_id, group_key = await easy_setup(simulator.host)
    assert device_id == ROUTE
    assert (len(group_id), len(group_key)) == (16, 128)
    async with MieleClient.from_hex(simulator.host, group_id, group_key) as client:
        assert list(await client.get_devices()) == [ROUTE]
    assert await unpaired_devices(simulator.host) == ()


async def test_a_second_appliance_joins_the_same_household(simulate: Simulate) -> None:
    for kind in ("washing-machine", "dishwasher"):
        simulator = await simulate(kind, paired=False)
        paired = await pair(simulator.host, credentials=KEYS)
        assert (paired.credentials, paired.devices) == (KEYS, (ROUTE,))
        assert simulator.module.credentials == KEYS


async def test_the_second_signed_step(simulate: Simulate) -> None:
    simulator = await simulate(paired=False, second_step=True)
    await pair(simulator.host, credentials=KEYS)
    assert not simulator.module.waits_for_second_step
    assert _commissionings(simulator) == [200, 200]


async def test_a_status_that_only_looks_like_the_second_step(simulate: Simulate) -> None:
    simulator = await simulate(paired=False)
    simulator.appliance.status = 12
    await pair(simulator.host, credentials=KEYS)
    assert _commissionings(simulator) == [200, 403], "in service: the module has the keys already"


async def test_the_clouds_number_comes_first_where_it_is_wanted(simulate: Simulate) -> None:
    simulator = await simulate(paired=False, cloud_gate=True)
    with pytest.raises(AuthenticationFailed, match="TAN"):
        await pair(simulator.host, credentials=KEYS)
    await pair(simulator.host, credentials=KEYS, tan="12345678")
    assert simulator.module.credentials == KEYS


async def test_a_paired_module_refuses(simulate: Simulate) -> None:
    simulator = await simulate()
    with pytest.raises(AuthenticationFailed, match="refuses new keys"):
        await easy_setup(simulator.host)


async def test_a_dryer_in_an_account_refuses(simulate: Simulate) -> None:
    simulator = await simulate("tumble-dryer", paired=False)
    simulator.module.in_account = True
    with pytest.raises(AuthenticationFailed, match="remove it from the app"):
        await easy_setup(simulator.host)


async def test_set_up_over_https(simulate: Simulate) -> None:
    simulator = await simulate(access_point=True, tls=True)
    assert "Home Sweet Home" in [network.ssid for network in await scan(simulator.host)]
    await commission(simulator.host, KEYS)
    assert simulator.module.credentials == KEYS


async def test_an_empty_kitchen_to_a_working_appliance(simulate: Simulate) -> None:
    simulator = await simulate(access_point=True)
    networks = await scan(simulator.host)
    assert [(network.ssid, network.rssi) for network in networks][:2] == [
        ("Home Sweet Home", -56),
        ("Café am Eck", -78),
    ]
    await join(simulator.host, "Home Sweet Home", "correct horse")
    await asyncio.sleep(1)
    with pytest.raises(ConnectionFailed):
        await easy_setup(simulator.host)
    await asyncio.sleep(10)
    assert (await easy_setup(simulator.host))[0] == ROUTE
    with pytest.raises(NotFound, match="not in set-up mode"):
        await scan(simulator.host)


async def test_a_wrong_network_key_leaves_the_access_point_open(simulate: Simulate) -> None:
    simulator = await simulate(access_point=True)
    await join(simulator.host, "Home Sweet Home", "battery staple")
    await asyncio.sleep(10)
    assert len(await scan(simulator.host)) == 3


@pytest.mark.parametrize("tls", [False, True])
async def test_an_access_point_that_closes_before_it_answers_was_told(simulate: Simulate, tls: bool) -> None:
    simulator = await simulate(access_point=True, tls=tls)
    simulator.levers.lose_answers = 1
    await join(simulator.host, "Home Sweet Home", "correct horse")
    await asyncio.sleep(10)
    assert not simulator.module.access_point


@pytest.mark.parametrize(
    ("ssid", "key", "security"),
    [
        ("", "correct horse", "WPA2"),
        ("x" * 33, "correct horse", "WPA2"),
        ("Home", "short", "WPA2"),
        ("Home", "k", "WPA9"),
    ],
)
async def test_network_credentials_are_checked_before_anything_is_sent(
    simulate: Simulate, ssid: str, key: str, security: str
) -> None:
    simulator = await simulate(access_point=True)
    with pytest.raises(InvalidValue):
        await join(simulator.host, ssid, key, security)
    assert not simulator.server.log


async def test_an_open_network_needs_no_key(simulate: Simulate) -> None:
    simulator = await simulate(access_point=True)
    await join(simulator.host, "free-for-all", "", "None")
    await asyncio.sleep(10)
    assert not simulator.module.access_point


async def test_the_simulated_module_falls_into_the_trap_of_the_empty_key(simulate: Simulate) -> None:
    simulator = await simulate("oven-xkm3100w", paired=False)
    raw = Transport(simulator.host, None)
    await raw.send("PUT", "/Security/Commissioning/", b'{"GroupID":"0000000000000000","GroupKey":""}', None)
    assert simulator.module.locked_out
    with pytest.raises(AuthenticationFailed):
        await easy_setup(simulator.host)
    simulator.module.reset()
    assert (await easy_setup(simulator.host))[0] == ROUTE


async def test_a_module_that_needs_time_for_its_keys_is_asked_again(simulate: Simulate) -> None:
    simulator = await simulate(paired=False, latency_s=1.0)
    asked = asyncio.create_task(easy_setup(simulator.host))
    await asyncio.sleep(1.5)
    assert simulator.module.paired
    simulator.levers.resets = 2
    assert (await asked)[0] == ROUTE


async def test_pairing_gives_up_when_the_keys_do_not_work(simulate: Simulate) -> None:
    simulator = await simulate(paired=False, latency_s=1.0)
    asked = asyncio.create_task(easy_setup(simulator.host))
    await asyncio.sleep(1.5)
    given = simulator.module.credentials
    simulator.module.credentials = KEYS
    with pytest.raises(PairingUnproven, match="Keep the keys") as caught:
        await asked
    assert caught.value.credentials == given, "it may have them: whoever loses them is locked out"
    assert given is not None
    assert given.key_text not in str(caught.value)


async def test_keys_whose_answer_was_lost_are_proven(simulate: Simulate) -> None:
    simulator = await simulate(paired=False)
    simulator.levers.lose_answers = 1
    _, _, group_key = await easy_setup(simulator.host)
    assert simulator.module.credentials is not None
    assert simulator.module.credentials.key_text == group_key


async def test_keys_that_did_not_arrive_are_sent_again(simulate: Simulate) -> None:
    simulator = await simulate(paired=False)
    simulator.levers.resets = 2  # over HTTP and over HTTPS
    await pair(simulator.host, credentials=KEYS)
    assert simulator.module.credentials == KEYS


async def test_a_household_that_it_belongs_to_already_is_proven(simulate: Simulate) -> None:
    simulator = await simulate()
    paired = await pair(simulator.host, credentials=simulator.credentials)
    assert paired.devices == (ROUTE,)
    with pytest.raises(AuthenticationFailed, match="refuses new keys"):
        await pair(simulator.host, credentials=KEYS)


async def test_pairing_on_an_access_point_with_tls(simulate: Simulate) -> None:
    simulator = await simulate(access_point=True, tls=True)
    assert (await pair(simulator.host, credentials=KEYS)).devices == (ROUTE,)


async def test_the_second_step_survives_a_dropped_connection(simulate: Simulate) -> None:
    simulator = await simulate(paired=False, second_step=True, latency_s=1.0)
    asked = asyncio.create_task(easy_setup(simulator.host))
    await asyncio.sleep(2.5)  # the keys are stored and the devices read, the state is being asked for
    simulator.levers.resets = 1
    await asked
    assert not simulator.module.waits_for_second_step


async def test_a_refused_one_time_number_is_told_as_such(simulate: Simulate, answering: Answering) -> None:
    with pytest.raises(NotSupported, match="Pair without it"):
        await send_tan((await simulate()).host, "1")
    refusing = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with pytest.raises(AuthenticationFailed, match="refuses the one-time number"):
        await send_tan(await answering(refusing), "1")


async def test_a_module_without_appliance_is_told(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = await simulate(paired=False)
    monkeypatch.setattr(simulator.server, "_devices", dict)
    with pytest.raises(PairingUnproven, match="no appliance") as caught:
        await easy_setup(simulator.host)
    assert caught.value.credentials == simulator.module.credentials


async def test_malformed_set_up_requests_are_refused(simulate: Simulate) -> None:
    simulator = await simulate("oven-xkm3100w", access_point=True)
    raw = Transport(simulator.host, None)
    for path, body in (("/WLAN", b'{"ssid":"x","Sec":"WPA2","Key":"k"}'), ("/Security/Commissioning", b"{}")):
        with pytest.raises((CommandRejected, ProtocolError)):
            await raw.send("PUT", path, body, None)
    assert not simulator.module.paired


async def test_a_scan_without_result_is_a_protocol_error(answering: Answering) -> None:
    host = await answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
    with pytest.raises(ProtocolError, match="no result list"):
        await scan(host)
