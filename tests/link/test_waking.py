from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from typing import ClassVar

import pytest
from tests.announcing import TYPE, announcement
from tests.example import KettleConnection, KettleSettings

from homewire.announcement import Announcement
from homewire.discovery import MDNS, Service
from homewire.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost
from homewire.link import Backoff
from homewire.link.supervisor import LinkState, Supervisor
from homewire.link.waking import AnnouncementWatch, _everywhere, _joined
from homewire.secrets import Secret

HOUR = 3600.0


class AnnouncedKettle(KettleConnection):
    """A kettle that announces itself at its address; it is off while `on` is not set."""

    announced_as: ClassVar[tuple[str, ...]] = (TYPE,)

    def __init__(self, host: str = "192.0.2.7") -> None:
        super().__init__(KettleSettings(host=host, password=Secret("p")), name=host)
        self.on = False
        self.asked = 0

    async def open(self) -> None:
        if not self.on and not self.failures:
            self.failures = [ConnectionFailed("refused")]
        await super().open()

    def is_announced_by(self, service: Service) -> bool | None:
        self.asked += 1
        return service.is_at(self.settings.host)


Follow = Callable[..., Supervisor]


@pytest.fixture
async def watch(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AnnouncementWatch]:
    """A watch that is told, rather than one that listens."""
    monkeypatch.setenv(MDNS, "127.0.0.1")
    watch = AnnouncementWatch()
    yield watch
    await watch.stop()


@pytest.fixture
async def follow(watch: AnnouncementWatch) -> AsyncIterator[Follow]:
    """Start to supervise a kettle, with a back-off of an hour unless another one is given."""
    started: list[Supervisor] = []

    def start(kettle: AnnouncedKettle, backoff: Backoff | None = None) -> Supervisor:
        supervisor = Supervisor(kettle, backoff=backoff or Backoff(HOUR, HOUR, floor_s=HOUR))
        watch.follow(supervisor)
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        await supervisor.stop()


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


