"""What words a text has to have, so that one fact may be worded in many ways. Pure.

`dog pim|pimmy -cat` is a text with "dog", with one of two names, and without "cat". Words begin as written: `nurs` is
in "nursing". Words of up to three letters, and numbers, are whole, give or take a plural's "s"; `_` stands for a blank.
"""

from __future__ import annotations

import re
from functools import cache

_SHORT = 3
_OVER = re.compile(
    r"\b(?:used to|formerly|previously|once|former|was|were|had|did|until|ex|left|quit|sold|gave up|given up|stopped"
    r"|ended|no|no longer|anymore|not|never|cannot|without|broke up|cancell?ed|over|from|instead of)\b|n't\b",
    re.IGNORECASE,
)


def fits(pattern: str, text: str) -> bool:
    """Whether `text` has the words of `pattern`, and none that it excludes."""
    return all(
        not _has(word[1:], text) if word.startswith("-") else any(_has(each, text) for each in word.split("|"))
        for word in pattern.split()
    )


def still_claims(pattern: str, text: str) -> bool:
    """Whether `text` says what `pattern` does as something that holds now, rather than tells that it is over."""
    return fits(pattern, text) and (_OVER.search(pattern.replace("_", " ")) is not None or not _OVER.search(text))


def _has(word: str, text: str) -> bool:
    return _compiled(word).search(text) is not None


@cache
def _compiled(word: str) -> re.Pattern[str]:
    plain = re.escape(word.replace("_", " "))
    whole = len(word) <= _SHORT or word[-1].isdigit()
    begins = "" if word.startswith("n't") else r"(?<!\w)"
    return re.compile(begins + plain + (r"(?:s|'s)?(?!\w)" if whole else ""), re.IGNORECASE)
