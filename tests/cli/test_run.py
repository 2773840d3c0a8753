from __future__ import annotations

import contextlib
import socket

import pytest

from homewire.bridge.settings import DEFAULT_PORT
from homewire.cli.run import running_demo
from homewire.errors import ConnectionFailed

pytestmark = pytest.mark.real_time


async def test_a_demo_takes_another_port_when_the_usual_one_is_taken() -> None:
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # somebody else has it: just as well
            stack.enter_context(socket.create_server(("127.0.0.1", DEFAULT_PORT)))
        async with running_demo([], None) as (address, place):
            assert address.startswith("http://127.0.0.1:")
            assert not address.endswith(f":{DEFAULT_PORT}")
            assert place.is_socket()
    assert not place.parent.exists()


async def test_a_port_that_was_asked_for_is_not_exchanged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConnectionFailed, match="in use"):
        async with running_demo([], taken.getsockname()[1]):
            pytest.fail("must not be reached")
