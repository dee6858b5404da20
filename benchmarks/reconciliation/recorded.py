"""A model that answers what was recorded, in the schema that it is asked for.

A recorded answer names a known fact by words of it, as its number depends on what is known by then. It is looked up in
the prompt; a fact that is not shown there cannot be meant, so that a change of it becomes an ADD, and the rest is left
out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pydantic import BaseModel

from benchmarks.reconciliation.cases import Recorded
from benchmarks.reconciliation.patterns import fits
from memx_core.extraction.schema import MemoryOperation, MemoryOperations
from memx_core.ports import Completion
from memx_core.types import Message, Usage

_KNOWN = re.compile(r"<known>\n(.*?)</known>", re.DOTALL)
_MESSAGES = re.compile(r"<messages>\n(.*?)</messages>", re.DOTALL)


class RecordedLLM:
    """Answers each call with what was handed to `will_answer` last."""

    def __init__(self) -> None:
        self._next: Sequence[Recorded] | str = ()

    def will_answer(self, answer: Sequence[Recorded] | str) -> None:
        """From now on it answers `answer`: operations, or a text as it is."""
        self._next = answer

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """What was recorded."""
        text = self._next if isinstance(self._next, str) else answer(self._next, messages[-1].content)
        return Completion(text=text, usage=Usage(), model="recorded")

    async def acomplete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """Like `complete`."""
        return self.complete(messages, schema)


def answer(operations: Sequence[Recorded], prompt: str) -> str:
    """`operations` as JSON, with the numbers that `prompt` gives to what they speak of."""
    known, said = _lines(_KNOWN, prompt), _lines(_MESSAGES, prompt)
    answered = [operation for each in operations if (operation := _operation(each, known, said)) is not None]
    return MemoryOperations(operations=answered).model_dump_json()


def _lines(pattern: re.Pattern[str], prompt: str) -> list[dict[str, str]]:
    block = pattern.search(prompt)
    return [json.loads(line) for line in block[1].splitlines()] if block else []


def _operation(
    recorded: Recorded, known: Sequence[dict[str, str]], said: Sequence[dict[str, str]]
) -> MemoryOperation | None:
    event, target = recorded.event, _target(recorded.target, known)
    if target is None and recorded.text:
        event, target = "ADD", -1
    if target is None:
        return None
    at = _source(recorded, said)
    return MemoryOperation.model_validate(
        {
            "event": event,
            "text": recorded.text,
            "target": target,
            "messages": [at],
            "quote": said[at]["text"] if recorded.quote is None else recorded.quote,
            "when": recorded.when,
            "subject": recorded.subject or said[at].get("speaker") or "User",
            "slot": recorded.slot,
            "reason": "",
        }
    )


def _target(words: str, known: Sequence[dict[str, str]]) -> int | None:
    """The number meant; -1 for none, `None` if it is not shown. Of several that fit, the last."""
    if not words:
        return -1
    if words.startswith("#"):
        return int(words[1:])
    meant = [number for number, line in enumerate(known) if fits(words, line["text"])]
    return meant[-1] if meant else None


def _source(recorded: Recorded, said: Sequence[dict[str, str]]) -> int:
    """The message with the quote, or else the first of the user's."""
    quoting = [at for at, line in enumerate(said) if recorded.quote and recorded.quote in line["text"]]
    users = [at for at, line in enumerate(said) if line["role"] == "user"]
    return (quoting or users or [0])[0]
