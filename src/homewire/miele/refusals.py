"""What a module means when it does not answer with data, or not at all (miele-http.md, section 5)."""

from __future__ import annotations

from typing import Final, TypeAlias

from homewire.errors import (
    AuthenticationFailed,
    CommandRejected,
    ConnectionFailed,
    HomewireError,
    NotFound,
    NotSupported,
    ProtocolError,
)

__all__ = ["NotNow", "RequestTimeout", "awake", "refusal"]


class RequestTimeout(ConnectionFailed):
    """No answer in time: an overloaded module, or a leaf that is never answered."""

    code = "request_timeout"


class NotNow(CommandRejected):
    """The appliance is asleep, off, or refuses this at the moment (status 500)."""

    code = "not_now"


def awake(error: NotNow) -> NotNow:
    """Return the refusal of an appliance that does not sleep: waking it is no advice."""
    error.hint = "It is awake: it cannot do this in its present state, or its firmware refuses it."
    return error


_PAIR: Final = "Pair it again, or use the keys with which it was paired."
_REMOTE: Final = "Switch remote control (or mobile start) on at the appliance; refrigerators take no writes."
_WAKE: Final = "Wake it up and try again."
_SAME: Final = "It may be so already."

_Meaning: TypeAlias = tuple[type[HomewireError], str, str | None]

_ALWAYS: Final[dict[int, _Meaning]] = {
    401: (AuthenticationFailed, "wants a signed request", _PAIR),
    403: (AuthenticationFailed, "refuses our signature", _PAIR),
    404: (NotFound, "has no such resource", None),
    405: (NotSupported, "does not take this method", None),
    500: (NotNow, "is asleep or refuses this now", _WAKE),
    501: (NotSupported, "does not take this method", None),
}
_WRITES: Final[dict[int, _Meaning]] = {
    400: (CommandRejected, "changes nothing, or it cannot be applied", _SAME),
    403: (CommandRejected, "refuses the write", _REMOTE),
}
_HIDDEN: Final[_Meaning] = (AuthenticationFailed, "hides its resources: not paired with these keys", _PAIR)

_FORBIDDEN: Final = 403
_GUARDED: Final = ("/Subscriptions", "/Security")
_CLOSED: Final[_Meaning] = (NotSupported, "does not offer this outside its pairing window", None)
"""Some modules answer so although our signature is good."""


def refusal(host: str, method: str, path: str, status: int, text: str, *, trusted: bool) -> HomewireError:
    """Return the error for a status; `trusted` tells that the module has accepted our signature before."""
    says = f" ({text})" if text and text.isprintable() else ""
    error, message, hint = _meaning(method, path, status, trusted)
    explained = f"{message}: {method} {path} -> {status}{says}"
    if issubclass(error, CommandRejected):
        return error(explained, reason_code=status, appliance=host, path=path, hint=hint)
    return error(explained, appliance=host, path=path, hint=hint)


def _meaning(method: str, path: str, status: int, trusted: bool) -> _Meaning:
    if trusted and status == _FORBIDDEN and path.startswith(_GUARDED):
        return _CLOSED
    if trusted and method != "GET" and status in _WRITES:
        return _WRITES[status]
    if not trusted and (status, path.rstrip("/")) == (404, "/Devices"):
        return _HIDDEN
    return _ALWAYS.get(status, (ProtocolError, "answers with an undocumented status", None))
