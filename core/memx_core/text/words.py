"""Texts to the terms that are searched by: folded, stemmed, stop words dropped.

A query and a memory must come to the same terms, so a word is always treated alike, whatever
text it stands in: no guessing of languages. Scripts decide instead. Latin words lose their
accents and take the English stemmer (harmless to other languages: both sides go through it),
Cyrillic, Greek, Arabic and Devanagari words their own; scripts without spaces become bigrams.
Giving a `language` replaces the stemmer, and must then be given for both sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from unicodedata import normalize

import Stemmer

LONGEST_TERM = 64
"""Longer runs (base64, a held key) are cut: nobody searches for their end."""

# Marks that belong to words and that `\w` leaves out: accents, vowel points and signs, joiners.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0900-\u0963\u0971-\u0df3\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc"
    "\u0ec8-\u0ecd\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u200c\u200d"
)
# Han, kana, Hangul, and the scripts of South-East Asia: written without spaces between words.
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED = f"{_HAN}\u3041-\u30ff\u31f0-\u31ff\u1100-\u11ff\uac00-\ud7af\u0e01-\u0eff\u1000-\u109f\u1780-\u17d3"

_WORD = rf"\w[\w{_MARKS}]*"
_RUN = re.compile(
    rf"(?:(?<![\w.])\.(?=[a-z]))?{_WORD}(?:(?:[.@'&-]|(?<=\d),(?=\d{{3}}(?!\d))){_WORD})*(?:\+\+|[#%](?!\w))?"
)
_PIECE = re.compile(rf"([{_UNSPACED}]+)|[^{_UNSPACED}]+")
_IDEOGRAPH = re.compile(rf"[{_HAN}]")
_ACCENT = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_VOWEL_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
_CLITIC = re.compile("(?:'(?:s|re|ve|ll|d|m)|n't)$")
_ELISION = re.compile("^(?:[cdjlmnst]|(?:lors|puis|jus)?qu)'(?=..)")
_SEPARATOR = re.compile("[@&_'-]+")
_PLAIN_LATIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th"})

_ENGLISH_STOP_WORDS = """
    a about above after again ain't all also am an and any are as at be because been before being below between both
    but by can can't could did do does doing down during each few for from further had has have having he her here hers
    herself him himself his how i if in into is it its itself just let me more most my myself no nor not now of off on
    once only or other our ours ourselves out over own re same shall shan't she should so some such than that the their
    theirs them themselves then there these they this those through to too under until up very was we were what when
    where which while who whom whose why will with won't would you your yours yourself yourselves http https
    www
