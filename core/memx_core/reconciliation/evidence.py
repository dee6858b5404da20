"""Where an operation comes from: the messages that it rests on, and the very words in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from memx_core.reconciliation.sources import Sources
from memx_core.text import normal_form, tokens
from memx_core.types import Evidence, ProposedOperation

LONGEST_QUOTE = 1000
"""Characters kept of a quote; the message itself is kept whole elsewhere."""

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = "\u0e00"
"""From here on scripts are written without spaces: a quote may begin within what looks like a word."""


def gather(operation: ProposedOperation, sources: Sources) -> tuple[Evidence, ...]:
    """What `operation` rests on; empty only if nobody said anything.

    The quote decides, wherever it is found. Then the messages that were named; then whichever
    says most of the same words.
    """
    named = [position for position in dict.fromkeys(operation.messages) if position in sources.heard]
    quoted = _quoting(operation.quote, named, sources) or _quoting(operation.quote, _users_first(sources), sources)[:1]
    found = {evidence.message for evidence in quoted}
    if not quoted or found & set(named):
        quoted = [*quoted, *(_whole(position, sources) for position in named if position not in found)]
    if not quoted and (nearest := _nearest(operation.text, sources)) is not None:
        quoted = [_whole(nearest, sources)]
    return tuple(quoted)


def is_misquoted(operation: ProposedOperation, sources: Sources) -> bool:
    """Whether it gives a quote that nobody said, neither in the messages nor before them."""
    said = (turn.content for turn in sources.turns)
    return bool(normal_form(operation.quote)) and not any(_has(content, operation.quote) for content in said)


def is_made_up(operation: ProposedOperation, sources: Sources) -> bool:
    """Whether neither its text nor its quote shares a single term with what was said."""
    claimed = {*tokens(operation.text), *tokens(operation.quote)}
    return claimed.isdisjoint(term for turn in sources.turns for term in tokens(turn.content))


def asked_for(operation: ProposedOperation, sources: Sources) -> Evidence | None:
    """The quote of `operation` in a message of the user, if it is literally there."""
    users = [position for position in sources.heard if sources.messages[position].role == "user"]
    return next(iter(_quoting(operation.quote, users, sources)), None)


def latest(evidence: Iterable[Evidence], sources: Sources) -> datetime | None:
    """When the last of it was said."""
    times = (sources.messages[item.message].timestamp for item in evidence)
    return max((at for at in times if at), default=None)


def joined(*several: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """All of it, in order, each once."""
    return tuple(dict.fromkeys(item for evidence in several for item in evidence))


def locate(quote: str, content: str) -> tuple[int, int] | None:
    """Where the words of `quote` stand in `content`, give or take case, spaces and punctuation."""
    words = _WORD.findall(quote[:LONGEST_QUOTE])
    if not words:
        return None
    before = "" if words[0][0] >= _UNSPACED else r"(?<![^\W_])"
    after = "" if words[-1][-1] >= _UNSPACED else r"(?![^\W_])"
    pattern = before + r"[\W_]+".join(map(re.escape, words)) + after
    match = re.search(pattern, content, re.IGNORECASE)
    return match.span() if match else None


def _has(content: str, quote: str) -> bool:
    return locate(quote, content) is not None or _has_form(content, quote)


def _has_form(content: str, quote: str) -> bool:
    """Whether `content` has the words of `quote`, written otherwise."""
    form = normal_form(quote)
    return len(form) > 3 and form in normal_form(content)


def _quoting(quote: str, positions: Iterable[int], sources: Sources) -> list[Evidence]:
    """The messages among `positions` that have `quote` in them."""
    found: list[Evidence] = []
    for position in positions if quote else ():
        content = sources.messages[position].content
        if span := locate(quote, content):
            found.append(Evidence(position, content[slice(*span)], span[0]))
        elif _has_form(content, quote):
            found.append(_whole(position, sources))
    return found


def _users_first(sources: Sources) -> list[int]:
    return sorted(sources.heard, key=lambda position: sources.messages[position].role != "user")


def _nearest(said: str, sources: Sources) -> int | None:
    """The message that shares most terms with `said`; of equal ones the user's, and the first."""
    terms = set(tokens(said))
    return max(_users_first(sources), key=lambda position: len(terms & sources.terms(position)), default=None)


def _whole(position: int, sources: Sources) -> Evidence:
    return Evidence(position, sources.messages[position].content[:LONGEST_QUOTE], -1)
