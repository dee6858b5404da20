"""A message cut into sentences, and each sentence into the pieces that state one thing.

A piece begins where somebody becomes the subject again ("..., and my dog is called Rex"), or where
a verb goes on without one ("I'm vegetarian and moved to Oslo"). Doubt is settled here too: pieces
that are asked, conditional, wished for or reported of somebody else never leave this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice

from memx_core.extraction.rules.doubts import is_reported, is_supposed, is_taken_back, is_written_for_others
from memx_core.extraction.rules.openings import opened

MOST_SENTENCES = 300
"""Sentences in the first person read of one message; more is pasted text, not conversation."""
LONGEST_SENTENCE = 600
"""Characters; what is longer nobody says in one breath."""
MOST_PIECES = 20
"""Pieces of one sentence that are read."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence.

    Attributes:
        text: Its words, beginning with a subject that was only implied.
        start: Where its own words begin in the message.
        end: Where they end.
        conditional: An "if" stands in it, or later in its sentence.
        noted: It is part of a "remember that ...".
    """

    text: str
    start: int
    end: int
    conditional: bool
    noted: bool


_END = re.compile(r"[.!?\u2026]+(?=[\s)]|$)|\n+")
_ABBREVIATED = re.compile(r"(?:\b(?:Mrs?|Ms|Dr|St|Prof|vs|e\.g|i\.e|approx|Jr|Sr|Mt|Ft)|\b[A-HJ-Z])$")
_FIRST_PERSON = re.compile(
    r"\b(?:i|i'm|im|ive|my|mine|we|our|me|remember|forget|keep in mind|it's|its|spelled|spelt)\b"
    r"|^\s*(?:just|recently|finally|moved|got|quit|started|bought|adopted)\b|\bis (?:my|our)\b",
    re.IGNORECASE,
)

_I = r"(?:i|we)(?:'m|m|'ve|ve|'d|'ll|'re)?(?![\w'])"
_MY = (
    r"(?:my|our)\s+(?:[\w'-]+,?\s+){1,5}?(?:is|are|was|were|has|have|had|lives?|works?|loves?|likes?|hates?|turned|turns|"
    r"died|passed|just|moved|got|speaks?|studies|goes|includes?|plays?|does|doesn't|isn't|will|can)\b"
    r"|(?:my|our)\s+(?:[\w-]+\s+){0,3}[\w-]+'s\s+(?:name|called|named|birthday|an?|\d)"
)
_TIME = (
    r"(?:(?:in|on|last|next|this|since|every)\s+(?:\w+,?\s+){1,3}?"
    r"|(?:yesterday|today|tomorrow|tonight|now|currently|recently|nowadays|these days|right now),?\s+)?"
)
_ONWARD = (
    r"(?:(?:and|but|so|because|since|cause|cuz|though|although|while|plus|also|then|yes|yeah|no|well|oh|actually|btw|"
    r"by the way|as|anyway|honestly|fyi|please|sorry)\b,?\s+)*"
)
_REQUEST = r"(?:please\s+)?(?:remember|don't forget|forget|keep in mind|note that|call me)\b"
_PAST = (
    r"moved|worked|started|quit|bought|adopted|married|became|turned|went|visited|retired|graduated|grew|was|left|joined|"
    r"got|lost|sold|used to|switched|stopped|broke"
)
_PRESENT = (
    r"live|have|enjoy|prefer|dislike|can't|cannot|don't|do not|speak|eat|no longer|can|never|'m|am"
    r"|(?:(?<=and )|(?<=but )|(?<=& ))(?:work|love|like|hate|play|drive|own|study|teach|run|drink|collect|plan)"
)
_PREDICATE = (
    r"allergic|married|divorced|engaged|single|vegetarian|vegan|pescatarian|originally|based|from|lactose|gluten|diabetic|"
    r"pregnant|retired|fluent|left-handed|self-employed|unemployed|living|working|studying|learning|moving|in my|"
    r"\d{2}(?=\s*(?:years|yo|$|[,.;]| and))"
)
_ADVERBS = r"(?:(?:also|now|just|recently|then|currently|still|really|always|usually|absolutely|even|finally)\s+)*"
_ASKING = (
    r"(?:any|can|could|would|will|should|do|does|did|is|are|am|was|were|what|what's|where|when|who|how|why|which|got|"
    r"have you|know|may|might|shall|wanna|want to|tell me)\b"
)
_OPENING = r"^\W*(?:[\w']+,?\s+){0,5}?"
_ASKED_TO_NOTE = re.compile(r"\W*(?:please )?(?:can|could|will|would) you\b|.{0,40}\bremember that\b", re.IGNORECASE)
_ASKED_TO_FORGET = re.compile(
    r"\W*(?:please )?(?:can|could|will|would) you (?:please )?(?:forget|delete|remove|erase)\b", re.IGNORECASE
)
_SUBJECT = re.compile(rf"{_OPENING}{_I}", re.IGNORECASE)
_OPEN_ENDED = re.compile(
    rf"{_OPENING}(?:i|we)(?:'d|'ll|\s+(?:\w+\s+){{0,2}}?(?:want|wanna|plan|hope|need|going|would|will|might|may|could|should|"
    r"must|intend|try|trying|have to|thinking|gonna|wish|used|(?:love|like|enjoy|prefer)\s+to))\b",
    re.IGNORECASE,
)
_AM = re.compile(rf"{_OPENING}(?:i'm|im|i am|we're|we are)\s", re.IGNORECASE)
_HAVE_A = re.compile(
    rf"{_OPENING}(?:i've got|i have got|i have|i got|we have|we've got|we got)\s+(?:an?|one|two|three|four|\d)\s",
    re.IGNORECASE,
)
_AM_A = re.compile(rf"{_OPENING}(?:i'm|im|i am)\s+(?:\w+\s+){{0,2}}?an?\s", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    end: int
    implied: str
    asks: bool


@cache
def _breaks(*, asked: bool) -> re.Pattern[str]:
    gap = r"(?:[,;:()]|\.(?=\s)|\s[-\u2013\u2014]+(?=\s))\s*"
    conjunction = r"\s(?:and|but|because|since|cause|so|although|though|plus|while|whereas|&)\s+"
    go_on = r"(?:,\s*(?:and|but|then|so|&)?|\s(?:and|but|then|&))\s+"
    asks = rf"(?P<asks>(?:{gap}|\s(?=(?:and|but|so)\s)){_ONWARD}(?={_ASKING}))|" if asked else "(?P<asks>(?!))|"
    return re.compile(
        rf"{asks}(?P<own>{gap}{_ONWARD}(?={_TIME}(?:{_I}|{_MY}|{_REQUEST}))|{conjunction}{_ONWARD}(?={_TIME}(?:{_I}|{_MY})))"
        rf"|(?P<past>{go_on}(?={_ADVERBS}(?:{_PAST})\b))|(?P<present>{go_on}(?={_ADVERBS}(?:{_PRESENT})\b))"
        rf"|(?P<am>{go_on}(?={_ADVERBS}(?:{_PREDICATE})(?!\w)))|(?P<a>(?:,\s*(?:and\s+)?|\s(?:and|but)\s+)(?=(?:also\s+)?(?:an?|one|two|three|four|\d)\s))",
        re.IGNORECASE,
    )


def pieces(text: str) -> Iterator[Piece]:
    """The pieces of `text` (see `hiding.own_words`) that its author states as so."""
    told = list(islice(_first_person(text), MOST_SENTENCES))
    for start, end, mark in told:
        if not is_taken_back(text, start, end):
            yield from _stated(text[start:end], start, asked="?" in mark)


def is_cut_short(text: str) -> bool:
    """Whether `text` has more sentences in the first person than are read."""
    return len(text) > MOST_SENTENCES and next(islice(_first_person(text), MOST_SENTENCES, None), None) is not None


def _first_person(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and end mark of the sentences that speak of their author."""
    start = 0
    for end in chain(_END.finditer(text), [None]):
        stop, mark = (end.start(), end[0]) if end else (len(text), "")
        if mark == "." and _ABBREVIATED.search(text, max(0, stop - 6), stop):
            continue
        if stop - start <= LONGEST_SENTENCE and _FIRST_PERSON.search(text[start:stop]):
            yield start, stop, mark
        start = stop + len(mark)


