"""Where an answerer's context comes from: memx, everything that was said, nothing, or a system of `retrieval`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from langchain_core.language_models import BaseChatModel

from benchmarks.live.journal import Journal
from benchmarks.live.models import CHATS, Counting
from benchmarks.retrieval.cases import Turn
from benchmarks.retrieval.systems import NAMES, Context
from langchain_memx import LangChainLLM
from memx_core import ExtractionError, Memory, Message
from memx_core.text import estimate_tokens
from memx_core.time import describe_day

MEMX, FULL, NOTHING = "memx", "full-context", "no-memory"
USUAL = (MEMX, FULL, NOTHING)
ALL = (*USUAL, *NAMES)
_USER = "user"
_PIECE = 1_000
"""Tokens of a session that are learned from together, as memx's own queue takes them."""


def needed(names: Sequence[str]) -> Sequence[str]:
    """The chat models that rows of these names take."""
    return CHATS if MEMX in names else CHATS[1:]


class Row(Protocol):
    """Knows one conversation."""

    def add(self, turns: Sequence[Turn]) -> None:
        """Takes in the turns."""
        ...

    def recall(self, query: str, max_tokens: int) -> Context:
        """What the answerer is given."""
        ...

    def close(self) -> None:
        """Gives back what it holds."""
        ...


class Memx:
    """A memory that a model extracts for, in a database that outlives the run.

    Each piece of a session is one `add`, whose key is its place: a run that goes on learns from no
    piece again.

    Args:
        model: The extractor.
        embedder: Whose vectors are used.
        database: Where it is kept.
        now: What time it is for the memory, when the questions are asked.
        journal: Where each piece is noted when it has been learned from.
        key: Before the journal's keys.

    Raises:
        SystemExit: If the journal says that the database was filled, and it is gone.
    """

    def __init__(
        self,
        model: BaseChatModel,
        embedder: Counting,
        database: Path,
        *,
        now: datetime | None,
        journal: Journal,
        key: str,
    ) -> None:
        if journal.find(f"{key}/piece/0") and not database.exists():
            raise SystemExit(f"{database} is gone, though its journal says that it was filled: begin another journal")
        database.parent.mkdir(parents=True, exist_ok=True)
        clock = None if now is None else lambda: now
        self._memory = Memory(LangChainLLM(model), embedder, database, background=False, clock=clock)
        self._embedder, self._journal, self._key = embedder, journal, key
        self._noted: list[Mapping[str, Any]] = []

    def add(self, turns: Sequence[Turn]) -> None:
        """Learns from what was not learned from yet.

        Where a model's answer is unusable, the turns are kept and nothing is learned from them.
        Whatever a provider raises passes through; the next run goes on there.
        """
        for number, piece in enumerate(pieces(turns)):
            key = f"{self._key}/piece/{number}"
            self._noted.append(self._journal.find(key) or self._note(key, piece))

    def _note(self, key: str, piece: Sequence[Turn]) -> Mapping[str, Any]:
        begun, embedded = time.monotonic(), self._embedder.tokens
        learned = self._learn(key, piece)
        spent = {"seconds": time.monotonic() - begun, "embedded_tokens": self._embedder.tokens - embedded}
        return self._journal.write(key, learned=learned, **spent)

    def _learn(self, key: str, piece: Sequence[Turn]) -> bool:
        said = [Message(turn.role, turn.text, name=turn.speaker, timestamp=turn.said_at, id=turn.id) for turn in piece]
        try:
            added = self._memory.add(said, user_id=_USER, session_id=piece[0].session, key=key)
            if added.status == "queued":  # kept by an earlier run, whose provider failed
                self._memory.flush(user_id=_USER)
        except ExtractionError:
            return False
        return True

    def spent(self) -> Mapping[str, float]:
        """What taking in has cost, over all runs; `lost` are the pieces that nothing was learned from."""
        usage = self._memory.usage(user_id=_USER)
        return {
            "calls": usage.calls,
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "lost": sum(not one["learned"] for one in self._noted),
            **{name: sum(one[name] for one in self._noted) for name in ("seconds", "embedded_tokens")},
        }

    def recall(self, query: str, max_tokens: int) -> Context:
        """`Memory.recall`."""
        return Context(str(self._memory.recall(query, user_id=_USER, max_tokens=max_tokens)), frozenset())

    def close(self) -> None:
        """Closes the memory; its database stays."""
        self._memory.close()


def pieces(turns: Sequence[Turn]) -> Iterator[Sequence[Turn]]:
    """Turns of one session that are together no longer than a piece, unless one alone is."""
    for _, session in groupby(turns, key=lambda turn: turn.session):
        piece: list[Turn] = []
        size = 0
        for turn in session:
            tokens = estimate_tokens(turn.text)
            if piece and size + tokens > _PIECE:
                yield piece
                piece, size = [], 0
            piece.append(turn)
            size += tokens
        yield piece


class Everything:
    """All that was said, oldest first.

    Args:
        window: Tokens of it at most, the newest; `None` for no limit.
    """

    def __init__(self, window: int | None) -> None:
        self._window = window
        self._turns: Sequence[Turn] = ()

    def add(self, turns: Sequence[Turn]) -> None:
        """Keeps them."""
        self._turns = turns

    def recall(self, query: str, max_tokens: int) -> Context:
        """All of it, whatever is asked."""
        lines = [f"{turn.speaker or turn.role}: {turn.text}" for turn in self._turns]
        first = len(lines)
        room = self._window
        while first and (room is None or (room := room - estimate_tokens(lines[first - 1] + "\n")) >= 0):
            first -= 1
        kept = list(zip(self._turns, lines, strict=True))[first:]
        sessions = groupby(kept, key=lambda one: (one[0].session, one[0].said_at))
        said = ("\n".join([_heading(at), *(line for _, line in some)]) for (_, at), some in sessions)
        return Context("\n\n".join(said), frozenset(turn.id for turn, _ in kept))

    def close(self) -> None:
        """Nothing to give back."""


def _heading(at: datetime | None) -> str:
    return f"[{describe_day(at)}]" if at else "[a talk]"


class Nothing:
    """No memory at all: what the answerer knows by itself, or guesses."""

    def add(self, turns: Sequence[Turn]) -> None:
        """Forgets them."""

    def recall(self, query: str, max_tokens: int) -> Context:
        """Nothing."""
        return Context("", frozenset())

    def close(self) -> None:
        """Nothing to give back."""
