"""The account's client: one link, one session, its commands, and the policy of a stand-alone program.

`open`, `serve` and `close` are the single steps for a connection that is supervised elsewhere. `connect` and
`disconnect` are what programs written for homismart-client call: they keep the link alive in the background.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import datetime as dt
import logging
import os
import ssl as tls
from collections.abc import Mapping
from typing import Any, ClassVar, Final, NoReturn, Self

import aiohttp
import msgspec
from yarl import URL

from homewire.clock import Clock
from homewire.commands import Allowance
from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    CommandTimeout,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    HomewireError,
    NotSupported,
)
from homewire.homismart.codes import Group
from homewire.homismart.commands import COVER_STEP, Commands
from homewire.homismart.confirmation import Book
from homewire.homismart.extras import AccountRequests
from homewire.homismart.link import DEFAULT_URL, MAX_HOPS, Credentials, HomismartLink, Moved
from homewire.homismart.models import (
    AddResult,
    DeviceList,
    DevicePush,
    LoginResult,
    Other,
    Report,
    ServerError,
)
from homewire.homismart.outbox import Outbox
from homewire.homismart.prefixes import ReceivePrefix, RequestPrefix
from homewire.homismart.requests import Request, password_digest
from homewire.homismart.session import HomismartSession, details_of
from homewire.link.connection import Connection
from homewire.link.supervisor import LinkState, LinkStatus, Supervisor

__all__ = ["HomismartClient", "TermsNotAccepted"]

_log = logging.getLogger(__name__)

COMMAND_TIMEOUT_S: Final = 10.0
"""Silence after which a command counts as lost; a report usually takes 0.3 s (section 18, R13)."""

RESYNC_S: Final = 600.0
"""How often the list is asked for: others' deletions come by no push (R14), and a hung cloud still pongs."""

_LIST_GAP_S: Final = 30.0
"""Least time between two lists that nobody but the cloud's own notices made us ask for."""

_MOVE_WINDOW_S: Final = 60.0
"""Redirects after the login within this time count together against the limit of hops."""


class TermsNotAccepted(AuthenticationFailed):
    """The vendor wants its terms and conditions accepted, and the owner has not said so."""

    code = "terms_not_accepted"


