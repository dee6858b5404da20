"""Names in a query: they tell whose memories are wanted, and blur what is wanted of them.

Everything said by Rosa is near to "What does Rosa like?". So a known name becomes a boost for
what its bearer said or is about, and the query is embedded without it.
"""

from __future__ import annotations

import re
from functools import lru_cache

from memx_core.text import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
_CLITIC = re.compile(r"['\u2019]s?$")
_UNSPACED = re.compile("[\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e01-\u0eff]")
_SHORTEST_PART = 3
_WORDS_OF_A_NAME = 4


def mask_names(query: str, known: frozenset[str]) -> tuple[str, frozenset[str]]:
    """`query` without the names in it, and those names as they are known.

    A whole name counts however it is written; a part of one ("Rosa" of "rosa lind") and a name
    that is also a common word ("will") need their capital. If nothing but names and filling
    words is left, the query stays as it is.

    Args:
        query: What was asked.
        known: Lower-cased names of speakers and subjects.
    """
    spans, found = _found(query, known)
    if not spans:
        return query, frozenset()
    masked = query
    for start, end in sorted(spans, reverse=True):
        masked = f"{masked[:start]} {masked[end:]}"
    masked = re.sub(r"\s+(?=[,.?!])|^\W+", "", " ".join(masked.split()))
    says_something = any(word[0].casefold() not in STOP_WORDS for word in _WORD.finditer(masked))
    return (masked if says_something else query), frozenset(found)


def _found(query: str, known: frozenset[str]) -> tuple[list[tuple[int, int]], set[str]]:
    """Where names are, longest first wherever several begin, and which."""
    words = list(_WORD.finditer(query))
    whole, parts, unspaced = _lookup(known)
    capitals = any(word[0][0].isupper() for word in words)
    spans = [(match.start(), match.end()) for name in unspaced for match in re.finditer(re.escape(name), query)]
    found = {name for name in unspaced if name in query}
    first = 0
    while first < len(words):
        last, names = _longest(words, first, whole)
        if not names:
            word = words[first]
            if word[0][0].isupper() or not capitals:
                names = parts.get(_plain(word[0]), names)
        if names:
            found |= names
            spans.append((words[first].start(), words[last].end()))
        first = last + 1
    return spans, found


def _longest(words: list[re.Match[str]], first: int, whole: frozenset[str]) -> tuple[int, frozenset[str]]:
    """The last word of the longest name that begins at `first`, and that name."""
    for last in range(min(first + _WORDS_OF_A_NAME, len(words)) - 1, first - 1, -1):
        name = " ".join(_plain(word[0]) for word in words[first : last + 1])
        if name in whole and (name not in STOP_WORDS or (first and words[first][0][0].isupper())):
            return last, frozenset({name})
    return first, frozenset()


@lru_cache(maxsize=128)
def _lookup(known: frozenset[str]) -> tuple[frozenset[str], dict[str, frozenset[str]], tuple[str, ...]]:
    """The names to be found as words, those by a part of them, and those of scripts without spaces."""
    unspaced = tuple(sorted(name for name in known if _UNSPACED.search(name)))
    parts: dict[str, frozenset[str]] = {}
    for name in known.difference(unspaced):
        for part in name.split():
            if part != name and len(part) >= _SHORTEST_PART and part not in STOP_WORDS:
                parts[part] = parts.get(part, frozenset()) | {name}
    return known.difference(unspaced), parts, unspaced


def _plain(word: str) -> str:
    return _CLITIC.sub("", word).casefold()
