"""Long conversations in pieces that a model can take at once, and what it said of them as one.

No text is lost or repeated: the pieces' messages, put together again, are the conversation. An
over-long message is divided where a sentence ends, else between words, else anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from memx_core.text import estimate_tokens
from memx_core.types import Message, Proposal, ProposedOperation, Usage

CONTEXT = 4
"""Messages of the piece before that a piece brings along."""
OVERHEAD = 30
"""Tokens that a message costs in a prompt besides its text."""

_SURELY_LONG = 24  # No text has more characters to a token.
# The best border first: paragraphs, sentences, words.
_BORDERS = (
    re.compile(r"\n\s*\n\s*"),
    re.compile(r"[.!?\u2026][\"')\u201d\u2019]?\s+|[\u3002\uff01\uff1f]|\n\s*"),
    re.compile(r"\s+"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of the messages, or part of one.

    Attributes:
        messages: What to learn from; a divided message comes as several.
        positions: For each of them the position of the whole message in the conversation.
        context: The last messages of the piece before, to understand these by.
    """

    messages: tuple[Message, ...]
    positions: tuple[int, ...]
    context: tuple[Message, ...] = ()


def split(messages: Sequence[Message], *, max_tokens: int = 2000) -> list[Piece]:
    """`messages` in order, in pieces of at most about `max_tokens`; the prompt's own are not counted."""
    pieces: list[Piece] = []
    batch: list[tuple[int, Message]] = []
    room = max_tokens
    for position, message, tokens in _parts(messages, max_tokens):
        if batch and tokens > room:
            pieces.append(_piece(batch, pieces))
            batch, room = [], max_tokens
        batch.append((position, message))
        room -= tokens
    return [*pieces, _piece(batch, pieces)] if batch else pieces


def merge(pieces: Sequence[Piece], proposals: Sequence[Proposal]) -> Proposal:
    """What was proposed for `pieces`, as if the whole conversation had been seen at once.

    All must have been shown the same candidates: their handles are kept.
    """
    pairs = list(zip(pieces, proposals, strict=True))
    return Proposal(
        operations=tuple(_placed(each, piece) for piece, proposal in pairs for each in proposal.operations),
        warnings=tuple(warning for proposal in proposals for warning in proposal.warnings),
        usage=reduce(Usage.__add__, (proposal.usage for proposal in proposals), Usage()),
        proposer=next((proposal.proposer for proposal in proposals if proposal.proposer), ""),
        prompt=next((proposal.prompt for proposal in proposals if proposal.prompt), None),
    )


def _piece(batch: Sequence[tuple[int, Message]], before: Sequence[Piece]) -> Piece:
    context = before[-1].messages[-CONTEXT:] if before else ()
    return Piece(tuple(message for _, message in batch), tuple(position for position, _ in batch), context)


def _placed(operation: ProposedOperation, piece: Piece) -> ProposedOperation:
    """`operation` with the handles of the conversation instead of the piece's."""
    handles = (piece.positions[each] for each in operation.messages if 0 <= each < len(piece.positions))
    return replace(operation, messages=tuple(dict.fromkeys(handles)))


def _parts(messages: Sequence[Message], max_tokens: int) -> Iterator[tuple[int, Message, int]]:
    """Every message with its position and size, the over-long ones in parts."""
    room = max(1, max_tokens - OVERHEAD)
    for position, message in enumerate(messages):
        text = message.content
        if len(text) < _SURELY_LONG * room and (tokens := estimate_tokens(text)) <= room:
            yield position, message, tokens + OVERHEAD
            continue
        for part in divided(text, max_tokens=room):
            tokens = room if len(part) > room else estimate_tokens(part)
            yield position, replace(message, content=part), tokens + OVERHEAD


def divided(text: str, *, max_tokens: int) -> Iterator[str]:
    """`text` in parts of at most `max_tokens`, which joined are `text` again."""
    start, window = 0, 4 * max_tokens
    while start < len(text):
        size = _fitting(text[start : start + window], max_tokens)
        end = start + size
        if end < len(text):
            end = _border(text, start, end)
        yield text[start:end]
        start, window = end, min(4 * max_tokens, 2 * size)  # What follows is most often written alike.


def _fitting(window: str, max_tokens: int) -> int:
    """How many characters of `window` are within `max_tokens`; at least one."""
    size = len(window)
    while size > 1 and (tokens := estimate_tokens(window[:size])) > max_tokens:
        size = max(1, min(size - 1, size * max_tokens // tokens))
    return size


def _border(text: str, start: int, end: int) -> int:
    """The last good place to divide in the second half of `text[start:end]`, or `end`."""
    half = (start + end) // 2
    for border in _BORDERS:
        if found := list(border.finditer(text, half, end)):
            return found[-1].end()
    return end
