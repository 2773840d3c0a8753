"""The simulated account: its tokens and its customer record (`lamarzocco-gateway.md`, sections 4 and 5)."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from homewire.clock import Clock
from homewire.lamarzocco.gateway.simulator.machine import SimulatedMachine

__all__ = ["CLIENT", "Account", "Refusal", "TokenService"]

CLIENT = (
    "7_1xwei9rtkuckso44ks4o8s0c0oc4swowo00wgw0ogsok84kosg",
    "2mgjqpikbfuok8g4s44oo4gsw0ks44okk4kc4kkkko0c8soc8s",
)
"""The OAuth client of the app and of every library (section 2)."""

_LIFE_S = 3600
_REFRESH_LIFE_S = 14 * 24 * 3600.0
"""Not known; two weeks is a usual default (section 4.3)."""

_UNUSED = (
    "birthday",
    "businessSector",
    "gender",
    "privacy",
    "socialNetworkId",
    "business",
    "businessType",
    "coffeeRoaster",
    "countryOther",
    "areaOperation",
    "brandServiced",
    "personOfContact",
    "phoneModel",
)
"""Fields of the customer record that are null in what was seen (section 5)."""

_MODEL_SLUGS = {"Micra": "linea_micra", "Linea Mini": "linea_mini"}


class Refusal(Exception):
    """An HTTP error answer."""

    def __init__(
        self, status: int, error: str = "", description: str = "", *, body: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.body = body if body is not None else {"error": error, "error_description": description}


class Account:
    """One customer with the devices that he paired."""

    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.password = password

    def record(self, machines: Sequence[SimulatedMachine]) -> dict[str, Any]:
        """Return `data` of the customer record, all fields of section 5."""
        nothing = dict.fromkeys(_UNUSED)
        consents = dict.fromkeys(
            ("disposalCommercial", "disposalThirdParty", "disposalProfile", "emailConfirmed"), True
        )
        return {
            "uuid": _uuid("account"),
            "name": "Ada",
            "surname": None,
            "active": True,
            "country": {"uuid": _uuid("country"), "name": "France", "alpha2Code": "FR", "country": "fr_FR"},
            "email": self.username,
            "username": self.username,
            "image": None,
            "role": {
                "uuid": _uuid("role"),
                "name": "Customer",
                "role": "ROLE_CUSTOMER",
                "description": "Customer",
            },
            "authenticationType": "INTERNAL",
            "customerAuthenticationType": [],
            **nothing,
            **consents,
            "hobbies": [],
            "ownMachine": 1,
            "id": 1,
            "fleet": [self._entry(machine) for machine in machines],
        }

    def _entry(self, machine: SimulatedMachine) -> dict[str, Any]:
        name = machine.model.gateway_name
        slug = _MODEL_SLUGS.get(name, name.lower().replace(" ", "_"))
        return {
            "uuid": _uuid("pairing", machine.serial),
            "name": machine.name,
            "communicationKey": machine.key,
            "customer": self.username,
            "machine": {
                "uuid": _uuid("machine", machine.serial),
                "name": None,
                "model": {"uuid": _uuid("model", name), "name": name, "description": name, "slug": slug},
                "ownerNumber": 1,
                "serialNumber": machine.serial,
                "type": "MACHINE_INSTANCE",
            },
            "paringDate": "2024-01-01T12:00:00+00:00",
            "machineUse": {
                "uuid": _uuid("use"),
                "name": "Home",
                "country": None,
                "description": "Home",
            },
        }


class TokenService:
    """The OAuth server: opaque tokens that expire, refresh tokens that are used once."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._account = account
        self._clock = clock
        self._numbers = itertools.count(1)
        self._access: dict[str, float] = {}
        self._refresh: dict[str, float] = {}
        self.sign_ins = 0
        self.refreshes = 0

    def grant(self, form: Mapping[str, str], client: tuple[str, str]) -> dict[str, Any]:
        """Return tokens for a password or a refresh token; raise Refusal as section 4.3 has it."""
        if client != CLIENT:
            raise Refusal(400, "invalid_client", "The client credentials are invalid")
        kind = form.get("grant_type")
        if kind == "password":
            self._check_password(form)
            self.sign_ins += 1
        elif kind == "refresh_token":
            self._use(form.get("refresh_token", ""))
            self.refreshes += 1
        else:
            raise Refusal(400, "invalid_request", "Invalid grant_type parameter or parameter missing")
        return self._issue()

    def check(self, authorization: str) -> None:
        """Accept a bearer token; raise Refusal with 401."""
        scheme, _, token = authorization.partition(" ")
        expires = self._access.get(token) if scheme == "Bearer" else None
        if expires is None:
            raise Refusal(401, "invalid_grant", "The access token provided is invalid.")
        if expires <= self._clock.monotonic():
            raise Refusal(401, "invalid_grant", "The access token provided has expired.")

    def revoke_access(self) -> None:
        """Lever: every access token is invalid from now on."""
        self._access.clear()

    def revoke_refresh(self) -> None:
        """Lever: every refresh token is invalid from now on."""
        self._refresh.clear()

    def _check_password(self, form: Mapping[str, str]) -> None:
        own = self._account
        if (form.get("username"), form.get("password")) != (own.username, own.password):
            raise Refusal(400, "invalid_grant", "Invalid username and password combination")

    def _use(self, refresh: str) -> None:
        expires = self._refresh.pop(refresh, None)
        if expires is None:
            raise Refusal(400, "invalid_grant", "Invalid refresh token")
        if expires <= self._clock.monotonic():
            raise Refusal(400, "invalid_grant", "Refresh token has expired")

    def _issue(self) -> dict[str, Any]:
        number, now = next(self._numbers), self._clock.monotonic()
        access, refresh = f"access{number:058d}", f"refresh{number:057d}"
        self._access[access] = now + _LIFE_S
        self._refresh[refresh] = now + _REFRESH_LIFE_S
        return {
            "access_token": access,
            "expires_in": _LIFE_S,
            "token_type": "bearer",
            "scope": None,
            "refresh_token": refresh,
        }


def _uuid(*names: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(names)))
