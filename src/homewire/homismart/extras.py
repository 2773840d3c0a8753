"""Requests whose numbers and purpose are known, but not the layout of what travels with them.

Timers, scenarios and favourites (docs/protocols/homismart.md, section 14): what is sent is handed through as
it is given, what comes back as it came. The vendor's page shows what a body must contain; `homewire decode`
reads a recording of it.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

from homewire.homismart import requests
from homewire.homismart.prefixes import RequestPrefix

__all__ = ["AccountRequests"]


class AccountRequests(abc.ABC):
    """The account's timers, scenarios and favourites, for a client that can send and await any request."""

    @abc.abstractmethod
    async def request(self, prefix: RequestPrefix, payload: Mapping[str, Any] | None = None) -> Any:
        """Send a request and return the body of the reply that belongs to it."""

    async def timers(self) -> Any:
        """Return all timers of the account."""
        return await self.request(RequestPrefix.TIMER_LIST_ALL, {})

    async def add_timer(self, timer: Mapping[str, Any]) -> Any:
        """Create a timer; return the server's answer."""
        return await self.request(RequestPrefix.TIMER_ADD, timer)

    async def edit_timer(self, timer: Mapping[str, Any]) -> Any:
        """Change a timer; return the server's answer."""
        return await self.request(RequestPrefix.TIMER_EDIT, timer)

    async def delete_timer(self, timer_id: str) -> Any:
        """Delete one timer by its id; return the server's answer."""
        return await self.request(*requests.delete_timer(timer_id))

    async def scenarios(self) -> Any:
        """Return all scenarios."""
        return await self.request(RequestPrefix.SCENARIO_LIST, {})

    async def save_scenario(self, scenario: Mapping[str, Any]) -> Any:
        """Create or change a scenario; return the server's answer."""
        return await self.request(RequestPrefix.SCENARIO_MODIFY, scenario)

    async def run_scenario(self, scenario: Mapping[str, Any]) -> Any:
        """Run a scenario; return the server's answer."""
        return await self.request(RequestPrefix.SCENARIO_RUN, scenario)

    async def delete_scenario(self, scenario: Mapping[str, Any]) -> Any:
        """Delete a scenario; return the server's answer."""
        return await self.request(RequestPrefix.SCENARIO_DELETE, scenario)

    async def scenario_timers(self) -> Any:
        """Return the timers of all scenarios."""
        return await self.request(RequestPrefix.SCENARIO_TIMER_LIST_ALL, {})

    async def favourites(self) -> Any:
        """Return the favourites."""
        return await self.request(RequestPrefix.FAVOURITE_LIST, {})

    async def save_favourites(self, favourites: Mapping[str, Any]) -> Any:
        """Save favourites; return the server's answer."""
        return await self.request(RequestPrefix.FAVOURITE_SAVE, favourites)

    async def delete_favourite(self, favourite: Mapping[str, Any]) -> Any:
        """Delete a favourite; return the server's answer."""
        return await self.request(RequestPrefix.FAVOURITE_DELETE, favourite)
