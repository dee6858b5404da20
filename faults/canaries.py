"""Secrets: what nobody may read in a log, a `repr`, an error or an export is looked for in all of them."""

from __future__ import annotations

import io
import logging
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy import event

import llama_index_memx
from faults.outcomes import Outcome, Tally
from faults.speaking import ADA, learning, said
from langchain_memx import MemxChatMessageHistory, MemxMiddleware, MemxRetriever, memory_tools
from memx_core import Memory, Message
from memx_core.ports import Completion
from memx_core.testing import FakeEmbedder, ScriptedLLM

KEY, REFUSED, SPOKEN = "key-canary-4711", "refused-canary-4712", "spoken-canary-4713"
"""A provider's key, what the screen refuses, and what a person said in confidence."""


class _Keyed:
    """A model that knows its key, and whose calls fail now and then."""

    def __init__(self, failing: int) -> None:
        self.api_key = KEY
        self._failing = failing
        self._calls = 0
        self._model = ScriptedLLM(default=learning)

    def __repr__(self) -> str:
        return f"Model(api_key={KEY!r})"  # as some do

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """An answer, nonsense, or an error without a word of what was asked."""
        self._calls += 1
        if self._calls % 3 == self._failing:
            raise ConnectionError("busy")
        return Completion(text="nonsense") if self._calls % 5 == 0 else self._model.complete(messages, schema)


def canaries(size: int, *, seed: int = 0) -> Outcome:
    """Where any of the secrets was found, after `size` rounds of calls that go well or fail.

    Args:
        size: How many rounds.
        seed: Not used: nothing here is left to chance.
    """
    tally = Tally()
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root, statements = logging.getLogger(), logging.getLogger("sqlalchemy.engine")
    levels = root.level, statements.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    statements.setLevel(logging.INFO)  # statements; at DEBUG an application asks to see every row
    try:
        with tempfile.TemporaryDirectory() as folder:
            for number in range(size):
                _round(Path(folder) / f"{number}.db", number, tally)
    finally:
        root.removeHandler(handler)
        root.setLevel(levels[0])
        statements.setLevel(levels[1])
    tally.figures["characters of logs"] = len(heard.getvalue())
    for secret in (KEY, REFUSED, SPOKEN):
        tally.expect(secret not in heard.getvalue(), f"{secret} is in the log")
    return tally.outcome()


def _screen(text: str) -> str | None:
    return None if REFUSED in text else text


def _round(path: Path, number: int, tally: Tally) -> None:
    with Memory(_Keyed(number % 3), FakeEmbedder(32), path, screen=_screen, background=False) as memory:
        engine = memory._room.ledger._database.engine  # to break it
        id = memory.add(f"Ada keeps {SPOKEN}", infer=False, session_id="s", **ADA).changes[0].memory_id
        for _ in range(2):
            for call in _calls(memory, id, path):
                _checked(call, tally)
            # From now on the database refuses what is written.
            event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA query_only=ON"))
        for handle in _handles(memory):
            tally.points += 1
            tally.figures["representations"] += 1
            found = [secret for secret in (KEY, SPOKEN) if secret in repr(handle)]
            tally.broken += [f"{secret} is in the repr of {type(handle)}" for secret in found]
        exported = path.with_suffix(".jsonl")
        memory.export(exported)
        written = exported.read_text()
        tally.expect(SPOKEN in written, "an export holds nothing")
        tally.broken += [f"{secret} is in an export" for secret in (KEY, REFUSED) if secret in written]
    stored = path.read_bytes()
    tally.broken += [f"{secret} is stored" for secret in (KEY, REFUSED) if secret.encode() in stored]


def _calls(memory: Memory, id: str, path: Path) -> Iterator[Callable[[], Any]]:
    """Calls that carry secrets; many fail."""
    yield lambda: memory.add(f"{said(1)} {REFUSED}", **ADA)
    yield lambda: memory.add(f"{said(2)} {SPOKEN}", session_id="s", **ADA)
    yield lambda: memory.add([Message("user", said(3), name=REFUSED, metadata={"k": REFUSED})], wait=False, **ADA)
    yield lambda: memory.add(f"{said(4)} {SPOKEN}", key=f"k{SPOKEN}", **ADA)
    yield lambda: memory.update(id, f"{REFUSED} and more")
    yield lambda: memory.update(id, f"changed {SPOKEN}", reason=f"because {SPOKEN}")
    yield lambda: memory.update(id, "changed", metadata={"deep": [REFUSED]})
    yield lambda: memory.put_messages("t", {"role": "user", "content": f"{SPOKEN} {REFUSED}", "id": "1"}, **ADA)
    yield lambda: memory.delete("nothing", reason=SPOKEN)
    yield lambda: memory.search(f"what of {SPOKEN}", filters={"k": {"unheard": SPOKEN * 3}}, **ADA)
    yield lambda: memory.search(f"what of {SPOKEN}", **ADA)
    yield lambda: memory.plan(f"{said(5)} {SPOKEN} {REFUSED}", **ADA)
    yield lambda: memory.flush()
    yield lambda: memory.revert(id, to=99)
    yield lambda: memory.load(path)
    yield lambda: memory.clear_messages("t", **ADA)


def _checked(call: Callable[[], Any], tally: Tally) -> None:
    """What the call lets out when it fails; what it returns is the caller's own."""
    tally.points += 1
    try:
        call()
    except Exception as error:  # noqa: BLE001  # all that can come is looked at
        tally.figures["errors"] += 1
        shown = "".join(traceback.format_exception(error)) + repr(error)
        words = "\n".join(line for line in shown.splitlines() if not line.startswith("    "))  # not lines of code
        tally.broken += [f"{secret} is in {error!r}" for secret in (KEY, REFUSED, SPOKEN) if secret in words]


def _handles(memory: Memory) -> Iterator[object]:
    """What an application holds, and might print."""
    yield memory
    yield memory.scoped(**ADA)
    yield MemxMiddleware(memory)
    yield MemxRetriever(memory=memory)
    yield MemxChatMessageHistory(memory, "s", user_id="ada")
    yield from memory_tools(memory)
    chat = llama_index_memx.MemxMemory.from_defaults(memory=memory, session_id="s", **ADA)
    yield chat
    yield chat.to_dict()
    yield llama_index_memx.MemxMemoryBlock(memory=memory, **ADA)
    yield llama_index_memx.MemxChatStore(memory=memory, **ADA)
    yield llama_index_memx.MemxRetriever(memory, **ADA)
    yield from llama_index_memx.memory_tools(memory, **ADA)
    yield memory.pending()
    yield memory.usage(**ADA)
