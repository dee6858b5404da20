"""Which messages leave the queue of a chat memory when it grows too long. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def leaving(sizes: Sequence[int], roles: Sequence[str], *, limit: int, step: int) -> list[int]:
    """How many of the oldest messages leave, batch by batch, so that the rest is within the limit.

    Turns leave whole: what stays begins with a person's message, if there is one, and is never empty.

    Args:
        sizes: Tokens of each message.
        roles: Who says it.
        limit: Tokens that may stay.
        step: Tokens that leave at once, at least.
    """
    batches: list[int] = []
    start, total = 0, sum(sizes)
    while total > limit:
        end = _boundary(roles, start, _reach(sizes, start, step))
        if end <= start:
            break
        batches.append(end - start)
        total -= sum(sizes[start:end])
        start = end
    return batches


def _reach(sizes: Sequence[int], start: int, step: int) -> int:
    """The end of a batch by size alone; the last message always stays."""
    end, left = start, step
    while left > 0 and end < len(sizes) - 1:
        left -= sizes[end]
        end += 1
    return end


def _boundary(roles: Sequence[str], start: int, end: int) -> int:
    """The next beginning of a turn, or else the latest."""
    turns = [at for at in range(start, len(roles)) if roles[at] == "user"]
    later = [at for at in turns if at >= end]
    if later:
        return later[0]
    return turns[-1] if turns else end
