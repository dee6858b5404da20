"""Words, sizes and sameness of texts, for every part that compares or counts them. Pure.

All of it works on any script and any garbage: a lone surrogate, a NUL or ten megabytes without
a space are texts like others.
"""

from __future__ import annotations

from memx_core.text.asking import asking
from memx_core.text.claims import negated, numbers
from memx_core.text.forms import fingerprint, flattened, normal_form
from memx_core.text.names import mentioned, names
from memx_core.text.references import reference, without_bytes
from memx_core.text.sizes import estimate_tokens
from memx_core.text.words import STOP_WORDS, tokens

__all__ = [
    "STOP_WORDS",
    "asking",
    "estimate_tokens",
    "fingerprint",
    "flattened",
    "mentioned",
    "names",
    "negated",
    "normal_form",
    "numbers",
    "reference",
    "tokens",
    "without_bytes",
]
