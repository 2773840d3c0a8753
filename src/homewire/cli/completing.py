"""Completion at a prompt: what the interpreter suggests, as prompt_toolkit wants it."""

from __future__ import annotations

from collections.abc import Iterable

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from homewire.cli.interpreter import Interpreter

__all__ = ["Suggestions"]


class Suggestions(Completer):
    """Suggests features and values of the interpreter's current appliance."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield what may come next."""
        line = document.text_before_cursor.lstrip()
        if not line and not complete_event.completion_requested:
            return
        typed = line.rpartition(" ")[2]
        for word, meaning in self._interpreter.suggestions(line):
            yield Completion(word, -len(typed), display_meta=meaning)
