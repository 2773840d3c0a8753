"""What tests and demos make happen: the selectable rules of section 18 of the page, and its misbehaviour."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

__all__ = ["Levers", "RedirectRule", "RedirectWhen", "Redirection", "Refusal"]


class Refusal(enum.StrEnum):
    """R5: how a login is refused; none can be called the real one."""

    RESULT_FALSE = "result_false"
    ERROR = "error"
    RESULT_FALSE_AND_CLOSE = "result_false_and_close"
    ERROR_AND_CLOSE = "error_and_close"
    SILENCE = "silence"


class RedirectWhen(enum.StrEnum):
    """R6: when the server sends a client elsewhere."""

    ON_UPGRADE = "on_upgrade"
    ON_LOGIN = "on_login"
    AFTER_LOGIN = "after_login"


@dataclasses.dataclass(slots=True, kw_only=True)
class RedirectRule:
    """R6: where to and when; `only_at` limits it to connections that arrived at that address.

    `to` None is the address that the client arrived at: a redirect to itself. `after_s` counts from the
    login.
    """

    when: RedirectWhen
    to: str | None
    only_at: str | None = None
    after_s: float = 0.0
    port_field: Any = "443"


class Redirection(enum.StrEnum):
    """R6: the redirects that can be asked for by one word."""

    NEVER = "never"
    ON_UPGRADE = "on_upgrade"
    ON_LOGIN = "on_login"
    AFTER_LOGIN = "after_login"
    TO_ITSELF = "to_itself"
    LOOP = "loop"

    def rules(self, first: str, second: str, after_s: float) -> list[RedirectRule]:
        """Return the rules that send clients from the first address to the second, or around."""
        if self is Redirection.NEVER:
            return []
        if self is Redirection.TO_ITSELF:
            return [RedirectRule(when=RedirectWhen.ON_LOGIN, to=None)]
        if self is Redirection.LOOP:
            pairs = ((first, second), (second, first))
            return [RedirectRule(when=RedirectWhen.ON_LOGIN, to=to, only_at=at) for at, to in pairs]
        return [RedirectRule(when=RedirectWhen(self.value), to=second, only_at=first, after_s=after_s)]


@dataclasses.dataclass(slots=True, kw_only=True)
class Levers:
    """The settings of the simulated cloud; all may be moved at any time.

    `push_delay_s` and `reply_delay_s` put reports and replies off. `partial_pushes` sends only the id and the
    changed keys, `lost_pushes` swallows that many reports, `push_sender` False leaves out who asked.
    `heartbeat_reply` answers `0072` with `0049`; `hub_status` sends one when a hub goes on or off line.
    `errors` are codes with which the next control requests fail; with `error_names_request` the error carries
    the number of the request, as on the sibling platform.
    `silent_after_login` answers nothing once a login was accepted; `answer_pings` False stops pongs;
    `upgrade_status` answers the upgrade with that HTTP status, and `upgrade_location` with a Location;
    `upgrade_delay_s` puts the upgrade off; `compress` accepts the deflate extension.
    """

    refusal: Refusal = Refusal.RESULT_FALSE
    redirects: list[RedirectRule] = dataclasses.field(default_factory=list)
    push_delay_s: float = 0.1
    reply_delay_s: float = 0.0
    partial_pushes: bool = False
    lost_pushes: int = 0
    push_sender: bool = True
    heartbeat_reply: bool = False
    hub_status: bool = False
    errors: list[int] = dataclasses.field(default_factory=list)
    error_names_request: bool = False
    silent_after_login: bool = False
    answer_pings: bool = True
    upgrade_status: int | None = None
    upgrade_location: str | None = None
    upgrade_delay_s: float = 0.0
    compress: bool = True
