"""What may be learned from: the messages of a request, read once for all its operations."""

from __future__ import annotations

import re
from functools import cached_property

from memx_core import text, time
from memx_core.reconciliation.words import Words, is_english
from memx_core.types import UNLEARNED, Message, ProposalRequest, TimeSpan

_INTRODUCED = re.compile(r"\b(?:[Ii]['\u2019]?m|[Ii] am|[Mm]y name(?:['\u2019]s| is)|[Cc]all me)\s+([^\W\d_a-z]\w+)")
_CAPITALISED = re.compile(r"\s*([^\W\d_a-z]\w+)")
_KILO = re.compile(r"\b(\d{1,3})k\b", re.IGNORECASE)
_TWO = re.compile(r"\b(?:couple|both|pair|twins?|twice|double|half)\b", re.IGNORECASE)


class Sources:
    """The messages and memories that an operation may rest on.

    System and tool messages, and what memx itself put into a prompt, are not among them: naming
    one of those is no evidence, and nothing in them supports a fact.
    """

    def __init__(self, request: ProposalRequest) -> None:
        self.messages = request.messages
        self.candidates = request.candidates
        self.heard = tuple(position for position, message in enumerate(request.messages) if _is_heard(message))
        context = filter(_is_heard, request.context)
        self.turns = (*context, *(request.messages[position] for position in self.heard))
        self._instructions = request.instructions or ""

    @cached_property
    def words(self) -> Words:
        """Every word of the turns, their speakers' names, the known memories, and what the application asked for."""
        names = (turn.name for turn in self.turns if turn.name)
        known = (each for item in self.candidates for each in (item.text, item.subject or ""))
        return Words((*(turn.content for turn in self.turns), *names, *known, self._instructions))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Every number of the turns; `5k` may be five thousand or a run of five kilometres, a couple is two."""
        said = [turn.content for turn in self.turns]
        meant = {number for each in said for number in _KILO.findall(each)}
        if any(map(_TWO.search, said)):
            meant.add("2")
        return frozenset(meant).union(*map(text.numbers, said))

    @cached_property
    def times(self) -> tuple[TimeSpan, ...]:
        """Every time that the turns name."""
        dated = ((turn.content, turn.timestamp) for turn in self.turns if turn.timestamp)
        return tuple(span for content, at in dated for span in time.find(content, said_at=at))

    @cached_property
    def speak_of_time(self) -> bool:
        """Whether the turns speak of any time, be it one that nobody can resolve."""
        return any(time.spots(turn.content) for turn in self.turns)

    @cached_property
    def people(self) -> frozenset[str]:
        """Whoever is known by name here: speakers, who introduced themselves, whom memories are about."""
        speakers = (turn.name for turn in self.turns if turn.name)
        introduced = (name for turn in self.turns for name in _INTRODUCED.findall(turn.content))
        known = (item.subject or "".join(_CAPITALISED.findall(item.text)[:1]) for item in self.candidates)
        return frozenset(name.casefold() for name in (*speakers, *introduced, *known) if name)

    @cached_property
    def are_english(self) -> bool:
        """Whether the turns may be English; number words are read in no other language."""
        return is_english(" ".join(turn.content for turn in self.turns))

    def terms(self, position: int) -> frozenset[str]:
        """The terms of a message."""
        return self._terms[position]

    @cached_property
    def _terms(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(text.tokens(message.content)) for message in self.messages)


def _is_heard(message: Message) -> bool:
    """Whether somebody said it, so that it can be learned from."""
    return message.role in ("user", "assistant") and message.origin not in UNLEARNED
