"""What a test or a demo makes happen: hands on the machine, and misbehaviour on the wire."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import difflib
from collections.abc import Callable, Iterable, Iterator

from homewire.errors import ConfigurationError
from homewire.lamarzocco.direct.simulator.machine import SimulatedMachine

__all__ = ["Levers", "Misbehaviour"]


@dataclasses.dataclass(slots=True, kw_only=True)
class Misbehaviour:
    """How the machine's side of the wire goes wrong; everything is off by default.

    `silent` says nothing at all; `drop_replies` loses that many; `delay_s` is added to each;
    `corrupt_replies` sends that many with a wrong check byte, `truncate_replies` cuts them short,
    `hang_up_in_reply` closes in the middle of the next; `split` sends single bytes, `merge_s` gathers what
    is sent within that time.
    `refuse_writes` answers KO ("short" or "long" form), `ignore_writes` acknowledges and does nothing,
    `commit_after_s` applies a write that much later; `busy_reads` refuses status reads while water flows;
    `echo_unknown` answers unknown addresses with the request's own characters.
    """

    silent: bool = False
    drop_replies: int = 0
    delay_s: float = 0.0
    corrupt_replies: int = 0
    truncate_replies: int = 0
    hang_up_in_reply: bool = False
    split: bool = False
    merge_s: float = 0.0
    refuse_writes: str | None = None
    ignore_writes: bool = False
    commit_after_s: float = 0.0
    busy_reads: bool = False
    echo_unknown: bool = False

    def begin(self, words: Iterable[str]) -> None:
        """Misbehave as words of a command line say, `NAME` or `NAME=VALUE`; raise ConfigurationError."""
        known = {field.name: field.default for field in dataclasses.fields(self)}
        for word in words:
            name, _, value = word.replace("-", "_").partition("=")
            try:
                setattr(self, name, _level(known[name], value))
            except KeyError:
                near = difflib.get_close_matches(name, known, n=1) or sorted(known)
                hint = f"Known are: {', '.join(near)}." if len(near) > 1 else f"Did you mean {near[0]}?"
                raise ConfigurationError(f"a machine cannot misbehave with {name!r}", hint=hint) from None
            except ValueError:
                raise ConfigurationError(f"{word} is not NAME=NUMBER") from None

    def heal(self) -> None:
        """Put everything right."""
        for field in dataclasses.fields(self):
            setattr(self, field.name, field.default)


def _level(default: object, value: str) -> object:
    """Return how much of a fault a word asks for, in the type of the fault's default."""
    match default:
        case bool():
            return value not in ("0", "no", "false")
        case int():
            return int(value or 1)
        case float():
            return float(value)
    return value or "short"  # the form of a refusal


class Levers:
    """Hands on the machine.

    `catch_up` lets the machine live until now before anything is moved; `changed` is set after it, so that
    the server looks at once.
    """

    def __init__(
        self, machine: SimulatedMachine, *, catch_up: Callable[[], object], changed: asyncio.Event
    ) -> None:
        self._machine = machine
        self._catch_up = catch_up
        self._changed = changed
        self.misbehave = Misbehaviour()

    def start_brew(self, key: int = 1) -> None:
        """Press a key, move the paddle, pull the lever."""
        with self._moved():
            self._machine.start_brew(key)

    def stop_brew(self) -> None:
        """Press the key again, move the paddle back."""
        with self._moved():
            self._machine.stop_brew()

    def draw_hot_water(self, seconds: float = 8.0) -> None:
        """Draw hot water."""
        with self._moved():
            self._machine.draw_hot_water(seconds)

    def set_power(self, on: bool) -> None:
        """Press the power button."""
        with self._moved():
            self._machine.set_power(on)

    def remove_tank(self) -> None:
        """Take the water tank out."""
        self._water(False)

    def refill_tank(self) -> None:
        """Put a full water tank back."""
        self._water(True)

    def sleep_deeply(self, deeply: bool = True) -> None:
        """Fall into the sleep in which a GS3 MP ignores the first power command (section 7)."""
        self._machine.ignores_power_on = deeply

    def power_cycle(self) -> None:
        """Pull the plug and put it back."""
        with self._moved():
            self._machine.power_cycle()

    def set_value(self, name: str, value: object) -> None:
        """Change a value of the memory map, as somebody at the front panel does."""
        with self._moved():
            self._machine.memory[name] = value

    def _water(self, present: bool) -> None:
        with self._moved():
            self._machine.memory["reservoir_ok"] = present
            self._machine.memory["reservoir_raw_1a"] = 0x00 if present else 0x40

    @contextlib.contextmanager
    def _moved(self) -> Iterator[None]:
        self._catch_up()
        yield
        self._changed.set()
