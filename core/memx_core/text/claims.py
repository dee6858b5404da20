"""What a text commits itself to besides its words: its numbers, and whether it denies.

Two texts that differ in one of these are not the same fact, however near their wording; and a
fact with a number that its source has not is invented.
"""

from __future__ import annotations

import re
from unicodedata import decimal, normalize

_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth",
)
_UNITS = {word: value for words in _WORDS for value, word in enumerate(words.split())}
_TENS_STEMS = ("twent", "thirt", "fort", "fift", "sixt", "sevent", "eight", "ninet")
_TENS = {stem + end: 10 * value for value, stem in enumerate(_TENS_STEMS, start=2) for end in ("y", "ieth")}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SINGLES = {**_UNITS, **_SCALES, "dozen": 12, "twice": 2}
del _SINGLES["second"]  # "a second" is a time, or another one
_AFTER_TENS = [word for word, value in _UNITS.items() if 0 < value < 10]


def _any(words: list[str] | dict[str, int]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_NUMBER = re.compile(
    r"(?P<sign>(?<![\w.)])-|\bminus\s)?(?:"
    r"(?P<digits>\d+(?:,\d{3}(?!\d))*(?:\.\d+)*)(?P<kilo>k\b)?"
    rf"|\b(?P<tens>{_any(_TENS)})(?:[ -](?P<unit>{_any(_AFTER_TENS)}))?\b"
    rf"|\b(?P<single>{_any(_SINGLES)})\b"
    rf")(?:[ -](?P<scale>{_any(_SCALES)})\b)?"
)


def numbers(text: str) -> frozenset[str]:
    """The numbers in `text`, each in one notation: `1,200`, `1.2k` and "twelve hundred" are `1200`.

    Reads digits of every script, and English number words and ordinals. A date gives its parts
    (`2023-05-07`: `2023`, `5`, `7`). "One" and "first" are `1` even where they count nothing, so
    a `1` proves little.
    """
    plain = normalize("NFKC", text).lower().replace("\u2212", "-")
    if not plain.isascii():
        plain = "".join(map(_plain_digit, plain))
    return frozenset(map(_value, _NUMBER.finditer(plain)))


def _plain_digit(character: str) -> str:
    value = None if character.isascii() else decimal(character, None)
    return character if value is None else str(value)


def _value(match: re.Match[str]) -> str:
    """One number as digits, without leading zeros and empty decimals."""
    digits = (match["digits"] or _spoken(match)).replace(",", "").lstrip("0") or "0"
    if digits.count(".") < 2:
        digits = _scaled(digits, _SCALES.get(match["scale"] or "", 1) * (1000 if match["kilo"] else 1))
    return f"-{digits}" if match["sign"] else digits


def _spoken(match: re.Match[str]) -> str:
    if match["single"]:
        return str(_SINGLES[match["single"]])
    return str(_TENS[match["tens"]] + _UNITS.get(match["unit"] or "", 0))


def _scaled(digits: str, scale: int) -> str:
    """`digits` (with at most one point) times a power of ten: exact, however many there are."""
    zeros = len(str(scale)) - 1
    whole, _, fraction = digits.partition(".")
    fraction = fraction.ljust(zeros, "0")
    whole = (whole + fraction[:zeros]).lstrip("0") or "0"
    rest = fraction[zeros:].rstrip("0")
    return f"{whole}.{rest}" if rest else whole


_NEGATION = re.compile(
    # English
    r"\bnot\b(?!\s+only)|(?<=\w)n't\b|\bcan(?:no|')?t\b|\b(?:dont|never|none|nobody|nothing|nowhere|neither|nor|without)\b"
    # English and Spanish: "No, thanks" answers and denies nothing
    r"|\bno(?=\s+\w)"
    # other Latin scripts
    r"|\b(?:nicht|kein\w*|nie|niemals|niemand|ohne|n'\w+|pas|jamais|sans|aucune?|nunca|jam[aá]s|tampoco|non|senza|n[aã]o"
    r"|niet|geen|nooit|zonder|inte|aldrig|ikke|aldri|de[gğ]il)\b"
    # Cyrillic, Arabic, Hebrew, Hindi
    r"|\b(?:не|нет|никогда|без|ні|ніколи|لا|ليس|ليست|لست|لم|لن|לא|אין|בלי)\b|नहीं"
    # Chinese, Japanese, Korean
    r"|不(?![错錯但仅僅])|没|沒|未(?![来來])|ない|ません|なかった|않|못|없"
)


def negated(text: str) -> bool:
    """Whether something in `text` is denied; knows the negations of the larger languages."""
    return _NEGATION.search(normalize("NFKC", text).casefold().replace("\u2019", "'")) is not None
