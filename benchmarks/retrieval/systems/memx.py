"""memx itself: turns as they were said, the facts drawn from them, or both in one ranking.

The facts go the way that a model's go: each turn is added, and a model that has read the data set's
facts answers with those of the turn. So they are weighed, dated and checked like any others, and
what is dropped on the way is missed.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from benchmarks.retrieval.cases import Fact, Turn
from benchmarks.retrieval.systems.port import Context, Found
from memx_core import Completion, Memory, Message, SearchHit
from memx_core.ports import Embedder

_USER = "user"


class Memx:
    """A memory in a database of its own, in memory.

    Args:
        embedder: Whose vectors are used.
        turns: Whether turns are looked for.
        facts: Whether facts are learned, and looked for.
    """

    def __init__(self, embedder: Embedder, *, turns: bool, facts: bool) -> None:
        self._model = _Reader()
        self._turns, self._facts = turns, facts
        self._memory = Memory(self._model, embedder, ":memory:", background=False)
        self._sources: dict[str, frozenset[str]] = {}

    def add(self, turns: Sequence[Turn]) -> None:
        """Keeps the turns; with facts, learns them turn by turn."""
        if not self._facts:
            for session in dict.fromkeys(turn.session for turn in turns):
                said = [_message(turn) for turn in turns if turn.session == session]
                self._memory.put_messages(session, said, user_id=_USER, learn=False)
            return
        for turn in turns:
            self._model.facts = turn.facts
            self._memory.add([_message(turn)], user_id=_USER, session_id=turn.session)
        self._find_sources({fact.text: fact for turn in turns for fact in turn.facts})

    def _find_sources(self, facts: dict[str, Fact]) -> None:
        """Of each memory the turns it came from, also by what only confirmed it."""
        cursor: str | None = None
        while True:
            page = self._memory.get_all(user_id=_USER, limit=1000, cursor=cursor)
            for item in page:
                versions = self._memory.why(item.id, user_id=_USER).versions
                said = {source.message.id for version in versions for source in version.sources}
                named = facts[item.text].sources if item.text in facts else frozenset[str]()
                self._sources[item.id] = named.union(id for id in said if id is not None)
            cursor = page.next_cursor
            if cursor is None:
                return

    def search(self, query: str, k: int) -> list[Found]:
        """`Memory.search`."""
        hits = self._memory.search(query, user_id=_USER, limit=k, include_messages=self._turns)
        return [Found(hit.memory.text, self._turns_of(hit)) for hit in hits]

    def recall(self, query: str, max_tokens: int) -> Context:
        """`Memory.recall`."""
        found = self._memory.recall(query, user_id=_USER, max_tokens=max_tokens, include_messages=self._turns)
        return Context(str(found), frozenset[str]().union(*map(self._turns_of, found.hits)))

    def close(self) -> None:
        """Closes the memory."""
        self._memory.close()

    def _turns_of(self, hit: SearchHit) -> frozenset[str]:
        return frozenset({hit.memory.id}) if hit.memory.kind == "message" else self._sources[hit.memory.id]


def _message(turn: Turn) -> Message:
    return Message(turn.role, turn.text, name=turn.speaker, timestamp=turn.said_at, id=turn.id)


class _Reader:
    """A model that answers with the facts it was handed."""

    def __init__(self) -> None:
        self.facts: Sequence[Fact] = ()

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """One ADD for each fact, of the only message shown."""
        return Completion(data={"operations": [_operation(fact) for fact in self.facts]})


def _operation(fact: Fact) -> dict[str, object]:
    blank: dict[str, object] = {"event": "ADD", "target": -1, "messages": [0], "quote": "", "when": "", "slot": ""}
    return blank | {"text": fact.text, "subject": fact.about, "reason": ""}
