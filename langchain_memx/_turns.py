"""What a middleware knows of the turns that are going on: the recalled block, and what was said.

None of it may be in the agent's state, which streams and traces show. It lives here, under a name
that the state keeps for the time of a run: a run that is resumed elsewhere, or later, finds nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from langchain_core.messages import BaseMessage

_MOST = 256
"""Turns that are remembered. Whoever is forgotten recalls again."""


class Question(NamedTuple):
    """What the user said last."""

    id: str | None = None
    text: str = ""


@dataclass(slots=True)
class Turn:
    """One turn.

    Attributes:
        question: What it is about.
        block: What was recalled; `None` before that.
        heard: What is not kept yet, by id.
    """

    question: Question
    block: str | None = None
    heard: dict[str | None, BaseMessage] = field(default_factory=dict[str | None, BaseMessage])

    def hear(self, messages: Iterable[BaseMessage]) -> None:
        """Remembers messages as they are now."""
        self.heard.update((message.id, message) for message in messages)


class Turns:
    """The latest turns by the name of their run. Thread-safe."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, Turn] = OrderedDict()
        self._lock = Lock()

    def at(self, name: str | None, question: Question) -> Turn:
        """The turn of that run; a new one if it is unknown, and nothing recalled if the user said something since."""
        with self._lock:
            turn = self._turns.get(name) if name else None
            if turn is None or turn.question != question:
                turn = Turn(question, heard={} if turn is None else turn.heard)
            if name:
                self._turns[name] = turn
                self._turns.move_to_end(name)
                if len(self._turns) > _MOST:
                    self._turns.popitem(last=False)
            return turn

    def end(self, name: str | None) -> Iterable[BaseMessage]:
        """Forgets the turn of that run; what was heard in it."""
        with self._lock:
            turn = self._turns.pop(name, None) if name else None
        return [] if turn is None else turn.heard.values()
