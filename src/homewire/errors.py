"""The family of errors: what happened, to which appliance, and what to do next.

Every error that leaves homewire is a `HomewireError`. `code` is a stable word for programs (REST problem
types, MQTT responses, translations); `exit_code` is what the command line ends with; `hint` tells the user
what to do.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AuthenticationFailed",
    "CommandRejected",
    "CommandSuperseded",
    "CommandTimeout",
    "ConfigurationError",
    "ConnectionFailed",
    "ConnectionLost",
    "HomewireError",
    "InvalidValue",
    "NotFound",
    "NotSupported",
    "ProtocolError",
    "RemoteControlDisabled",
]


class HomewireError(Exception):
    """Something went wrong with an appliance, its link or its configuration.

    `appliance` names the appliance or connection, `path` the way that was taken (a transport or an endpoint).
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(
        self, message: str, *, appliance: str | None = None, path: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.appliance = appliance
        self.path = path
        self.hint = hint

    def __str__(self) -> str:
        """Tell the appliance, what happened, and what to do, in one line."""
        subject = f"{self.appliance}: " if self.appliance else ""
        advice = f" {self.hint}" if self.hint else ""
        stop = "" if not advice or self.message.endswith((".", "!", "?")) else "."
        return f"{subject}{self.message}{stop}{advice}"

    def details(self) -> dict[str, Any]:
        """Return what a program needs to react, as plain JSON types."""
        fields = {"appliance": self.appliance, "path": self.path, "hint": self.hint}
        return {"code": self.code, "message": self.message} | {
            k: v for k, v in fields.items() if v is not None
        }


class NotFound(HomewireError):
    """No such appliance, feature or device."""

    code = "not_found"
    exit_code = 3


class AuthenticationFailed(HomewireError):
    """The credentials are rejected, expired or locked, or the appliance is not paired."""

    code = "authentication_failed"
    exit_code = 4


class ConnectionFailed(HomewireError):
    """The peer refuses, cannot be reached, fails TLS, or is something else than expected."""

    code = "connection_failed"
    exit_code = 5


class ConnectionLost(ConnectionFailed):
    """A link that worked is gone."""

    code = "connection_lost"


class ProtocolError(HomewireError):
    """The peer sent bytes that the protocol does not allow; `offset` tells where."""

    code = "protocol_error"
    exit_code = 6

    def __init__(self, message: str, *, offset: int | None = None, **context: str | None) -> None:
        super().__init__(message if offset is None else f"{message} (at offset {offset})", **context)
        self.reason = message
        self.offset = offset


class NotSupported(HomewireError):
    """This model or firmware cannot do it."""

    code = "not_supported"
    exit_code = 6


class CommandRejected(HomewireError):
    """The appliance said no; `reason_code` is its own word for why."""

    code = "command_rejected"
    exit_code = 7

    def __init__(self, message: str, *, reason_code: str | int | None = None, **context: str | None) -> None:
        super().__init__(message, **context)
        self.reason_code = reason_code

    def details(self) -> dict[str, Any]:
        """Add the appliance's own code."""
        own = {} if self.reason_code is None else {"reason_code": self.reason_code}
        return super().details() | own


class CommandSuperseded(CommandRejected):
    """A newer command for the same feature took this one's place before it was sent."""

    code = "command_superseded"


class InvalidValue(HomewireError):
    """The value is outside what the feature takes; `allowed` says what it takes."""

    code = "invalid_value"
    exit_code = 7

    def __init__(self, message: str, *, allowed: str, **context: str | None) -> None:
        super().__init__(message, **({"hint": f"Allowed: {allowed}."} | context))
        self.allowed = allowed

    def details(self) -> dict[str, Any]:
        """Add what is allowed."""
        return super().details() | {"allowed": self.allowed}


class RemoteControlDisabled(HomewireError):
    """The feature is dangerous and its owner has not enabled it."""

    code = "remote_control_disabled"
    exit_code = 7


class CommandTimeout(HomewireError):
    """The command was sent, and no confirmation came in time."""

    code = "command_timeout"
    exit_code = 8


class ConfigurationError(HomewireError):
    """The configuration is wrong; `file`, `line` and `key` say where."""

    code = "configuration_error"
    exit_code = 9

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
        **context: str | None,
    ) -> None:
        place = ":".join(str(part) for part in (file, line) if part is not None)
        super().__init__(f"{place}: {message}" if place else message, **context)
        self.file = file
        self.line = line
        self.key = key
