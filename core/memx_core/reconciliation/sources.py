"""What may be learned from: the messages of a request, read once for all its operations."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from memx_core import text, time
from memx_core.text.words import unaccented
from memx_core.types import Message, ProposalRequest, TimeSpan

_WORD = re.compile(r"[^\W_]+")
_INTRODUCED = re.compile(r"\b(?:[Ii]['\u2019]?m|[Ii] am|[Mm]y name(?:['\u2019]s| is)|[Cc]all me)\s+([^\W\d_a-z]\w+)")
_CAPITALISED = re.compile(r"\s*([^\W\d_a-z]\w+)")
_ENGLISH = frozenset(("the", "and", "my", "is", "of", "with", "it", "you", "have"))


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

    @cached_property
    def words(self) -> Words:
        """Every word of the turns, of their speakers' names, and of the known memories."""
        names = (turn.name for turn in self.turns if turn.name)
        known = (each for item in self.candidates for each in (item.text, item.subject or ""))
        return Words((*(turn.content for turn in self.turns), *names, *known))

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Every number of the turns."""
        return frozenset[str]().union(*(text.numbers(turn.content) for turn in self.turns))

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
        """Whether the turns have words that only English has; number words of others are not read."""
        return any(self.words.has(word) for word in _ENGLISH)

    def terms(self, position: int) -> frozenset[str]:
        """The terms of a message."""
        return self._terms[position]

    @cached_property
    def _terms(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(text.tokens(message.content)) for message in self.messages)


def _is_heard(message: Message) -> bool:
    """Whether somebody said it, so that it can be learned from."""
    return message.role in ("user", "assistant") and message.origin != "recalled"


class Words:
    """A set of words that can be asked for a name in whatever form it was said."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = frozenset(word for each in texts for word in _WORD.findall(unaccented(each.casefold())))
        self._sorted = sorted(self._words)

    def has(self, word: str) -> bool:
        """Whether exactly this word is among them, but for case and accents."""
        return unaccented(word.casefold()) in self._words

    def mention(self, name: str) -> bool:
        """Whether a word is `name`, give or take its ending: `Moskvu` mentions `Moskva`, `Berliner` `Berlin`."""
        return all(map(self._has_beginning, _WORD.findall(unaccented(name.casefold()))))

    def _has_beginning(self, word: str) -> bool:
        beginning = word if len(word) < 5 else word[: max(4, len(word) - 2)]
        at = bisect_left(self._sorted, beginning)
        return at < len(self._sorted) and self._sorted[at].startswith(beginning)
