"""When two texts say the same: a normal form that keeps every difference that matters.

Case, width, spacing, quotes, invisible characters and the punctuation around words do not
matter. Signs, digits, symbols and negations do: `C++` is not `C`, and `-5` is not `5`.
"""

from __future__ import annotations

import re
from hashlib import sha256
from unicodedata import normalize

# Zero-width and bidirectional controls, the soft hyphen, variation selectors: nobody sees them.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u02bc`\u00b4"
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u300c\u300d\u300e\u300f"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\uff0d"
_UNIFIED = {ord(sign): plain for signs, plain in ((_SINGLE, "'"), (_DOUBLE, '"'), (_DASHES, "-")) for sign in signs}

_STOPS = ".,;:!?\u3001\u3002\u0964\u060c\u061b\u061f\u06d4"
_AFTER_WORDS = re.compile(rf"(?<![{_STOPS}])[{_STOPS}]++(?=\s|$)")
_BEFORE_TEXT = re.compile(r"^(?:[-*\u2022]\s+|[,;:!?\u3001\u3002]+|\.(?![^\W_])|\s+)+")
_AROUND = re.compile(r"""^(?:"([^"]+)"|'([^']+)'|\(([^()]+)\)|\[([^][]+)\]|\*{1,3}([^*]+)\*{1,3})$""")


def flattened(text: str) -> str:
    """`text` in one line, with single spaces: what is embedded, so that every embedder sees the same of it."""
    return " ".join(text.split())


def normal_form(text: str) -> str:
    """What is left of `text` when everything that does not change its meaning is gone.

    Applying it again changes nothing. Only a blank text has an empty one.
    """
    form = _folded(text)
    while (trimmed := _folded(_trimmed(form))) != form and trimmed:
        form = trimmed
    return form


def fingerprint(text: str) -> str:
    """SHA-256 (hexadecimal) of the normal form: texts that share it are one memory."""
    return sha256(normal_form(text).encode("utf-8", "surrogatepass")).hexdigest()


def _folded(text: str) -> str:
    """One case, one width, one kind of quote and dash, single spaces."""
    if text.isascii():
        return " ".join(text.replace("`", "'").lower().split())
    text = normalize("NFKC", normalize("NFKC", _INVISIBLE.sub("", text)).casefold())
    return " ".join(text.translate(_UNIFIED).casefold().split())


def _trimmed(text: str) -> str:
    """`text` without the punctuation around it and after its words."""
    text = _BEFORE_TEXT.sub("", _AFTER_WORDS.sub("", text))
    around = _AROUND.match(text)
    return around[around.lastindex or 0] if around else text
