"""How much of a turn only asks: the answer is what the next one says."""

from __future__ import annotations

import re

_MARKS = "?\uff1f\u061f"
_SENTENCE = re.compile("(?<=[.!?\u2026\u3002\uff01\uff1f\u061f])\\s+")
_TAIL = re.compile("[^\\w.!?\u2026\u3002\uff01\uff1f\u061f]+$")  # emoticons, quotation marks, brackets


def asking(text: str) -> float:
    """The part of `text` that is questions, in [0, 1]; 0 if it does not end with one."""
    if not any(mark in text for mark in _MARKS):
        return 0.0
    sentences = [sentence for sentence in _SENTENCE.split(_TAIL.sub("", text)) if sentence]
    if not sentences or not _is_question(sentences[-1]):
        return 0.0
    return sum(len(sentence) for sentence in sentences if _is_question(sentence)) / sum(map(len, sentences))


def _is_question(sentence: str) -> bool:
    return sentence.rstrip(".!\u2026\uff01").endswith(tuple(_MARKS))
