"""Which report answers which request: the protocol has no message ids, so order and content must do.

A request is confirmed by a `0009` (or list entry) of its device that shows the wished value, or by the reply
with its own number; it fails by `9999` (docs/protocols/homismart.md, section 11). An error names no request.
With one request open it is that one's; with several it is kept until confirmations leave as many candidates
as there are errors. A cover that is seen to move is no candidate. Nothing here waits, sends or knows the
time: the outbox does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from homewire.errors import AuthenticationFailed, CommandRejected, HomewireError, NotSupported
from homewire.homismart.codes import ErrorCode
from homewire.homismart.models import Report, ServerError
from homewire.homismart.prefixes import RequestPrefix

__all__ = ["Answer", "Book", "Expectation", "Wish", "error_of"]

Wish: TypeAlias = tuple[str, Callable[[Any], bool]]
"""A key of the device object, and whether a reported value of it is what was wished for.

The check may raise a HomewireError when the value shows that the wish came to nothing.
"""

Answer: TypeAlias = Callable[[Report], Any]
"""Return the result in a report that answers the request, None when it does not; raise when it says no."""


class Expectation:
    """One request that was sent, and what will settle it; `done` is its future.

    `steps` counts the reports that showed another value than the one before, as those of a moving cover do.
    """

    def __init__(
        self,
        request: RequestPrefix,
        *,
        wishes: Mapping[str, Wish] | None = None,
        answer: Answer | None = None,
        subject: str | None = None,
    ) -> None:
        self.request = request
        self.subject = subject
        self.waiting_for = dict(wishes or {})
        self.answer = answer
        self.steps = 0
        self.suspects: list[ServerError] = []
        self.done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._seen: dict[str, Any] = {}

    @property
    def under_way(self) -> bool:
        """Whether it was evidently accepted: a cover is moving, the first of a group have reported."""
        return self.steps > 1

    def take_records(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Look at reported devices, by id."""
        for device_id in self.waiting_for.keys() & records.keys():
            self._take_record(device_id, records[device_id])

    def _take_record(self, device_id: str, record: Mapping[str, Any]) -> None:
        """Look at one: only a key that the report itself carries can confirm."""
        key, fulfils = self.waiting_for[device_id]
        if key not in record:
            return
        value = record[key]
        if device_id not in self._seen or self._seen[device_id] != value:
            self.steps += 1
        self._seen[device_id] = value
        try:
            fulfilled = fulfils(value)
        except HomewireError as error:
            self.fail(error)
            return
        if fulfilled:
            del self.waiting_for[device_id]
            if not self.waiting_for:
                self.settle(None)

    def take_report(self, report: Report) -> bool:
        """Look at a reply; return whether it settled the request."""
        if self.answer is None or self.done.done():
            return False
        try:
            result = self.answer(report)
        except HomewireError as error:
            self.fail(error)
            return True
        if result is not None:
            self.settle(result)
        return result is not None

    def settle(self, result: Any) -> None:
        """Note success; a failure that came before stays."""
        if not self.done.done():
            self.done.set_result(result)

    def fail(self, error: HomewireError) -> None:
        """Note failure."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # whoever waits gets it; nobody has to


class Book:
    """The requests that are open, in the order in which they were sent."""

    def __init__(self) -> None:
        self._open: list[Expectation] = []
        self._errors: list[tuple[ServerError, list[Expectation]]] = []

    def add(self, expectation: Expectation) -> None:
        """Open a request, just before it is sent."""
        self._open.append(expectation)

    def close(self, expectation: Expectation) -> None:
        """Forget a request that is over, however it ended; an error may now have one candidate only."""
        self._open.remove(expectation)
        self._attribute()

    def fail_all(self, error: HomewireError) -> None:
        """Fail everything that is open: the link is gone."""
        self._errors.clear()
        for expectation in self._open:
            expectation.fail(error)

    def take_records(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Look at reported devices."""
        if not self._open:
            return
        by_id = {record["id"]: record for record in records}
        for expectation in self._open:
            expectation.take_records(by_id)
        self._attribute()

    def take_report(self, report: Report) -> bool:
        """Offer a reply to the open requests, the oldest first; return whether one took it."""
        taken = any(expectation.take_report(report) for expectation in self._open)
        if taken:
            self._attribute()
        return taken

    def take_error(self, error: ServerError) -> bool:
        """Blame a request for an error; return False when nothing that is open can have caused it."""
        candidates = [e for e in self._open if not e.done.done()]
        candidates = [e for e in candidates if not e.under_way] or candidates
        if error.request is not None:
            candidates = [e for e in candidates if e.request == error.request] or candidates
        if not candidates:
            return False
        for candidate in candidates:
            candidate.suspects.append(error)
        self._errors.append((error, candidates))
        self._attribute()
        return True

    def _attribute(self) -> None:
        """Blame where no choice is left: one candidate, or as many errors as candidates."""
        while self._errors:
            self._errors = [
                (error, alive)
                for error, candidates in self._errors
                if (alive := [c for c in candidates if c in self._open and not c.done.done()])
            ]
            alone = next((item for item in self._errors if len(item[1]) == 1), None)
            everyone = {id(c) for _, candidates in self._errors for c in candidates}
            if not self._errors or (alone is None and len(self._errors) < len(everyone)):
                return
            error, candidates = alone or self._errors[0]
            self._errors = [item for item in self._errors if item[0] is not error]
            candidates[0].fail(error_of(error, candidates[0].subject))


def error_of(error: ServerError, subject: str | None = None) -> HomewireError:
    """Return what a `9999` that a request caused means to its caller (section 12)."""
    code, meaning = error.code, f"the cloud refused: {error.meaning}"
    if code is not None and code.about_credentials:
        return AuthenticationFailed(meaning, appliance=subject, hint=code.hint)
    if code == ErrorCode.NOT_PRO_USER:
        return NotSupported(meaning, appliance=subject, hint=code.hint)
    number = None if code is None else int(code)
    return CommandRejected(meaning, reason_code=number, appliance=subject, hint=code.hint if code else None)