"""
STOP_WORDS = frozenset(_ENGLISH_STOP_WORDS.split())

_BY_SCRIPT = (
    ("\u0250", "english"),
    ("\u0370", None),
    ("\u0400", "greek"),
    ("\u0530", "russian"),
    ("\u0600", None),
    ("\u0700", "arabic"),
    ("\u0900", None),
    ("\u0980", "hindi"),
)
"""The stemmer of words whose first letter comes before this one."""

_CODES = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
_ALGORITHMS = frozenset(Stemmer.algorithms())


def tokens(text: str, *, language: str | None = None) -> list[str]:
    """The terms of `text`, in order, with repetitions; empty only if it has no words.

    `C++`, `.NET`, `v2.0`, `3.5%` stay whole; `user_id`, `GPT-4`, `node.js` and addresses stay
    whole and give their parts too. English stop words are dropped, unless nothing else is there.

    Args:
        text: Any text.
        language: A Snowball algorithm or its two-letter code. By default the script decides;
            an unknown one switches stemming off.
    """
    folded, algorithm = _folded(text), _algorithm(language)
    pieces = folded.split()  # no run goes beyond a blank
    if algorithm == "":
        terms = list(chain.from_iterable(map(_KNOWN.__getitem__, pieces)))
    else:
        terms = [term for piece in pieces for term in _terms(piece, algorithm)]
    return terms or [run[:LONGEST_TERM] for run in _RUN.findall(folded)]


def _algorithm(language: str | None) -> str | None:
    """Name of the stemmer: empty to let the script decide, `None` for no stemming."""
    if language is None:
        return ""
    name = language.lower()
    name = _CODES.get(re.split("[-_]", name)[0], name)
    return name if name in _ALGORITHMS else None


def _folded(text: str) -> str:
    """`text` without the differences of case, width and vowel points."""
    if not text.isascii():
        text = normalize("NFKC", text.replace("\u2019", "'"))
    text = text.casefold()
    return text if text.isascii() else _VOWEL_POINTS.sub("", normalize("NFKC", text))


class _Known(dict[str, tuple[str, ...]]):
    """The terms of pieces without a blank; texts repeat their words, so they are worth keeping. Thread-safe."""

    def __missing__(self, piece: str) -> tuple[str, ...]:
        plain = piece.isascii() and piece.isalnum() and len(piece) <= LONGEST_TERM
        terms = _word_terms(piece, "") if plain else tuple(_terms(piece, ""))
        if len(piece) <= LONGEST_TERM:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[piece] = terms
        return terms


_MOST_KNOWN = 1 << 15
_KNOWN = _Known()


def _terms(piece: str, algorithm: str | None) -> Iterator[str]:
    """The terms of a piece without a blank."""
    for run in _RUN.findall(piece):
        if len(run) > LONGEST_TERM:
            yield from _split(run)
        elif run.isascii():
            yield from _word_terms(run, algorithm)
        else:
            yield from _split(run, algorithm)


def _split(run: str, algorithm: str | None = "") -> list[str]:
    """The terms of a run that may mix scripts or be very long."""
    terms: list[str] = []
    for piece in _PIECE.finditer(run):
        if piece[1]:
            terms += _bigrams(piece[1])
        elif word := piece[0][:LONGEST_TERM].strip(".@'&-"):
            terms += _word_terms(word, algorithm)
    return terms


def _bigrams(run: str) -> list[str]:
    """Pairs of neighbours; single Han characters too, as many are words of their own."""
    singles = [character for character in run if _IDEOGRAPH.match(character)]
    return [run[i : i + 2] for i in range(len(run) - 1)] + (singles or [run] * (len(run) == 1))


def _word_terms(word: str, algorithm: str | None) -> tuple[str, ...]:
    """A word's stem; a compound as it is and the stems of its parts; nothing for a stop word."""
    word = word.replace(",", "")
    if word not in STOP_WORDS and "'" in word:
        word = _CLITIC.sub("", _ELISION.sub("", word))
    if word in STOP_WORDS:
        return ()
    parts = [] if word.isalnum() else _parts(word)
    if not parts:
        return (_stem(word, algorithm),)
    return (word, *(_stem(part, algorithm) for part in parts if part not in STOP_WORDS))


def _parts(word: str) -> list[str]:
    """What a compound is made of, if its parts mean something by themselves."""
    pieces = [word.rstrip("%")] if word.endswith("%") else _SEPARATOR.split(word)
    parts: list[str] = []
    for piece in pieces:
        dotted = piece.split(".")
        parts += dotted if all(part.isalpha() and len(part) > 1 for part in dotted if part) else [piece]
    return [part for part in parts if part != word and (len(part) > 1 or part.isdigit())]


def _stem(word: str, algorithm: str | None) -> str:
    """The stem, without accents if it is Latin. Stemmers may not be shared by threads: they are made anew."""
    if algorithm == "":
        word = unaccented(word)
        algorithm = next((name for limit, name in _BY_SCRIPT if word < limit), None)
    if algorithm and word.isalpha():
        word = Stemmer.Stemmer(algorithm, 0).stemWord(word)
    return unaccented(word)


def unaccented(word: str) -> str:
    """`word`, case folded, with plain Latin letters; other scripts keep what they have."""
    if word.isascii():
        return word
    return normalize("NFKC", _ACCENT.sub("", normalize("NFKD", word.translate(_PLAIN_LATIN))))
