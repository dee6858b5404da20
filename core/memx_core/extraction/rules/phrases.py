"""The tools that the rules share: where a phrase ends, its items, its time, and its name as a slot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from memx_core import time
from memx_core.extraction.rules.clauses import Clause
from memx_core.extraction.rules.persons import others


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """`pattern`, compiled when it is first needed so that importing stays cheap."""
    return re.compile(pattern, re.IGNORECASE)


_STOP = (
    r"\s*(?:[;:()!?]|\s[-\u2013\u2014]+\s|(?<!\bst)(?<!\bdr)(?<!\bmt)(?<!\b\w)\.(?=\s|$)|,?\s+(?:but|because|'?cause|since|when|while|which|who|whom|whose|where|that|so|until|unless|if|"
    r"although|though|even|as long as|thanks to|due to|in order|plus|instead|except|lol|btw|and (?:i|it|he|she|they|we|my|"
    r"this|that|you|there|have|has|had|am|is|are|was|were|got|will|would|could|can|do|did|then|so|now)|i (?:have|am|was|got|just|think))\b|,\s+(?:it|he|she|they|you|this|there|we|my|i|not|please|thanks?|thank|also|then|just|especially|"
    r"mostly|mainly|particularly|for example|like|such as|including)\b).*$"
)
_NARROW = r"|,.*$|\s+(?:and|or|with|for|to|after|before|at|on|by|from|about|near|as|than|then|again|now|too)\b.*$"
_ARTICLE = re.compile(
    r"^(?:(?:a|an|the|some|any|my|our|his|her|their|all|most|both|every|each|kinds of|types of|sorts of)\s+)+",
    re.IGNORECASE,
)
_PADDING = re.compile(
    r"[\s,]+(?:a lot|lots|so much|very much|too much|a bit|a little|the most|more than anything|again|now|too|as well|"
    r"though|tho|lol|haha|really|these days|right now|at the moment|currently|in general|and stuff|and such|etc|"
    r"and so on|or so|by the way|btw|at all|either|much|yet|already|anymore|any more|lately|together|as always)\.?$",
    re.IGNORECASE,
)
_IE = frozenset({"movies", "cookies", "brownies", "smoothies", "zombies", "hoodies", "calories", "veggies", "rookies"})
_UNCOUNTED = frozenset({"series", "species", "diabetes", "glasses", "news", "sports", "maths", "tennis"})
_SPLIT = re.compile(
    r"\s*,\s*(?:and\s+|or\s+|but\s+|also\s+)*|\s+(?:and|or|&|plus|as well as)\s+(?:also\s+)?", re.IGNORECASE
)
_WHOLE = re.compile(
    r"rock (?:and|&|n) roll|mac (?:and|&) cheese|fish (?:and|&) chips|peanut butter (?:and|&) jelly|gin (?:and|&) tonic|"
    r"bread (?:and|&) butter|arts (?:and|&) crafts|dungeons (?:and|&) dragons|black (?:and|&) white|salt (?:and|&) vinegar|"
    r"r ?& ?b|drum (?:and|&|n) bass|science and technology|trial and error|bed and breakfast",
    re.IGNORECASE,
)


def cut(text: str, *, narrow: bool = False) -> str:
    """`text` up to where it turns to something else; `narrow` also stops at commas and prepositions."""
    text = compiled(_STOP + (_NARROW if narrow else "")).sub("", text)
    while shorter := _PADDING.search(text):
        text = text[: shorter.start()]
    return text.strip(" ,.!?'\"-")


def timed(text: str, clause: Clause) -> tuple[str, str]:
    """`text` without its first time expression, and that expression, or the one said before the subject."""
    found = time.spots(text)
    if not found:
        return text, clause.fronted
    start, end = found[0]
    before, after = text[:start].rstrip(" ,"), text[end:].lstrip()
    return f"{before}{after}" if after.startswith(",") and before else f"{before} {after.lstrip(' ,')}".strip(), text[
        start:end
    ]


def listed(text: str) -> Iterator[str]:
    """The items of "sushi, ramen and pizza"; what belongs together ("rock and roll") stays together."""
    kept = _WHOLE.sub(lambda match: re.sub(r"\s", "\x00", match[0]), text)
    for item in _SPLIT.split(kept):
        if item := item.replace("\x00", " ").strip(" ,.!"):
            yield item


def bare(text: str) -> str:
    """`text` without articles and quantities before it."""
    return _ARTICLE.sub("", text)


def both(names: list[str]) -> str:
    """The names as one enumeration: "Ana, Ben and Cleo"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def key(text: str) -> str:
    """`text` as the end of a slot: "the Beatles" is `beatle`, so that one and many share a slot."""
    words = re.findall(r"[\w+#.'-]+", bare(text).lower().replace("colour", "color"))[:6]
    if words:
        words[-1] = singular(words[-1].strip(".'"))
    return "-".join(words)


def singular(word: str) -> str:
    """`word` without the ending that makes it many; near enough to compare by."""
    if word in _UNCOUNTED:
        return word
    if word.endswith("ies") and len(word) > 4 and word not in _IE:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def said(text: str) -> str:
    """`text` as somebody else says it, ready to stand in a fact."""
    return others(" ".join(text.split())).replace("{", "(").replace("}", ")")
