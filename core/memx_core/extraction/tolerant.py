"""A JSON reader for what language models write: forgiving in form, strict about the end.

Comments, trailing commas, single and curly quotes, unescaped quotes and line breaks in strings,
bare keys, Python's words and tuples are read. What the end of the text broke off is read as
`CutObject`, `CutList` or `CutText`, and so is everything around it: nobody can take a half for
a whole. Nothing is evaluated; depth and work are bounded whatever the text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TypeAlias, cast

DEEPEST = 48
"""Values nested deeper are not read."""
MOST_STEPS = 300_000
"""What one reader does at most: values, and stops within strings."""


class CutObject(dict[str, object]):
    """An object that the text ends in, with what of it was complete."""


class CutList(list[object]):
    """A list that the text ends in, with what of it was complete."""


class CutText(str):
    """A string that the text ends in."""

    __slots__ = ()


class MalformedError(Exception):
    """No value, and not because the text ended."""


Cut: TypeAlias = CutObject | CutList | CutText


_IGNORED = re.compile(r"(?:[\s\ufeff\u200b\u2060\x00]+|//[^\n]*|#[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))*+")
_NUMBER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_WORD = re.compile(r"[-+]?[^\W\d][\w-]*")
_TAIL = re.compile(r"[\w.+-]*+\s*\Z")  # It might have gone on.
_ESCAPE = re.compile(r"u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|U([0-9a-fA-F]{8})|(.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\n": ""}
_NOTHING = ("null", "none", "nan", "undefined", "infinity", "-infinity", "+infinity", "inf", "-inf", "-nan")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, **dict.fromkeys(_NOTHING)}
_CLOSERS = {
    '"': '"',
    "'": "'",
    "\u201c": "\u201c\u201d\u201f",
    "\u201d": "\u201c\u201d",
    "\u201e": "\u201c\u201d",
    "\u2018": "\u2018\u2019",
    "\u2019": "\u2018\u2019",
    "\u00ab": "\u00bb",
}
"""What may close a string that the key opens."""
_STOPS = {quotes: re.compile(rf"[^\\{quotes}]*+") for quotes in _CLOSERS.values()}
_AFTER_TEXT = re.compile(r"\s*(?:[,:\]}()]|//|/\*|\Z)|\s+(?=[\"'{\[#])")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Reader:
    """Reads values out of one text; `position` is where the last one ended."""

    def __init__(self, text: str) -> None:
        self.position = 0
        self._text = text
        self._steps = 0
        self._depth = 0

    def value_at(self, start: int) -> object:
        """The value that begins at `start`.

        Raises:
            MalformedError: If none does.
        """
        self.position, self._depth = start, 0
        return self._value()

    def _value(self, *, loose: bool = False) -> object:
        """The next value; with `loose` it may be a word without quotes."""
        self._step()
        opener = self._peek()
        if opener == "{":
            return self._object()
        if opener in ("[", "("):
            return self._list("]" if opener == "[" else ")")
        if opener in _CLOSERS:
            return self._string(_CLOSERS[opener])
        return self._bare(loose=loose)

    def _peek(self) -> str:
        """The next character that means something; empty at the end."""
        ignored = _IGNORED.match(self._text, self.position)
        self.position = ignored.end() if ignored else self.position
        return self._text[self.position : self.position + 1]

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS or self._depth > DEEPEST:
            raise MalformedError

    def _object(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for _ in self._members():
            key = self._key()
            if not isinstance(key, CutText) and self._peek() == ":":
                self.position += 1
                value = self._value(loose=True) if self._peek() else CutText()
                join(found, key, value)
                if isinstance(value, Cut):
                    return CutObject(found)
            elif self._peek():
                raise MalformedError
        return found if self._close("}") else CutObject(found)

    def _list(self, closer: str) -> list[object]:
        found: list[object] = []
        for _ in self._members():
            found.append(self._value())
            if isinstance(found[-1], Cut):
                return CutList(found)
        return found if self._close(closer) else CutList(found)

    def _members(self) -> Iterator[None]:
        """Once for every member of the container that opens here, up to its end or the text's."""
        self.position += 1
        self._depth += 1
        while (character := self._peek()) and character not in ("}", "]", ")"):
            if character == ",":
                self.position += 1
                self._step()
            else:
                yield
        self._depth -= 1

    def _close(self, closer: str) -> bool:
        """Whether the container is closed; another one's closer is left for that one."""
        found = self._peek()
        self.position += found == closer
        return bool(found)

    def _key(self) -> str:
        opener = self._peek()
        if opener in _CLOSERS:
            return self._string(_CLOSERS[opener])
        word = _WORD.match(self._text, self.position) or _NUMBER.match(self._text, self.position)
        if not word:
            raise MalformedError
        self.position = word.end()
        return word[0]

    def _bare(self, *, loose: bool) -> object:
        """A number, one of the known words, or with `loose` any word."""
        if tail := _TAIL.match(self._text, self.position):
            self.position = tail.end()
            return CutText(tail[0])
        match = _WORD.match(self._text, self.position) or _NUMBER.match(self._text, self.position)
        if not match:
            raise MalformedError
        self.position = match.end()
        following = self._peek()
        value = _bare_value(match[0])
        if following not in (",", "}", "]", ")", "") or (isinstance(value, str) and not loose):
            raise MalformedError
        return value

    def _string(self, closers: str) -> str:
        """A string up to the closing quote: the first one that a separator or the end follows."""
        self.position += 1
        parts: list[str] = []
        while run := _STOPS[closers].match(self._text, self.position):
            self._step()
            parts.append(run[0])
            self.position = run.end()
            stop = self._text[self.position : self.position + 1]
            if not stop:
                break
            self.position += 1
            if stop == "\\":
                parts.append(self._escape())
            elif _AFTER_TEXT.match(self._text, self.position):
                return _paired("".join(parts))
            else:
                parts.append(stop)
        return CutText(_paired("".join(parts)))

    def _escape(self) -> str:
        match = _ESCAPE.match(self._text, self.position)
        if not match:
            return ""
        self.position = match.end()
        code = match[1] or match[2] or match[3]
        if code:
            return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else "\ufffd"
        return _ESCAPED.get(match[4], match[4])


def join(found: dict[str, object], key: str, value: object) -> None:
    """Puts `value` under `key`; two lists under one key are joined, otherwise the last holds."""
    before = found.get(key)
    if isinstance(before, list) and isinstance(value, list):
        both = [*cast("list[object]", before), *cast("list[object]", value)]
        found[key] = CutList(both) if isinstance(value, CutList) else both
    else:
        found[key] = value


def _bare_value(word: str) -> object:
    if not word.lstrip("-+.")[:1].isdigit():
        return _WORDS.get(word.lower(), word)
    digits = word.replace("_", "")
    if digits.lstrip("+-").isdigit() and len(digits) < 19:
        return int(digits)
    try:
        number = float(digits)
    except ValueError:
        return word
    return number if math.isfinite(number) else None


def _paired(text: str) -> str:
    """`text` with escaped surrogate pairs as the characters they mean, and no lone halves."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
