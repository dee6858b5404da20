"""How turns are written for systems that know only texts: as memx writes them, date and speaker first."""

from __future__ import annotations

from benchmarks.retrieval.cases import Turn
from memx_core.time import describe_day


def searched(turn: Turn) -> str:
    """What is embedded and searched."""
    return f"{turn.speaker}: {turn.text}" if turn.speaker else turn.text


def shown(turn: Turn, text: str | None = None) -> str:
    """What stands in a prompt: the turn, or a fact that it brought."""
    day = f"[{describe_day(turn.said_at)}] " if turn.said_at else ""
    return f"{day}{searched(turn) if text is None else text}"
