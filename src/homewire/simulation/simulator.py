"""What every simulator is: the other end of a wire, so faithful that other people's clients cannot tell.

A simulator consists of three classes: the simulated appliance (what it believes, with its physics), the
levers (what a test or a demo makes happen, misbehaviour included) and the server (bytes on a loopback
socket). `Simulator` is the server's interface.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import msgspec

from homewire.clock import Clock

__all__ = ["Simulator"]


class Simulator(abc.ABC):
    """The other end of one kind of connection.

    `Options` are typed like a connection's settings: the command line (`homewire simulate KIND --option
    …`) is made from them. All options have defaults, and port 0 means any free port.
    """

    Options: ClassVar[type[msgspec.Struct]]

    @abc.abstractmethod
    def __init__(self, options: Any, *, clock: Clock | None = None) -> None: ...

    @classmethod
    def demo(cls, clock: Clock) -> Sequence[Simulator]:
        """Return the simulators that this kind brings to the demo home, with a life of their own."""
        return [cls(cls.Options(), clock=clock)]

    async def start(self) -> None:
        """Listen; from now on the simulated appliance lives. One that cannot start leaves nothing behind."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    @abc.abstractmethod
    async def _start(self) -> None:
        """Do what `start` promises; whatever was opened when this fails, `stop` closes."""

    @abc.abstractmethod
    async def stop(self) -> None:
        """Stop listening and living; leave nothing behind. May be called at any time."""

    @abc.abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Return the settings with which `homewire.connect` reaches this simulator.

        Only valid after `start()`.
        """

    def describe(self) -> str:
        """Tell a person in one line what is simulated and how to reach it."""
        return f"{type(self).__name__} {dict(self.settings())}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()
