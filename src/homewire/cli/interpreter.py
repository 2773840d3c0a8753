"""The language of the prompt: what can be typed in `console` and in the demo, and how it completes.

`power on`, `coffee_target_temperature=93.5`, `press start_backflush`, `status`, `use oven`, `help power`.
It knows no prompt: whoever reads lines, from a terminal or a script, hands them to `Interpreter.run`.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TypeAlias

from homewire.cli.changing import assignments, change, press_feature
from homewire.cli.output import Output, UsageError
from homewire.cli.session import ApplianceView, Session
from homewire.cli.status import show_status
from homewire.cli.targets import find_appliance, find_feature, liveliest, slug
from homewire.cli.views import appliance_table, value_text
from homewire.errors import InvalidValue, NotFound
from homewire.features import Cover, Feature, Lock, Select, Switch

__all__ = ["HELP", "Interpreter", "Suggestion"]

Suggestion: TypeAlias = tuple[str, str]
"""A word that may come next, and what it means."""

_Command: TypeAlias = Callable[[Sequence[str]], Awaitable[None]]

HELP: dict[str, str] = {
    "list": "the appliances",
    "use": "APPLIANCE: talk to this one from now on",
    "status": "[all]: its features with their values",
    "set": "FEATURE VALUE, or FEATURE=VALUE …; the word set may be left out",
    "press": "FEATURE: press it",
    "refresh": "read it again",
    "dangerous": "on|off: consent to dangerous features until it is off again",
    "help": "[FEATURE]: this list, or what a feature takes",
    "quit": "end",
}


class Interpreter:
    """Carries out typed lines on the session's appliances, one of which is `current`."""

    def __init__(self, session: Session, output: Output, current: str | None = None) -> None:
        self._session = session
        self._output = output
        self._current = current
        self._dangerous = False
        self._commands: dict[str, _Command] = {
            "list": self._list,
            "use": self._use,
            "status": self._status,
            "set": self._set,
            "press": self._press,
            "refresh": self._refresh,
            "dangerous": self._consent,
            "help": self._help,
        }

    @property
    def current(self) -> ApplianceView | None:
        """The appliance that is talked to: the chosen one, else the liveliest."""
        appliances = self._session.appliances
        if self._current is not None and self._current in appliances:
            return appliances[self._current]
        return next(iter(liveliest(appliances.values())), None)

    @property
    def prompt(self) -> str:
        """What stands before the line: the current appliance, and a mark while danger is allowed."""
        name = slug(self.current.identity.name) if self.current else "homewire"
        return f"{name}{'!' if self._dangerous else ''}> "

    async def run(self, line: str) -> bool:
        """Carry out one line; return whether to go on. Raises HomewireError."""
        words = _split(line)
        if not words:
            return True
        if words[0] in ("quit", "exit"):
            return False
        command = self._commands.get(words[0])
        if command is not None:
            await command(words[1:])
        elif len(words) == 1 and "=" not in words[0]:
            self._show(find_feature(self._appliance(), words[0]))
        else:
            await self._set(words)
        return True

    def suggestions(self, line: str) -> Iterator[Suggestion]:
        """Yield what may come next, for the word that is being typed."""
        words = line.split(" ")
        typed = words[-1].casefold()
        for word, meaning in self._next(words[:-1], words[-1]):
            if word.casefold().startswith(typed):
                yield word, meaning

    def _next(self, before: Sequence[str], typed: str) -> Iterator[Suggestion]:
        first = before[0] if before else ""
        if not before:
            yield from HELP.items()
            yield from self._features(lambda one: one.writable and not one.pressable)
        elif first == "use":
            yield from (
                (slug(one.identity.name), one.identity.model) for one in self._session.appliances.values()
            )
        elif first == "press":
            yield from self._features(lambda one: one.pressable)
        elif first == "help":
            yield from self._features(lambda _one: True)
        elif first == "status":
            yield "all", "diagnostics, too"
        elif first == "dangerous":
            yield from (("on", "consent"), ("off", "ask again"))
        elif first == "set" and len(before) == 1:
            yield from self._features(lambda one: one.writable and not one.pressable)
        elif "=" not in typed:
            yield from self._values(before[-1])

    def _features(self, wanted: Callable[[Feature], bool]) -> Iterator[Suggestion]:
        if self.current is not None:
            for key, one in self.current.features.items():
                if wanted(one):
                    yield key, one.name

    def _values(self, key: str) -> Iterator[Suggestion]:
        feature = self.current.features.get(key) if self.current else None
        if self.current is None or feature is None or not feature.writable:
            return
        now = self.current.state.get(key)
        for word in _words(feature):
            yield word, ""
        if not _words(feature) and now is not None:
            yield str(feature.to_json(now)), f"now; {feature.allowed}"

    def _appliance(self) -> ApplianceView:
        if self.current is None:
            raise NotFound("there is no appliance")
        return self.current

    async def _list(self, _words: Sequence[str]) -> None:
        self._output.show(appliance_table(self._session.appliances.values()))

    async def _use(self, words: Sequence[str]) -> None:
        self._current = find_appliance(self._session, " ".join(words)).identity.id

    async def _status(self, words: Sequence[str]) -> None:
        show_status([self._appliance()], self._output, everything="all" in words)

    async def _set(self, words: Sequence[str]) -> None:
        target = self._appliance()
        for key, text in assignments(words):
            feature = find_feature(target, key)
            try:
                value = feature.parse(text)
            except InvalidValue as error:
                error.appliance = target.identity.name
                raise
            await change(self._session, target, feature, value, self._output, dangerous=self._dangerous)

    async def _press(self, words: Sequence[str]) -> None:
        target = self._appliance()
        feature = find_feature(target, " ".join(words))
        if not feature.pressable:
            raise feature.refusal("is not something to press")
        await press_feature(self._session, target, feature, self._output, dangerous=self._dangerous)

    async def _refresh(self, _words: Sequence[str]) -> None:
        await self._session.refresh(self._appliance().identity.id)

    async def _consent(self, words: Sequence[str]) -> None:
        if list(words) not in (["on"], ["off"]):
            raise UsageError("dangerous takes on or off")
        self._dangerous = words[0] == "on"

    async def _help(self, words: Sequence[str]) -> None:
        if not words:
            for name, meaning in HELP.items():
                self._output.line(f"{name:<10} {meaning}")
            return
        feature = find_feature(self._appliance(), " ".join(words))
        self._output.line(f"{feature.name} ({feature.key}), {feature.kind}. {feature.help}".rstrip())
        if feature.writable:
            danger = " It is dangerous." if feature.dangerous else ""
            self._output.line(f"It takes: {feature.allowed}.{danger}")

    def _show(self, feature: Feature) -> None:
        target = self._appliance()
        if feature.key in target.state:
            self._output.show(value_text(feature, target.state[feature.key]))
        else:
            raise UsageError(f"{feature.key} has no value", hint=f"Press it with: press {feature.key}")


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise UsageError(f"the line is not complete: {error}") from error


def _words(feature: Feature) -> tuple[str, ...]:
    if isinstance(feature, Switch):
        return ("on", "off")
    if isinstance(feature, Select):
        return feature.options
    if isinstance(feature, Lock):
        return ("lock", "unlock")
    return ("open", "close", "stop") if isinstance(feature, Cover) else ()
