"""Cancellation: a call is ended at each place where it waits, and its work is done whole or not at all."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from faults.agreement import disagreements
from faults.outcomes import Outcome, Tally
from faults.speaking import ADA, fact, learning, said
from memx_core import Memory
from memx_core.background import Background
from memx_core.testing import AsyncFakeEmbedder, AsyncScriptedLLM, PushedIndex

Call = Callable[[Memory, str, Path], Awaitable[object]]
_MESSAGE = {"role": "user", "content": said("new"), "id": "new"}
CALLS: Mapping[str, Call] = {
    "add": lambda memory, id, _: memory.aadd(said("new"), session_id="s", **ADA),
    "note": lambda memory, id, _: memory.aadd(said("new"), infer=False, session_id="s", **ADA),
    "queue": lambda memory, id, _: memory.aadd(said("new"), wait=False, session_id="s", **ADA),
    "put": lambda memory, id, _: memory.aput_messages("s", _MESSAGE, **ADA),
    "update": lambda memory, id, _: memory.aupdate(id, "note changed"),
    "delete": lambda memory, id, _: memory.adelete(id),
    "revert": lambda memory, id, _: memory.arevert(id, to=1),
    "flush": lambda memory, id, _: memory.aflush(),
    "search": lambda memory, id, _: memory.asearch("note", **ADA),
    "recall": lambda memory, id, _: memory.arecall("note", **ADA),
    "plan": lambda memory, id, _: memory.aplan(said("new"), **ADA),
    "clear": lambda memory, id, _: memory.aclear_messages("old", **ADA),
    "erase": lambda memory, id, _: memory.aerase(user_id="bob"),
    "rebuild": lambda memory, id, _: memory.arebuild_index(embedder=AsyncFakeEmbedder(32)),
    "load": lambda memory, id, path: memory.aload(path),
    "backfill": lambda memory, id, _: memory.abackfill([{**_MESSAGE, "session_id": "s"}], progress=False, **ADA),
    "delete all": lambda memory, id, _: memory.adelete_all(user_id="bob"),
}


class Stepped:
    """Awaits a call, and cancels the task when it waits for the nth time."""

    def __init__(self, call: Awaitable[object], stop: int) -> None:
        self._call = call
        self._stop = stop
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, object]:
        steps = self._call.__await__()
        answer: Any = None
        failed: BaseException | None = None
        while True:
            try:
                waiting = steps.send(answer) if failed is None else steps.throw(failed)
            except StopIteration as stop:
                return stop.value
            self.waits += 1
            if self.waits == self._stop:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            answer, failed = None, None
            try:
                answer = yield waiting
            except BaseException as error:  # noqa: BLE001  # handed on
                failed = error


def cancellations(size: int, *, seed: int = 0) -> Outcome:
    """What was left by calls that were cancelled, each at every place where it waits.

    Args:
        size: How many kinds of calls.
        seed: Not used: nothing here is left to chance.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        trial = _Trial(Path(folder), tally)
        for name in list(CALLS)[:size]:
            stop = 1
            while trial.cancelled(name, stop):
                stop += 1
            tally.figures[f"places in {name}"] = stop - 1
    return tally.outcome()


class _Trial:
    """Calls on copies of one small memory."""

    def __init__(self, folder: Path, tally: Tally) -> None:
        self._tally = tally
        self._usual, self._copy, self._file = folder / "usual.db", folder / "copy.db", folder / "export.jsonl"
        self._id = asyncio.run(self._fill())

    async def _fill(self) -> str:
        async with self._opened(self._usual) as memory:
            (change,) = (await memory.aadd("note", infer=False, session_id="old", **ADA)).changes
            await memory.aupdate(change.memory_id, "note two")
            await memory.aadd("of Bob", infer=False, user_id="bob")
            async with self._opened(self._copy) as other:
                await other.aadd(said("new"), infer=False, session_id="s", **ADA)
                await other.aexport(self._file)
        return change.memory_id

    def _opened(self, path: Path, **settings: Any) -> Memory:  # noqa: ANN401  # as for `Memory`
        settings = {"background": False, "index": PushedIndex(), **settings}
        return Memory(AsyncScriptedLLM(default=learning), AsyncFakeEmbedder(64), path, **settings)

    def cancelled(self, name: str, stop: int) -> bool:
        """Whether the call was cancelled before it was done; then everything is looked at."""
        for file in self._copy.parent.glob("copy.db*"):
            file.unlink()
        shutil.copyfile(self._usual, self._copy)
        what = f"{name} cancelled at its place {stop}"
        with asyncio.Runner() as runner:
            cut = runner.run(self._cut(name, stop))
        # The runner has waited for all threads: what they were at is done by now.
        engine = create_engine(f"sqlite:///{self._copy}")
        self._tally.points += cut
        self._tally.broken += [f"{what}: {each}" for each in disagreements(engine)]
        engine.dispose()
        asyncio.run(self._look(name, what))
        return cut

    async def _cut(self, name: str, stop: int) -> bool:
        async with self._opened(self._copy, background=Background(poll=60, idle=60)) as memory:
            if name == "flush":
                await memory.aadd(said("new"), wait=False, session_id="s", **ADA)
            try:
                await Stepped(CALLS[name](memory, self._id, self._file), stop)
            except asyncio.CancelledError:
                return True
        return False

    async def _look(self, name: str, what: str) -> None:
        """All or nothing; and the same call goes through now."""
        index = PushedIndex()
        try:
            memory = self._opened(self._copy, index=index)
        except ValueError:  # the embedder was changed before the call was cut off
            memory = Memory(AsyncScriptedLLM(default=learning), AsyncFakeEmbedder(32), self._copy, background=False)
        async with memory:
            kept = any(message.content == said("new") for message in await memory.amessages("s", **ADA))
            waits = bool(await memory.apending())
            known = [item.text for item in (await memory.aget_all(**ADA))]
            there = fact("new") in known or said("new") in known
            if name in ("add", "note", "queue", "put", "flush", "load", "backfill"):
                self._tally.expect(kept == (there or waits), f"{what}: kept {kept}, known {there}, waiting {waits}")
            if name not in ("rebuild", "load"):
                await CALLS["flush" if name == "delete" else name](memory, self._id, self._file)
            await memory.aflush()
            self._tally.expect(await memory.apending() == [], f"{what}: something waits for ever")
