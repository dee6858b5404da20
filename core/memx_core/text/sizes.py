"""How many tokens a model will make of a text, without its tokenizer.

Weights were fitted to the o200k vocabulary on chat text in twenty languages and rounded up:
a budget that is counted with them is kept, rarely by more than a third. Noise (random
letters, rare scripts) can cost a model more than is estimated here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_ACCENTED = "\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff"
# What a run is called, what it matches, its least cost in tokens, and how its length adds to
# that: (characters - free) / characters per token.
_CLASSES = (
    ("accented", f"[A-Za-z]{{0,24}}+[{_ACCENTED}][A-Za-z{_ACCENTED}]*", 1.0, 0, 2.9),
    ("word", "[A-Z]?[a-z]+", 1.0, 3, 4.5),
    ("capitals", "[A-Z]+", 1.0, 0, 2.6),
    ("digits", "[0-9]{1,3}", 1.0, 0, 3.0),
    ("gapped", "[ ][0-9]{1,3}", 2.0, 0, 3.0),
    ("blank", r"[ \t\r\n]+", 0.0, 0, 24.0),
    ("marks", r"[!-/:-@\[-`{-~]{1,3}", 1.0, 0, 2.0),
    ("cyrillic", "[\u0400-\u052f]+", 1.0, 0, 3.6),
    ("greek", "[\u0370-\u03ff\u1f00-\u1fff]+", 1.0, 0, 2.3),
    ("hebrew", "[\u0590-\u05ff]+", 1.0, 0, 2.2),
    ("arabic", "[\u0600-\u07ff\u08a0-\u08ff]+", 1.0, 0, 3.0),
    ("indic", "[\u0900-\u0dff\u10a0-\u10ff]+", 1.0, 0, 2.7),
    ("asian", "[\u0e00-\u109f\u1780-\u17ff]+", 1.0, 0, 2.1),
    ("han", "[\u2e80-\u2fff\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\uff00-\uff65]+", 1.0, 0, 1.1),
    ("kana", "[\u3041-\u30ff\uff66-\uff9f\u1100-\u11ff\uac00-\ud7af]+", 1.0, 0, 1.3),
    ("typography", "[\u00a0-\u00bf\u2010-\u2027\u3000-\u3004\u3008-\u3020]", 1.0, 0, 1.0),
    ("other", "(?s:.)", 2.0, 0, 1.0),
)
_TOKEN = 1_000_000
"""Parts of a token that are counted: whole numbers add up the same in any order."""
_REMEMBERED, _LONGEST = 16_384, 32  # runs, and characters of one: some 2 MB
_SHORT = 65_536  # characters


class _Scale(dict[str, int]):
    """What the runs of some classes weigh. Those met lately are remembered: texts are made of the same words."""

    def __init__(self, classes: Sequence[tuple[str, str, float, int, float]]) -> None:
        super().__init__()
        self._runs = re.compile("|".join(pattern for _, pattern, *_ in classes))
        self._class = re.compile("|".join(f"({pattern})" for _, pattern, *_ in classes)).match
        self._costs = [(int(least * _TOKEN), free, int(_TOKEN / per_token)) for _, _, least, free, per_token in classes]

    def __missing__(self, run: str) -> int:
        found = self._class(run)
        least, free, each = self._costs[((found and found.lastindex) or 0) - 1]
        cost = max(least, (len(run) - free) * each)
        if len(run) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[run] = cost
        return cost

    def weight(self, text: str) -> int:
        """What all runs of `text` weigh together."""
        # All at once is twice as fast, but takes many times the room that the text does.
        whole = len(text) <= _SHORT
        found: Iterable[str] = self._runs.findall(text) if whole else (run[0] for run in self._runs.finditer(text))
        return sum(map(self.__getitem__, found))


_ASCII = frozenset({"word", "capitals", "digits", "gapped", "blank", "marks", "other"})
_ANY_SCALE = _Scale(_CLASSES)
_ASCII_SCALE = _Scale([each for each in _CLASSES if each[0] in _ASCII])  # what most texts are made of: fewer to try


def estimate_tokens(text: str) -> int:
    """Tokens that `text` will cost a model, on the high side; 0 only for an empty text."""
    return whole_tokens(weight(text))


def weight(text: str) -> int:
    """What `text` weighs; lines, each with its line break, weigh together what their text does."""
    return (_ASCII_SCALE if text.isascii() else _ANY_SCALE).weight(text)


def whole_tokens(weight: int) -> int:
    """As many tokens as weigh that much, begun ones included."""
    return -(-weight // _TOKEN)


def heaviest(tokens: int) -> int:
    """The most that a text of `tokens` can weigh."""
    return tokens * _TOKEN
