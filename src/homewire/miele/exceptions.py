"""The error names of asyncmiele, for programs that come from there: each is one of homewire's own errors.

`ConnectionError` and `TimeoutError` hide Python's built-ins of the same names when imported, as they did
there.
"""

from __future__ import annotations

from homewire.errors import AuthenticationFailed as AuthenticationException
from homewire.errors import ConnectionFailed, HomewireError
from homewire.errors import ConnectionFailed as NetworkConnectionError
from homewire.errors import NotFound as DeviceNotFoundError
from homewire.errors import ProtocolError as DecryptionError
from homewire.errors import ProtocolError as ParseError
from homewire.miele.refusals import NotNow as DeviceSleepError
from homewire.miele.transport import RequestTimeout

__all__ = [
    "AuthenticationException",
    "ConnectionError",
    "DecryptionError",
    "DeviceNotFoundError",
    "DeviceSleepError",
    "MieleException",
    "NetworkConnectionError",
    "NetworkTimeoutError",
    "ParseError",
    "TimeoutError",
]

MieleException = HomewireError
ConnectionError = ConnectionFailed  # noqa: A001 - the replaced library's name
TimeoutError = RequestTimeout  # noqa: A001 - as above
NetworkTimeoutError = RequestTimeout