def _stated(sentence: str, offset: int, *, asked: bool) -> Iterator[Piece]:
    if is_written_for_others(sentence):
        return
    parts, noted = list(islice(_parts(sentence, asked=asked), MOST_PIECES)), False
    for number, part in enumerate(parts):
        text = part.implied + sentence[part.start : part.end]
        noted = noted or opened(text.strip()).noted
        told = not asked or (not part.asks and any(later.asks for later in parts[number + 1 :]))
        requested = (noted and _ASKED_TO_NOTE.match(sentence)) or _ASKED_TO_FORGET.match(sentence)
        if not told and not requested:
            continue
        if not is_supposed(sentence, 0, part.start) and not is_reported(sentence, part.start):
            conditional = is_supposed(sentence, part.start)
            yield Piece(text, offset + part.start, offset + part.end, conditional, noted)


def _parts(sentence: str, *, asked: bool) -> Iterator[_Part]:
    start, implied, asks = 0, "", re.match(rf"\W*{_ONWARD}{_ASKING}", sentence, re.IGNORECASE) is not None and asked
    for found in _breaks(asked=asked).finditer(sentence):
        following = _implied(found, implied + sentence[start : found.start()])
        if following is None:
            continue
        yield _Part(start, found.start(), implied, asks)
        start, implied, asks = found.end(), following, bool(found["asks"])
    yield _Part(start, len(sentence), implied, asks)


def _implied(found: re.Match[str], before: str) -> str | None:
    """The subject that a new piece takes over from the one before; `None` if no new piece begins."""
    if found["own"] or found["asks"]:
        return ""
    if found["am"]:
        return "I am " if _AM.match(before) else None
    if found["a"]:
        return "I am " if _AM_A.match(before) else "I have " if _HAVE_A.match(before) else None
    if _AM.match(before) and re.match(r"(?:married|retired)\b", found.string[found.end() :], re.IGNORECASE):
        return "I am "
    if not _SUBJECT.match(before) or before.endswith(("live", "work")):  # "I live and work in Oslo"
        return None
    return "I " if found["past"] or not _OPEN_ENDED.match(before) else None
