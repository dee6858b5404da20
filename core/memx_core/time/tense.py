"""The tense that the words around a time expression show: was it, or will it be?"""

from __future__ import annotations

import re
from functools import cache

from memx_core.time.rule import Tense

_REACH = 300
_CLAUSE_BEGINS = re.compile(r"(?:^|[,;:]|\b(?:and|but|so|then|or))\s*$", re.IGNORECASE)
_NO_VERBS = (
    "need|indeed|hundred|speed|feed|seed|weed|breed|bleed|exceed|proceed|succeed|excited|married|worried|interested|"
    "tired|scared|bored|supposed|concerned|thrilled|delighted|red|bed|shed|sled|embed|naked|sacred|wicked"
)
_EVENTS = (
    "exam|test|appointment|flight|interview|wedding|party|trip|meeting|surgery|operation|deadline|concert|conference|"
    "holiday|vacation|graduation|marathon|race|recital|reunion|check-?up|show|date|class|course|presentation"
)
_FUTURE = (
    r"will|won['\u2019]?t|shall|gonna|(?:i|we|you|he|she|they|it)['\u2019]ll|going\ to|about\ to|hop(?:e|ing)\ to|"
    r"plan(?:s|ning)?\ (?:to|on|for|a|an)|intend(?:ing)?\ to|wants?\ to|looking\ forward|upcoming|supposed\ to|due|"
    r"booked|scheduled|planned|reserved|arranged|tickets|excited|"
    r"(?:start|begin|leave|fly|arrive|return|graduate|retire|turn)s?|"
    rf"(?:have|has|got)\ (?:an?|my|the|our)\ (?:\w+\ ){{0,3}}(?:{_EVENTS})|(?:{_EVENTS})s?(?:['\u2019]s|\ is|\ are)"
)
_GOING = (
    r"(?:\b(?:am|are|is|im)|['\u2019](?:m|re|s))\ (?:\w+ly\ |also\ |just\ |not\ |all\ )?"
    r"(?!being|thing|morning|evening|during)\w{2,}ing"
)
_PAST = (
    r"was|were|wasn['\u2019]?t|weren['\u2019]?t|did|didn['\u2019]?t|had|went|got|came|saw|took|made|met|bought|left|started|began|"
    r"flew|drove|ran|won|lost|broke|told|said|gave|found|spent|wrote|sold|built|felt|thought|taught|became|kept|held|"
    r"ate|drank|slept|swam|sang|grew|knew|wore|chose|paid|sent|heard|fell|caught|brought|stood|understood|rode|woke|"
    rf"(?!(?:{_NO_VERBS})\b)\w{{2,}}ed"
)


@cache
def _markers() -> re.Pattern[str]:
    return re.compile(
        rf"(?:\b(?P<born>(?:(?:was|were)\ )?born)|\b(?:was|were)\ (?:\w+ly\ )?\w+ing|"
        rf"(?P<future>{_GOING}|\b(?:{_FUTURE}))|\b(?:{_PAST}))\b",
        re.IGNORECASE,
    )


def tense_at(text: str, start: int, end: int) -> Tense | None:
    """The tense of the verb that a time from `start` to `end` belongs to.

    It is the last one before it in its sentence, or else the first one after it; the other way
    round where the time opens a clause ("..., and in July we're going").
    """
    first, last = _sentence(text, start, end)
    before = list(_markers().finditer(text, first, start))
    after = _markers().search(text, end, last)
    nearest = before[-1] if before else None
    marker = after or nearest if _CLAUSE_BEGINS.search(text[first:start]) else nearest or after
    if marker is None or marker["born"]:  # "Born on 7 May" leaves the year open.
        return None
    return "future" if marker["future"] else "past"


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    first = max(text.rfind(mark, max(0, start - _REACH), start) for mark in ".!?\n") + 1
    ends = (text.find(mark, end, end + _REACH) for mark in ".!?\n")
    return max(first, start - _REACH, 0), min((at for at in ends if at >= 0), default=min(len(text), end + _REACH))
