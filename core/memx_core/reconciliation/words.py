"""Words that were said, to be asked for a name or a language in whatever form it was written."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from memx_core.text.words import unaccented

_WORD = re.compile(r"[^\W_]+")
_DEMONYM = re.compile(r"(?:[ei]?an|ish|ese|i|ic)s?$")
_COUNTRIES = {
    "french": "france", "dutch": "netherlands", "spanish": "spain", "danish": "denmark", "polish": "poland",
    "irish": "ireland", "swiss": "switzerland", "welsh": "wales", "english": "england", "american": "usa",
}  # fmt: skip
# Words that are frequent in one language and rare in others.
_OF_ENGLISH = """
    the and my is of with it you have i am to was for at this that we are just but so has lives likes works had been
    will don can
"""
_OF_OTHERS = """
    der das und ich nicht ist mein meine eine wir les une est je suis des mon nous el los las una con soy mis por vivo
    een het niet ik mijn och jag att inte og jeg ikke eu um uma meu sou il sono che mia della nie jest mam moja
"""
_ENGLISH, _FOREIGN = frozenset(_OF_ENGLISH.split()), frozenset(_OF_OTHERS.split())
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_OTHER_LETTER = re.compile("[^\\W\\d_A-Za-z\u00c0-\u024f]")


class Words:
    """The words of some texts, without case and accents."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._words = frozenset(word for each in texts for word in _WORD.findall(unaccented(each.casefold())))
        self._sorted = sorted(self._words)

    def has(self, word: str) -> bool:
        """Whether exactly this word is among them."""
        return unaccented(word.casefold()) in self._words

    def mention(self, name: str) -> bool:
        """Whether a word is `name`, give or take its ending: `Moskvu` mentions `Moskva`, `Italy` an Italian."""
        return all(map(self._mention, _WORD.findall(unaccented(name.casefold()))))

    def _mention(self, word: str) -> bool:
        beginning = word if len(word) < 5 else word[: max(4, len(word) - 2)]
        if self._has_beginning(beginning) or _COUNTRIES.get(word, "") in self._words:
            return True
        return len(word) > 5 and _DEMONYM.search(word) is not None and self._has_beginning(word[:4])

    def _has_beginning(self, beginning: str) -> bool:
        at = bisect_left(self._sorted, beginning)
        return at < len(self._sorted) and self._sorted[at].startswith(beginning)


def is_english(text: str) -> bool:
    """Whether a text may be English: it is not plainly another language."""
    sample = text[:4000]
    if len(_OTHER_LETTER.findall(sample)) > len(_LATIN.findall(sample)):
        return False
    words = set(_WORD.findall(sample.casefold()))
    return len(words & _FOREIGN) <= len(words & _ENGLISH)
