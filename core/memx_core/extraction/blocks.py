"""Text of strangers as data in a prompt: JSON lines in a named block that nothing in them can end.

In a JSON string no line can begin and no quote can end it; `<` is escaped too, so neither a
block nor a chat template's turn (`<|im_start|>`) can be opened or closed from within.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

# `<`; the turn marks of templates that write them in square brackets; line ends of Unicode; lone
# surrogates, which no provider can send; and characters that hide text from whoever reads along.
_ESCAPED = re.compile(
    r"<|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])"
    "|[\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)


def block(name: str, rows: Iterable[str | Mapping[str, object]]) -> str:
    """`rows` between `<name>` and `</name>`, one JSON value a line; empty fields are left out."""
    return "\n".join((f"<{name}>", *map(encoded, rows), f"</{name}>"))


def encoded(value: str | Mapping[str, object]) -> str:
    """`value` as one line of JSON without `<`; other languages stay readable."""
    if not isinstance(value, str):
        value = {key: field for key, field in value.items() if field not in (None, "")}
    return _ESCAPED.sub(_escape, json.dumps(value, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
