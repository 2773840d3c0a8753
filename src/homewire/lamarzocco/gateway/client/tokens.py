"""Sign-in and token refresh (`lamarzocco-gateway.md`, section 4): one at a time, gentle on the account."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from homewire.clock import Clock
from homewire.errors import AuthenticationFailed, ConnectionFailed, ProtocolError
from homewire.lamarzocco.gateway.client.http import Answer, HttpClient
from homewire.lamarzocco.gateway.codec import decode_json
from homewire.lamarzocco.gateway.models import Token
from homewire.secrets import Secret

__all__ = ["CLIENT_ID", "CMS_URL", "TokenKeeper"]

_log = logging.getLogger(__name__)

CMS_URL = "https://cms.lamarzocco.io"
CLIENT_ID = "7_1xwei9rtkuckso44ks4o8s0c0oc4swowo00wgw0ogsok84kosg"
_CLIENT_SECRET = "2mgjqpikbfuok8g4s44oo4gsw0ks44okk4kc4kkkko0c8soc8s"  # noqa: S105 - the app's public pair, section 2

_REFRESH_BEFORE_S = 300.0
"""Refresh while less than this is left of a token's life, as the reference clients do (section 4.2)."""

_WITHIN_S = 10.0
"""The token service answers slower than the gateway; a sign-in is worth waiting for."""

_SIGN_IN_EVERY_S = 60.0
"""Repeated failures lock the account (section 4.3): a refused password is not tried again before."""


class TokenKeeper:
    """Keeps one access token valid; parallel callers share one sign-in.

    Section 14 counts what goes wrong without.
    """

    def __init__(
        self, http: HttpClient, username: str, password: Secret, *, cms_url: str, clock: Clock
    ) -> None:
        self.username = username
        self._password = password
        self._http = http
        self._url = f"{cms_url}/oauth/v2"
        self._clock = clock
        self._token: Token | None = None
        self._expires = 0.0
        self._lock = asyncio.Lock()
        self._refused: tuple[float, AuthenticationFailed] | None = None

    async def access_token(self) -> str:
        """Return a token with life left; sign in or refresh when it is needed.

        Raise AuthenticationFailed or ConnectionFailed.
        """
        token = self._token
        if token is not None and self._left_s > _REFRESH_BEFORE_S:
            return token.access_token
        async with self._lock:
            if self._token is None or self._left_s <= 0:
                await self._sign_in()
            elif self._left_s <= _REFRESH_BEFORE_S:
                await self._refresh(self._token)
            return self._token.access_token if self._token else ""

    def reject(self, access_token: str) -> None:
        """Forget a token that the service did not take although it should live."""
        if self._token is not None and self._token.access_token == access_token:
            self._token = None

    async def logout(self) -> None:
        """Forget the tokens, telling the service (section 4.4)."""
        if self._token is not None:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            self._token = None
            await self._http.request(
                "POST", f"{self._url}/logout", timeout_s=_WITHIN_S, path="cloud", headers=headers
            )

    @property
    def _left_s(self) -> float:
        return self._expires - self._clock.monotonic()

    async def _sign_in(self) -> None:
        if self._refused and self._clock.monotonic() - self._refused[0] < _SIGN_IN_EVERY_S:
            raise self._refused[1]
        form = {"username": self.username, "password": self._password.reveal(), "grant_type": "password"}
        answer = await self._post(form)
        if not answer.ok:
            error = _refusal(answer)
            if isinstance(error, AuthenticationFailed):
                self._refused = (self._clock.monotonic(), error)
            raise error
        self._refused = None
        self._take(answer)

    async def _refresh(self, token: Token) -> None:
        """Replace the token before its end; a service that has a bad minute has five of them for it."""
        form = {"refresh_token": token.refresh_token, "grant_type": "refresh_token"}
        try:
            answer = await self._post(form)
        except ConnectionFailed as error:
            _log.info("The token cannot be refreshed at the moment: %s", error)
            return
        if answer.ok:
            self._take(answer)
        elif isinstance(_refusal(answer), AuthenticationFailed):
            self._token = None
            await self._sign_in()

    async def _post(self, form: dict[str, str]) -> Answer:
        client = {"client_id": CLIENT_ID, "client_secret": _CLIENT_SECRET}
        return await self._http.request(
            "POST", f"{self._url}/token", timeout_s=_WITHIN_S, path="cloud", data=form | client
        )

    def _take(self, answer: Answer) -> None:
        try:
            self._token = msgspec.convert(decode_json(answer.body, "the token answer"), Token)
        except msgspec.ValidationError as error:
            raise ProtocolError(f"the token answer is not as expected: {error}", offset=0) from error
        self._expires = self._clock.monotonic() + self._token.expires_in


def _refusal(answer: Answer) -> AuthenticationFailed | ConnectionFailed:
    """Return what a failed sign-in means: wrong credentials come as 400 (section 4.3)."""
    if answer.status not in (400, 401, 403):
        return ConnectionFailed(f"the token service answered HTTP {answer.status}", path="cloud")
    try:
        words = decode_json(answer.body)
    except ProtocolError:
        words = {}
    said = words.get("error_description") if isinstance(words, dict) else None
    return AuthenticationFailed(
        f"the account service refused the sign-in: {said or f'HTTP {answer.status}'}",
        path="cloud",
        hint="Check e-mail and password in the vendor's Home app; too many failures lock the account.",
    )
