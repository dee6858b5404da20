"""Who says it, and whether they mean it: conditions, wishes, hearsay, jokes and text for others."""

from __future__ import annotations

import re

_SUPPOSED = re.compile(
    r"\b(?:if(?!\s+(?:it|that) (?:helps|matters)|\s+you (?:must|need to|want to) know|\s+you(?:'re| are) (?:wondering|curious)|"
    r"\s+(?:you|i) remember|\s+relevant)|unless|whether|wish|imagine|suppose|supposing|pretend|hypothetically|dreamed|dreamt|"
    r"my dream|as though|in case|provided that|assuming|neither|let's say)\b",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:he|she|they|you|it|people|everyone|everybody|someone|somebody|(?-i:[A-Z][\w-]+)"
    r"|(?:my|his|her|their|our|the|an?)\s+[\w-]+(?:\s[\w-]+)?)\s+(?:(?:always|just|also|once|often|keeps?|kept|still)\s+)?"
    r"(?:says?|said|saying|thinks?|thought|tells?|told|telling|claims?|claimed|believes?|believed|insists?|insisted|jokes?|"
    r"joked|asks?|asked|assumes?|assumed|wrote|writes)"
    r"(?:\s+(?:me|us|him|her|them|you|everyone|people|that|(?:to|my) \w+|all the time|always|once|how))*[\s,:]+(?=(?:i|my|we|our)\b)",
    re.IGNORECASE,
)
_WRITING = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you|now|then|ok|okay|help me)[,\s]+)*(?:write|draft|compose|translate|imagine|"
    r"pretend|suppose|act|role-?play|say|repeat|rewrite|rephrase|paraphrase|generate|create|make up|answer as|respond as|"
    r"let's pretend|let's say|example|e\.g|quote|lyrics|story|title|subject)\b",
    re.IGNORECASE,
)
_JOKE = r"just kidding|(?<!not )(?<!no )kidding|(?:just |only )joking|jk|just a joke"
_TAKEN_BACK = re.compile(rf"\b(?:{_JOKE})\b|,\s*not really\s*$|\s/s\b", re.IGNORECASE)
_THEN_TAKEN_BACK = re.compile(
    rf"\W*(?:i'm |i am |ok |haha |lol )?(?:{_JOKE}|not really(?=\W*(?:$|\n)))\b", re.IGNORECASE
)
_CONTRAST = re.compile(r"\bbut\b|;", re.IGNORECASE)


def is_supposed(sentence: str, start: int = 0, end: int | None = None) -> bool:
    """Whether a condition or a wish stands in that part of `sentence`."""
    return _SUPPOSED.search(sentence, start, len(sentence) if end is None else end) is not None


def is_reported(sentence: str, start: int) -> bool:
    """Whether somebody else says what begins at `start`; a "but" gives the author the word again."""
    contrasts = [match.end() for match in _CONTRAST.finditer(sentence, 0, start)]
    said = _REPORTED.search(sentence, contrasts[-1] if contrasts else 0)
    return said is not None and said.end() <= start + 1


def is_written_for_others(sentence: str) -> bool:
    """Whether `sentence` asks for a text: what it says is what that text shall say."""
    return _WRITING.match(sentence) is not None


def is_taken_back(text: str, start: int, end: int) -> bool:
    """Whether the author says, there or right after, that they did not mean it."""
    return _TAKEN_BACK.search(text[start:end]) is not None or _THEN_TAKEN_BACK.match(text[end : end + 40]) is not None
