"""BEAM: a user and an assistant at work for a long time; a question names the turns behind its answer.

Left out are questions without such turns, abstention and where the data has none, unless every
question is wanted.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.retrieval.cases import Conversation, Question, Turn, answerable

ABSTENTION = "abstention"
_ANSWERS = ("answer", "ideal_response", "ideal_answer", "ideal_summary", "expected_compliance")
_PLACE = re.compile(r"\s*->->\s*[\d,N/A]*\s*$")  # how a turn was made, at its end


def folder(path: Path, *, every: bool = False) -> list[Conversation]:
    """All conversations below `path`: folders with `chat.json` and `probing_questions/probing_questions.json`.

    Raises:
        ValueError: If there is none.
    """
    chats = sorted(path.rglob("chat.json"), key=lambda chat: (len(chat.parent.name), str(chat)))
    if not chats:
        raise ValueError(f"{path} holds no chat.json, as a folder of BEAM would")
    return [_conversation(chat, every=every) for chat in chats]


def _conversation(chat: Path, *, every: bool) -> Conversation:
    asked = chat.parent / "probing_questions" / "probing_questions.json"
    said = json.loads(chat.read_text(encoding="utf-8"))
    return conversation(chat.parent.name, said, json.loads(asked.read_text(encoding="utf-8")), every=every)


def conversation(name: str, chat: object, probing: str | Mapping[str, Any], *, every: bool = False) -> Conversation:
    """One conversation.

    Args:
        name: Its number.
        chat: Its batches.
        probing: Questions by what they try out; JSON, or Python's way to write the same.
        every: See `read`.
    """
    asked: Mapping[str, Any] = ast.literal_eval(probing) if isinstance(probing, str) else probing
    turns = tuple(_turns(chat))
    questions = [_question(kind, one) for kind, some in asked.items() for one in some]
    return Conversation(name, turns, tuple(questions) if every else answerable(questions, turns), "beam")


def _turns(chat: object) -> Iterator[Turn]:
    batches: list[Any] = chat if isinstance(chat, list) else []
    at: datetime | None = None
    for number, batch in enumerate(batches):
        for one in _messages(batch):
            at = _time(one.get("time_anchor")) or at
            text = _PLACE.sub("", str(one["content"]))
            if text.strip():
                yield Turn(str(one["id"]), str(number), one["role"], text, said_at=at)


def _messages(within: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401  # nested as the file has it
    if isinstance(within, dict) and "role" in within and "content" in within:
        yield within
    else:
        parts = within.values() if isinstance(within, dict) else within if isinstance(within, list) else ()
        for part in parts:
            yield from _messages(part)


def _time(said: str | None) -> datetime | None:
    """Of "March-15-2024"."""
    return datetime.strptime(said, "%B-%d-%Y").replace(tzinfo=UTC) if said else None


def _question(kind: str, one: Mapping[str, Any]) -> Question:
    answer = next((str(one[key]) for key in _ANSWERS if one.get(key)), "")
    return Question(
        str(one["question"]),
        answer,
        kind,
        frozenset(_numbers(one.get("source_chat_ids"))),
        unanswerable=kind == ABSTENTION,
        rubric=tuple(map(str, one.get("rubric") or ())),
    )


def _numbers(within: object) -> Iterator[str]:
    if isinstance(within, dict):
        within = list(within.values())
    if isinstance(within, list):
        for part in within:
            yield from _numbers(part)
    elif within is not None:
        yield str(within)
