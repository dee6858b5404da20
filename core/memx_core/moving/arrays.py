"""A JSON array, element by element: of a large file only one element is held at a time."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from memx_core.errors import InvalidInputError

_CHUNK = 1 << 16
_LONGEST = 500_000_000
_BLANK = " \t\r\n"
_ENDS = re.compile(r"[ \t\r\n]*[],]")


def elements(file: BinaryIO) -> Iterator[Any]:
    """The elements of the array that the file holds.

    Raises:
        InvalidInputError: If it holds something else, or is damaged.
    """
    text = _Text(file)
    if text.after_blanks() != "[":
        raise InvalidInputError("the file holds no JSON list")
    text.skip()
    if text.after_blanks() == "]":
        return
    count = 0
    while True:
        count += 1
        yield text.value(count)
        sign = text.after_blanks()
        text.skip()
        if sign == "]":
            return
        if sign != ",":
            raise InvalidInputError(f"the file is damaged behind element {count} of its list")


class _Text:
    """The file's text, read as far as needed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder = json.JSONDecoder()
        self._held = ""
        self._at = 0
        self._ended = False

    def after_blanks(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._held):
                return self._held[self._at]
            if self._ended:
                return ""
            self._more(_CHUNK)

    def skip(self) -> None:
        """Passes over one character."""
        self._at += 1

    def value(self, count: int) -> Any:  # noqa: ANN401  # any JSON
        """The next value, element number `count`."""
        self.after_blanks()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
            except (json.JSONDecodeError, RecursionError) as error:
                if self._ended or isinstance(error, RecursionError) or len(self._held) > _LONGEST:
                    raise InvalidInputError(f"element {count} of the file's list is damaged") from None
                self._more(max(_CHUNK, len(self._held)))  # twice as much each time, so that little is read again
                continue
            if self._ended or _ENDS.match(self._held, end):
                self._at = end
                return value
            self._more(max(_CHUNK, len(self._held)))  # what was read of a number may go on

    def _more(self, size: int) -> None:
        raw = self._file.read(size)
        self._ended = not raw
        try:
            text = self._decode.decode(raw, final=not raw)
        except UnicodeDecodeError:
            raise InvalidInputError("the file is not UTF-8") from None
        self._held, self._at = self._held[self._at :] + text, 0