class HomismartClient(AccountRequests):
    """A client for one Homismart account.

    Without arguments, user name and password come from HOMISMART_USERNAME and HOMISMART_PASSWORD. `url`
    replaces the vendor's address, `ssl` its trust (never its verification), `http_session` the client's own.
    `accept_terms` accepts the vendor's terms when asked to; `allow` names the locks that may be unlocked;
    `time_zone` is the one of the flat, None for this computer's; `command_timeout_s` limits how long a
    command may stay unconfirmed; levels of covers are rounded to `cover_step`. `loop` is ignored.
    """

    def __init__(  # noqa: PLR0913 - every endpoint, limit and consent is an argument with a default
        self,
        username: str | None = None,
        password: str | None = None,
        subdomain: str = "prod",
        loop: asyncio.AbstractEventLoop | None = None,  # noqa: ARG002 - homismart-client's constructor has it
        *,
        url: str | None = None,
        http_session: aiohttp.ClientSession | None = None,
        ssl: tls.SSLContext | bool = True,
        accept_terms: bool = False,
        allow: Allowance | None = None,
        time_zone: dt.tzinfo | None = None,
        command_timeout_s: float = COMMAND_TIMEOUT_S,
        cover_step: int = COVER_STEP,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._credentials = _credentials(username, password)
        self._url = _checked_url(url or DEFAULT_URL.format(subdomain=subdomain))
        self._given_http = http_session
        self._http: aiohttp.ClientSession | None = None
        self._trust = ssl if ssl is not False else True
        self._accept_terms = accept_terms
        self._book = Book()
        self._outbox = Outbox(
            self._send, self._ask_list, self._book, clock=self.clock, timeout_s=command_timeout_s
        )
        self.commands = Commands(
            self._outbox, clock=self.clock, zone=time_zone, allow=allow, cover_step=cover_step
        )
        self.session = HomismartSession(self.commands, time_zone=time_zone)
        self._link: HomismartLink | None = None
        self._serving: asyncio.Task[NoReturn] | None = None
        self._ready = False
        self._stale = asyncio.Event()
        self._hub_status: Any = None
        self._connecting = asyncio.Lock()
        self._moves: collections.deque[float] = collections.deque(maxlen=MAX_HOPS + 1)
        self._supervisor: Supervisor | None = None

    def __repr__(self) -> str:
        return f"<HomismartClient {self._credentials.username}>"

    @property
    def username(self) -> str:
        """The account's name."""
        return self._credentials.username

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to the cloud."""
        return self._link is not None and self._link.is_open

    @property
    def is_logged_in(self) -> bool:
        """Whether the cloud accepted the login and sent the first list."""
        return self._ready and self.is_connected

    @property
    def host(self) -> str | None:
        """The host that is used now, after redirects."""
        return None if self._link is None else self._link.host

    async def connect(self, timeout: float = 30.0) -> None:  # noqa: ASYNC109 - homismart-client's signature
        """Sign in, read the list, and keep the link alive in the background until `disconnect`.

        Raise AuthenticationFailed, ConnectionFailed or ProtocolError when the first attempt fails; later
        losses are repaired in the background and told by the events connection_lost and session_error.
        While that goes on, or after it was given up, this begins anew; whoever calls it at the same time
        waits for the same attempt.
        """
        async with self._connecting:
            if self._supervisor is not None and self.is_logged_in:
                return
            await self.disconnect()
            supervisor = self._supervisor = Supervisor(_Standalone(self), clock=self.clock)
            supervisor.subscribe(self._show_status)
            supervisor.start()
            try:
                await self._opened(supervisor, timeout)
            except BaseException:
                if self._supervisor is supervisor:
                    await self.disconnect()
                raise

    async def _opened(self, supervisor: Supervisor, timeout: float) -> None:  # noqa: ASYNC109 - see connect
        try:
            async with self.clock.timeout(timeout):
                await supervisor.opened()
        except TimeoutError as error:
            raise ConnectionFailed(f"not ready within {timeout:g} s", path=self._url) from error
        if self._supervisor is not supervisor:
            raise ConnectionFailed("was closed before it was open", path=self._url)

    async def disconnect(self) -> None:
        """Close the connection and leave nothing behind; may be called at any time."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor is not None:
            await supervisor.stop()
        await self.close()
        await self.session.close()

    async def send_command_raw(self, prefix: RequestPrefix, payload: Mapping[str, Any] | None = None) -> None:
        """Send any request without waiting for anything; `request` waits for its reply."""
        await self._send((prefix, payload if payload is not None else {}))

    async def request(self, prefix: RequestPrefix, payload: Mapping[str, Any] | None = None) -> Any:
        """Send any request and return the body of the reply that belongs to it (section 14)."""
        return await self.commands.ask(prefix, payload)

    async def control_all(self, group: Group | int, on: bool, *, dangerous: bool = False) -> None:
        """Switch a whole group of the account: all, sockets, covers, or a type code (section 10.6).

        Where that may open a door lock, it is refused unless allowed for it, or `dangerous` says so here.
        """
        devices = self.session.get_all_devices()
        await self.commands.control_all(devices, group, on, dangerous=dangerous)

    async def add_device(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add a device or hub and return its object; what `body` must contain is not known (section 10.7)."""
        return await self.commands.add_device(body)

    async def refresh(self) -> None:
        """Read the list of hubs and devices again."""
        await self.commands.list_devices()

    async def open(self) -> None:
        """Sign in once and read the first list.

        Raise AuthenticationFailed (TermsNotAccepted among them) or ConnectionFailed.
        """
        await self.close()
        link = self._link = HomismartLink(
            self._url,
            self._credentials,
            http=self._http_session(),
            take=self._take,
            malformed=self.session.note_malformed,
            trust=self._trust,
            clock=self.clock,
        )
        try:
            await self._enter(link, await link.sign_in())
        except BaseException:
            await self.close()
            raise

    async def serve(self) -> NoReturn:
        """Keep the link until it dies and raise why: ConnectionLost or AuthenticationFailed.

        Redirects are followed; the list is read again from time to time.
        """
        while True:
            if self._serving is None or self._link is None:
                raise ConnectionLost("there is no connection", path=self._url)
            try:
                await self._serve_once(self._serving)
            except (Moved, ConnectionLost):
                moved = self._moved()
                if moved is None:
                    raise
                await self._follow(self._link, moved.host)

    async def close(self) -> None:
        """Close the link; leave no task, socket or timer."""
        self._ready = False
        await self._stop_serving()
        link, self._link = self._link, None
        if link is not None:
            self._book.fail_all(ConnectionLost("the connection was closed", path=link.host))
            await link.close()
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.disconnect()

    def _http_session(self) -> aiohttp.ClientSession:
        if self._given_http is not None:
            return self._given_http
        self._http = aiohttp.ClientSession()
        return self._http

    async def _enter(self, link: HomismartLink, result: LoginResult) -> None:
        """Prepare the link for use; follow a redirect that comes meanwhile."""
        try:
            await self._prepare(link, result)
        except ConnectionLost:
            moved = self._moved()
            if moved is None:
                raise
            await self._follow(link, moved.host)

    def _moved(self) -> Moved | None:
        """Return the redirect that ended the link, if that is why it ended."""
        if self._serving is None or not self._serving.done() or self._serving.cancelled():
            return None
        error = self._serving.exception()
        return error if isinstance(error, Moved) else None

    async def _prepare(self, link: HomismartLink, result: LoginResult) -> None:
        """Begin to read, accept the terms when told to, and read the list (sections 3 and 6)."""
        self._stale = asyncio.Event()
        self._serving = asyncio.create_task(link.serve(), name="homismart link")
        self._serving.add_done_callback(self._link_ended)
        self.session.emit("session_authenticated", self.username)
        if result.terms_pending:
            await self._accept()
        try:
            await self.commands.list_devices()
        except (CommandTimeout, CommandRejected) as error:
            raise ConnectionFailed(
                f"the cloud took the login, but sends no device list: {error.message}", path=link.host
            ) from error
        self._ready = True

    async def _accept(self) -> None:
        if not self._accept_terms:
            raise TermsNotAccepted(
                "the vendor's terms and conditions are not accepted",
                hint="Read and accept them in the vendor's own app, or set accept_terms = true.",
            )
        with contextlib.suppress(CommandTimeout):  # whether the real service answers is not known (6)
            await self.commands.accept_terms()

    async def _serve_once(self, serving: asyncio.Task[NoReturn]) -> None:
        """Read the list again when the time has come, or something looks stale; raise when the link ends."""
        await self._while_alive(serving, _LIST_GAP_S)
        stale = asyncio.ensure_future(self._stale.wait())
        try:
            await self._while_alive(serving, RESYNC_S - _LIST_GAP_S, stale)
        finally:
            stale.cancel()
        self._stale.clear()
        await self._resync()

    async def _while_alive(
        self, serving: asyncio.Task[NoReturn], within_s: float, *others: asyncio.Future[Any]
    ) -> None:
        """Wait for the time, or one of the others; raise why the link ended if it did."""
        await asyncio.wait(
            (serving, *others), timeout=within_s / self.clock.speed, return_when=asyncio.FIRST_COMPLETED
        )
        if serving.cancelled():
            raise ConnectionLost("the connection was closed", path=self._url)
        if serving.done():
            serving.result()

    async def _resync(self) -> None:
        """Read the list again; a refusal may belong to something else and is no reason to leave."""
        try:
            await self.commands.list_devices()
        except CommandTimeout as error:
            raise ConnectionLost("the cloud is connected, but does not answer", path=self.host) from error
        except AuthenticationFailed as error:  # the next login tells whether it is true
            raise ConnectionLost(f"the cloud wants a new login: {error.message}", path=self.host) from error
        except (CommandRejected, NotSupported) as error:
            _log.info("The device list was not read again: %s", error)

    async def _follow(self, link: HomismartLink, host: str) -> None:
        """Sign in at the host that the server named after the login (section 5)."""
        self._ready = False
        now = self.clock.monotonic()
        self._moves.append(now)
        if len(self._moves) > MAX_HOPS and now - self._moves[0] < _MOVE_WINDOW_S:
            raise ConnectionLost(
                f"the cloud redirected more than {MAX_HOPS} times in a minute", path=link.host
            )
        _log.info("The cloud moves this session to %.80r", host)
        await link.redirect()
        await self._enter(link, await link.sign_in(host))

    async def _stop_serving(self) -> None:
        serving, self._serving = self._serving, None
        if serving is not None:
            serving.cancel()
            await asyncio.wait((serving,))

    def _link_ended(self, serving: asyncio.Task[NoReturn]) -> None:
        self._ready = False
        error = None if serving.cancelled() else serving.exception()
        if not isinstance(error, HomewireError):
            error = ConnectionLost("the connection is gone before this was confirmed", path=self.host)
        self._book.fail_all(error)

    def _take(self, report: Report) -> None:
        """Let the session take a report, then settle what it answers: state first, confirmation after."""
        if isinstance(report, ServerError):
            if not self._book.take_error(report):
                self.session.take(report)
            return
        self.session.take(report)
        match report:
            case DevicePush():
                self._book.take_records((report.record,))
            case DeviceList():
                self._book.take_records(report.records)
                self._book.take_report(report)
            case AddResult() if report.record is not None:
                self._book.take_records((report.record,))
                self._book.take_report(report)
            case Other(kind=ReceivePrefix.HUB_ONLINE_STATUS):
                self._note_hub_status(report)
            case _:
                self._book.take_report(report)

    def _note_hub_status(self, report: Other) -> None:
        """Let the list be read when a hub's status is news.

        What `0049` says is not known, and nothing else may follow when a hub goes off line (section 9.3). It
        may also be the answer to every heartbeat, so one that repeats itself is no news.
        """
        if report.body != self._hub_status:
            self._hub_status = report.body
            self._stale.set()

    async def _send(self, request: Request) -> None:
        if self._link is None:
            raise ConnectionLost("there is no connection", path=self._url)
        await self._link.send(request)

    async def _ask_list(self) -> None:
        await self._send((RequestPrefix.LIST_DEVICES, {}))

    def _show_status(self, status: LinkStatus) -> None:
        if status.error is None or status.state not in (LinkState.WAITING, LinkState.PARKED):
            return
        self.session.emit("connection_lost", status.error)
        self.session.emit("session_error", details_of(status.error))


class _NoSettings(msgspec.Struct, frozen=True):
    """A stand-alone client has its settings in itself."""


class _Standalone(Connection[_NoSettings]):
    """The client as the supervisor sees it."""

    kind: ClassVar[str] = "homismart"
    Settings: ClassVar[type[msgspec.Struct]] = _NoSettings

    def __init__(self, client: HomismartClient) -> None:
        super().__init__(_NoSettings(), name=f"Homismart {client.username}", clock=client.clock)
        self._client = client

    async def open(self) -> None:
        """Open the client's link."""
        await self._client.open()

    async def serve(self) -> NoReturn:
        """Serve the client's link."""
        await self._client.serve()

    async def close(self) -> None:
        """Close the client's link."""
        await self._client.close()


def _checked_url(text: str) -> str:
    with contextlib.suppress(ValueError):
        url = URL(text)
        if url.scheme in ("ws", "wss") and url.host and text.isprintable():
            return text
    raise ConfigurationError(
        f"{text!r} is no WebSocket address", key="url", hint="One such as wss://host/homismartmain/websocket."
    )


def _credentials(username: str | None, password: str | None) -> Credentials:
    username = username if username is not None else os.environ.get("HOMISMART_USERNAME")
    password = password if password is not None else os.environ.get("HOMISMART_PASSWORD")
    if not username or not password:
        raise ConfigurationError(
            "a Homismart account needs a user name and a password",
            hint="Pass them, or set HOMISMART_USERNAME and HOMISMART_PASSWORD.",
        )
    return Credentials(username=username, digest=password_digest(password))