async def test_a_lost_link_is_tried_at_once_when_its_appliance_announces_itself(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    kettle, other = AnnouncedKettle(), AnnouncedKettle("192.0.2.8")
    lost, elsewhere = follow(kettle), follow(other)
    await _settle()
    assert (lost.status.state, kettle.opened) == (LinkState.WAITING, 1)
    kettle.on = other.on = True
    watch.hear(announcement())
    await _settle()
    assert lost.status.state is LinkState.ONLINE
    assert (elsewhere.status.state, other.opened) == (LinkState.WAITING, 1)
    assert (watch.report().heard, watch.report().matched) == (1, 1)


async def test_a_link_that_is_lost_later_is_woken_too(watch: AnnouncementWatch, follow: Follow) -> None:
    kettle = AnnouncedKettle()
    kettle.on = True
    supervisor = follow(kettle)
    await _settle()
    kettle.on = False
    kettle.lose(ConnectionLost("the kettle hung up"))
    await _settle()
    assert supervisor.status.state is LinkState.WAITING
    kettle.on = True
    watch.hear(announcement())
    await _settle()
    assert (supervisor.status.state, kettle.opened) == (LinkState.ONLINE, 2)


async def test_when_nobody_can_tell_all_lost_links_of_the_type_are_tried(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    named, numbered = AnnouncedKettle("kettle.fritz.box"), AnnouncedKettle()
    named.on = numbered.on = True
    named.failures = [ConnectionFailed("refused")]
    numbered.failures = [ConnectionFailed("refused")]
    follow(named)
    follow(numbered)
    await _settle()
    watch.hear(announcement(address="192.0.2.99"))  # may be the one with the name, is not the other
    await _settle()
    assert (named.opened, numbered.opened) == (2, 1)
    watch.hear(announcement(parts=["pointer"]))
    await _settle()
    assert (named.opened, numbered.opened) == (2, 2)


async def test_a_link_that_is_sure_is_tried_alone(watch: AnnouncementWatch, follow: Follow) -> None:
    named, numbered = AnnouncedKettle("kettle.fritz.box"), AnnouncedKettle()
    follow(named)
    follow(numbered)
    await _settle()
    watch.hear(announcement())
    await _settle()
    assert (named.opened, numbered.opened) == (1, 2)


async def test_open_and_parked_links_are_left_alone_and_not_even_asked(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    online, parked = AnnouncedKettle(), AnnouncedKettle()
    online.on = True
    parked.failures = [AuthenticationFailed("wrong password")]
    states = [follow(online), follow(parked)]
    await _settle()
    watch.hear(announcement())
    await asyncio.sleep(HOUR)
    assert [one.status.state for one in states] == [LinkState.ONLINE, LinkState.PARKED]
    assert (online.opened, parked.opened, online.asked, parked.asked) == (1, 1, 0, 0)
    assert watch.report().heard == 0


async def test_a_closed_link_is_forgotten(watch: AnnouncementWatch, follow: Follow) -> None:
    kettle = AnnouncedKettle()
    supervisor = follow(kettle)
    await _settle()
    closing = kettle.close

    async def slowly() -> None:
        supervisor.announced()  # twice: the second one is too early and would set a timer
        await asyncio.sleep(0)
        await closing()

    kettle.close = slowly  # type: ignore[method-assign]  # one that is announced while it is closed
    supervisor.announced()
    await supervisor.stop()
    watch.hear(announcement())
    assert (kettle.asked, supervisor._later) == (0, None)
    await asyncio.sleep(HOUR)
    assert kettle.opened == 1


async def test_who_announces_itself_before_it_serves_gets_a_second_chance(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    kettle = AnnouncedKettle()
    supervisor = follow(kettle)
    await _settle()
    for second in range(3):  # RFC 6762, section 8.3: at least twice, a second apart
        watch.hear(announcement())
        await asyncio.sleep(1)
        kettle.on = second == 1
    kettle.on = True
    assert (supervisor.status.state, kettle.opened) == (LinkState.WAITING, 2)
    await asyncio.sleep(8)
    assert (supervisor.status.state, kettle.opened) == (LinkState.ONLINE, 3)


async def test_an_announcement_during_an_attempt_counts_if_that_fails(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    kettle = AnnouncedKettle()
    opening = kettle.open

    async def slowly() -> None:
        await asyncio.sleep(30)
        kettle.open = opening  # type: ignore[method-assign]  # the real one, from now on
        kettle.on = True
        raise ConnectionFailed("timed out")

    kettle.open = slowly  # type: ignore[method-assign]  # a connection attempt to a computer that is off
    supervisor = follow(kettle)
    await asyncio.sleep(20)
    watch.hear(announcement())
    await asyncio.sleep(11)
    assert supervisor.status.state is LinkState.ONLINE


async def test_what_woke_an_attempt_that_succeeded_does_not_count_for_the_next_loss(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    kettle = AnnouncedKettle()
    kettle.on = True
    opening = kettle.open

    async def announced() -> None:
        watch.hear(announcement())
        supervisor.wake()
        await opening()

    kettle.open = announced  # type: ignore[method-assign]  # an appliance that says so while it is asked
    supervisor = follow(kettle)
    await _settle()
    assert supervisor.status.state is LinkState.ONLINE
    kettle.lose(ConnectionLost("the kettle hung up"))
    await asyncio.sleep(HOUR / 2)
    assert (supervisor.status.state, kettle.opened) == (LinkState.WAITING, 1)


async def test_a_flood_neither_hammers_an_appliance_nor_resets_the_back_off(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    """At most one more attempt per gap: 10, 20, 40, 80, 160 s, then every five minutes."""
    quiet, flooded = AnnouncedKettle("192.0.2.8"), AnnouncedKettle()
    follow(quiet, Backoff(rng=random.Random(7)))
    pestered = follow(flooded, Backoff(rng=random.Random(7)))
    for _ in range(int(HOUR / 4)):
        watch.hear(announcement())
        await asyncio.sleep(4)
    gaps = [10, 20, 40, 80, 160]
    most = 1 + len(gaps) + int((HOUR - sum(gaps)) / 300) + 1
    assert quiet.opened < flooded.opened <= quiet.opened + most
    assert pestered.status.attempts == flooded.opened, "each of them made the delays grow"


async def test_only_a_link_that_was_stable_is_woken_at_once_again(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    kettle = AnnouncedKettle()
    supervisor = follow(kettle)
    waits = []
    for open_s in (5.0, 5.0, 5.0, 65.0, 5.0, 5.0):
        kettle.on = False
        if kettle.is_open:
            kettle.lose(ConnectionLost("the kettle hung up"))
        await _settle()
        assert supervisor.status.state is LinkState.WAITING
        kettle.on = True
        watch.hear(announcement())
        began = kettle.clock.monotonic()
        await _until(lambda: kettle.is_open)
        waits.append(round(kettle.clock.monotonic() - began))
        await asyncio.sleep(open_s)
    assert waits == [0, 5, 15, 35, 0, 5]


async def test_a_flood_of_datagrams_is_hardly_read(watch: AnnouncementWatch, follow: Follow) -> None:
    kettle = AnnouncedKettle()
    follow(kettle)
    await _settle()
    strange = announcement(address="192.0.2.99")
    for _ in range(1000):
        watch.hear(strange)
    assert kettle.asked <= 2 * 25
    assert kettle.opened == 1
    await asyncio.sleep(1)
    kettle.on = True
    watch.hear(announcement())
    await _settle()
    assert kettle.opened == 2


async def test_a_datagram_with_hundreds_of_services_costs_as_much_as_one_with_a_few(
    watch: AnnouncementWatch, follow: Follow
) -> None:
    from zeroconf import DNSOutgoing, DNSPointer  # type: ignore[attr-defined]  # exported, though not listed

    kettle = AnnouncedKettle()
    follow(kettle)
    await _settle()
    message = DNSOutgoing(0x8400)
    for number in range(200):
        message.add_answer_at_time(DNSPointer(TYPE, 12, 1, 120, f"k{number}.{TYPE}"), 0)
    watch.hear(bytes(message.packets()[0]))
    await _settle()
    assert kettle.asked <= 8
    assert kettle.opened == 2


async def test_a_connection_that_stumbles_harms_nobody(watch: AnnouncementWatch, follow: Follow) -> None:
    clumsy, kettle = AnnouncedKettle(), AnnouncedKettle()

    def stumble(_service: Service) -> bool:
        raise ValueError("what a record")

    clumsy.is_announced_by = stumble  # type: ignore[assignment, method-assign]  # a third party's kind
    follow(clumsy)
    follow(kettle)
    await _settle()
    watch.hear(announcement())
    await _settle()
    assert (clumsy.opened, kettle.opened) == (1, 2)


async def test_it_tells_why_it_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    kettle = Supervisor(AnnouncedKettle())
    monkeypatch.setenv(MDNS, "127.0.0.1")
    switched_off, waiting = AnnouncementWatch(enabled=False), AnnouncementWatch()
    monkeypatch.setenv(MDNS, "off")
    nowhere = AnnouncementWatch()
    for one in (switched_off, nowhere):
        one.start()
        one.follow(kettle)
    waiting.start()
    waiting.follow(Supervisor(KettleConnection(KettleSettings(host="h", password=Secret("p")))))
    await _settle()
    assert [one.report().reason for one in (switched_off, nowhere, waiting)] == [
        "switched off in the configuration",
        "switched off with HOMEWIRE_MDNS",
        "no connection has appliances that announce themselves",
    ]
    assert not any(one.report().listening for one in (switched_off, nowhere, waiting))
    await waiting.stop()


async def test_no_interface_is_told_and_looked_for_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "homewire.link")
    for wrong, told in (
        ("192.0.2.1", "no network interface has multicast"),
        ("eth0", "mDNS cannot be listened to"),
    ):
        caplog.clear()
        monkeypatch.setenv(MDNS, wrong)
        watch = AnnouncementWatch()
        watch.start()
        watch.follow(Supervisor(AnnouncedKettle()))
        await asyncio.sleep(HOUR)
        report = watch.report()
        await watch.stop()
        assert (report.listening, told in report.reason) == (False, True), report
        assert len(caplog.records) == 1, "told once, not every minute"


def test_an_interface_is_joined_by_its_number_and_stays_joined() -> None:
    loopback = _everywhere()[socket.if_indextoname(1)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        assert [_joined(listener, loopback) for _ in range(2)] == [True, True]


@pytest.mark.real_time
async def test_it_hears_what_is_announced_on_loopback(watch: AnnouncementWatch, follow: Follow) -> None:
    kettle = AnnouncedKettle("127.0.0.1:17740")
    watch.start()
    supervisor = follow(kettle)
    await _until(lambda: watch.report().listening)
    assert watch.report().reason == "at 127.0.0.1"
    kettle.on = True
    appliance = Announcement(
        TYPE, "Kettle", target="kettle.local.", address="127.0.0.1", port=17740, properties={}, probed=False
    )
    try:
        await appliance.start()
        async with asyncio.timeout(30):
            await _until(lambda: kettle.is_open)
    finally:
        await appliance.stop()
    await supervisor.stop()
    await watch.stop()
    await watch.stop()
    assert "announcements" not in {task.get_name() for task in asyncio.all_tasks()}


@pytest.mark.real_time
async def test_only_the_port_of_mdns_is_listened_to(watch: AnnouncementWatch, follow: Follow) -> None:
    kettle = AnnouncedKettle()
    watch.start()
    follow(kettle)
    await _until(lambda: watch.report().listening)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        stranger.sendto(announcement(), ("224.0.0.251", 5353))
        await asyncio.sleep(0.2)
    assert watch.report().heard == 0
