"""Numbers with a meaning: device types, group codes, error codes.

The source is docs/protocols/homismart.md, sections 8.3, 10.6 and 12. Unknown numbers stay what they are:
`DeviceType(42)` and `ErrorCode(500)` are members without a documented name, equal to the number.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final, Self

__all__ = ["KINDS", "DeviceType", "ErrorCode", "Group", "Kind"]


class Kind(enum.StrEnum):
    """What an object is, hubs included. The words are those of the vector file."""

    HUB = "hub"
    SOCKET = "socket"
    SWITCH = "switch"
    SHUTTER = "shutter"
    CURTAIN = "curtain"
    MULTI_GANG = "multi_gang"
    DOUBLE = "double"
    SOCKET_ALT = "socket_alt"
    LOCK = "lock"
    UNKNOWN = "unknown"

    @property
    def switchable(self) -> bool:
        """Whether it is switched on and off (section 8.3)."""
        return self in _SWITCHABLE

    @property
    def cover(self) -> bool:
        """Whether it has a position (section 8.5)."""
        return self in (Kind.SHUTTER, Kind.CURTAIN)


_SWITCHABLE: Final = frozenset({Kind.SOCKET, Kind.SWITCH, Kind.MULTI_GANG, Kind.DOUBLE, Kind.SOCKET_ALT})


class _OpenIntEnum(enum.IntEnum):
    """An integer enumeration that keeps numbers it does not know."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member


class DeviceType(_OpenIntEnum):
    """The type codes of section 8.3; 3 is not defined in the vendor's code."""

    UNKNOWN = 0
    SOCKET = 1
    SWITCH = 2
    SHUTTER = 4
    CURTAIN = 5
    SWITCH_MULTI_GANG_A = 6
    DOUBLE_SWITCH_OR_SOCKET = 7
    SOCKET_ALT = 8
    DOOR_LOCK = 9

    @property
    def kind(self) -> Kind:
        """What the code stands for; `Kind.UNKNOWN` for every other number."""
        return KINDS.get(int(self), Kind.UNKNOWN)


KINDS: Final[Mapping[int, Kind]] = {
    1: Kind.SOCKET,
    2: Kind.SWITCH,
    4: Kind.SHUTTER,
    5: Kind.CURTAIN,
    6: Kind.MULTI_GANG,
    7: Kind.DOUBLE,
    8: Kind.SOCKET_ALT,
    9: Kind.LOCK,
}
"""What each type code stands for (section 8.3); every other number is unknown."""


class Group(enum.IntEnum):
    """The groups that `0138` switches as a whole (section 10.6); other type codes may work likewise."""

    SOCKETS = 1
    ALL = 10
    COVERS = 45


class ErrorCode(_OpenIntEnum):
    """The codes of `9999` (section 12), with the replaced library's names as aliases."""

    UNKNOWN_ERROR = 0
    GENERAL_FAILURE = 1
    BAD_CREDENTIALS = 2
    EMAIL_NOT_REGISTERED = 3
    USER_EXISTS = 4
    HUB_OFFLINE = 5
    HUB_NOT_FOUND = 7
    BAD_EMAIL_FORMAT = 9
    USER_FORBIDDEN = 11
    HUB_ALREADY_BOUND = 15
    PARAMETER_ERROR = 17
    CONNECT_FAILED = 18
    VERIFICATION_CODE = 24
    DEVICE_EXISTS = 33
    DEVICE_PASSWORD_MISMATCH = 34
    DEVICE_NO_RESPONSE = 40
    PERMISSION_DENIED = 72
    ADD_DEVICE_FAILED = 76
    OUTSIDE_ACTIVITY_HOURS = 94
    NOT_PRO_USER = 96
    CHANNEL_EXISTS = 109

    # The same codes under the names of homismart-client.
    USERNAME_PASSWORD_ERROR = 2
    NOT_REGISTERED_EMAIL = 3
    USER_ALREADY_EXISTS = 4
    MAIN_UNIT_NOT_ONLINE = 5
    MAC_NOT_FOUND = 7
    WRONG_EMAIL_FORMAT = 9
    MAIN_UNIT_ALREADY_BOUND = 15
    CONNECTION_FAILED = 18
    ENTER_VCODE = 24
    DEVICE_ALREADY_EXISTS = 33
    PASSWORD_DEVICE_NOT_MATCH = 34
    NO_RESPONSE_FROM_DEVICE = 40
    OUTSIDE_OF_ACTIVITY_HOURS = 94
    CHANNEL_ALREADY_EXISTS = 109

    @property
    def main(self) -> ErrorCode:
        """The code with the same text (section 12, "same text as"), or itself."""
        return ErrorCode(_ALIASES.get(int(self), int(self)))

    @property
    def meaning(self) -> str:
        """What the code means, for a person."""
        return _MEANINGS.get(int(self.main), f"unknown error code {int(self)}")

    @property
    def hint(self) -> str | None:
        """What the user can do about it."""
        return _HINTS.get(int(self.main))

    @property
    def about_credentials(self) -> bool:
        """Whether the account itself is refused: these may also come instead of a login reply (section 4)."""
        return int(self.main) in _CREDENTIALS


_ALIASES: Final = {12: 1, 19: 17, 22: 17, 26: 17, 28: 4, 30: 24, 31: 24, 36: 33, 41: 24, 47: 24, 54: 3}
_CREDENTIALS: Final = frozenset({2, 3, 9, 11, 24})

_MEANINGS: Final = {
    0: "unknown error",
    1: "general failure",
    2: "wrong user name or password",
    3: "the e-mail address is not registered",
    4: "the user already exists",
    5: "the main unit (hub) is off line",
    7: "the main unit (hub) was not found",
    9: "the e-mail address is malformed",
    11: "the user is forbidden",
    15: "the main unit (hub) is already bound to an account",
    17: "parameter error",
    18: "connection failed",
    24: "a verification code is needed",
    33: "the device already exists",
    34: "the password does not match the device",
    40: "no response from the device",
    72: "permission denied",
    76: "adding the device failed",
    94: "outside the permitted hours",
    96: "this needs a professional (installer) account",
    109: "the channel already exists",
}

_HINTS: Final = {
    2: "Check user name and password in the vendor's own app.",
    3: "Check the user name: it is the e-mail address of the account.",
    5: "Check the hub's power and network.",
    9: "The user name is the e-mail address of the account.",
    11: "Ask the vendor why the account is blocked.",
    24: "Sign in once with the vendor's own app and enter the code there.",
    40: "Check the device's power and its distance to the hub.",
    72: "Ask the owner who shared the device for the right to use it.",
    94: "The owner who shared the device set the hours.",
    96: "Sign in with an installer account.",
}
