"""Names in a query: they tell whose memories are wanted, and blur what is wanted of them.

Everything said by Rosa is near to "What does Rosa like?". So a known name becomes a boost for
what its bearer said or is about, and the query is embedded without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from memx_core.text import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
_CLITIC = re.compile(r"['\u2019]s?$")
_UNSPACED = re.compile("[\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e01-\u0eff]")
_SHORTEST_PART = 3


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
    plain = [_plain(word[0]) for word in words]
    capital = [word[0][0].isupper() for word in words]
    lower = not any(capital)
    names = _lookup(known)
    spans = [(match.start(), match.end()) for name in names.unspaced for match in re.finditer(re.escape(name), query)]
    found = {name for name in names.unspaced if name in query}
    first = 0
    while first < len(words):
        length, named = names.at(plain, first, sure=capital[first] and first > 0)
        if not named and (capital[first] or lower):
            named = names.parts.get(plain[first], named)
        if named:
            found |= named
            spans.append((words[first].start(), words[first + length - 1].end()))
        first += length
    return spans, found


@dataclass(frozen=True, slots=True)
class _Names:
    """Names by what they are recognised by.

    Attributes:
        whole: By their first word, longest first: their words, and the name.
        parts: By one of several words.
        unspaced: Those of scripts without spaces, anywhere in a text.
    """

    whole: dict[str, list[tuple[list[str], str]]]
    parts: dict[str, frozenset[str]]
    unspaced: tuple[str, ...]

    def at(self, words: list[str], first: int, *, sure: bool) -> tuple[int, frozenset[str]]:
        """Length in words of the longest name that begins at `first` (1 if none does), and that name."""
        for own, name in self.whole.get(words[first], ()):
            if words[first : first + len(own)] == own and (sure or name not in STOP_WORDS):
                return len(own), frozenset({name})
        return 1, frozenset()


@lru_cache(maxsize=128)
def _lookup(known: frozenset[str]) -> _Names:
    names = _Names({}, {}, tuple(sorted(name for name in known if _UNSPACED.search(name))))
    for name in sorted(known.difference(names.unspaced), key=lambda name: (-len(name), name)):
        words = [_plain(word) for word in _WORD.findall(name)]
        if words:
            names.whole.setdefault(words[0], []).append((words, name))
        for part in words if len(words) > 1 else ():
            if len(part) >= _SHORTEST_PART and part not in STOP_WORDS:
                names.parts[part] = names.parts.get(part, frozenset()) | {name}
    return names


def _plain(word: str) -> str:
    return _CLITIC.sub("", word).casefold().replace("\u2019", "'")
