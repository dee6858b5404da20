"""Threads, tasks, loops and processes on one database."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from memx_core import InvalidInputError, Memory
from memx_core.testing import AsyncFakeEmbedder, AsyncScriptedLLM, FakeEmbedder, ScriptedLLM, SyncScriptedLLM
from tests.answers import adds, updates

ADA = {"user_id": "ada"}


def in_threads(count: int, work: Callable[[int], object]) -> None:
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  # asserted on below
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.parametrize("database", ["file", ":memory:"])
def test_the_same_fact_from_many_threads_is_one_memory(tmp_path: Path, database: str) -> None:
    path = str(tmp_path / "memx.db") if database == "file" else database
    llm = ScriptedLLM(default=adds("Ada lives in Oslo"))
    with Memory(llm, FakeEmbedder(), path) as memory:
        in_threads(8, lambda _: [memory.add("I'm Ada, I live in Oslo", **ADA) for _ in range(5)])
        assert len(memory.get_all(**ADA)) == 1
        assert len(memory.messages(None, **ADA)) == 40


def test_no_update_is_lost_and_the_history_is_one_chain(tmp_path: Path) -> None:
    llm = ScriptedLLM([adds("Ada has 0 cats")], default=None)
    with Memory(llm, FakeEmbedder(), tmp_path / "memx.db") as memory:
        (change,) = memory.add("I'm Ada, I have 0 cats", **ADA).changes
        in_threads(8, lambda number: memory.update(change.memory_id, f"Ada has {number + 1} cats"))
        history = memory.history(change.memory_id)
    assert [entry.version for entry in history] == list(range(1, 10))
    for former, later in itertools.pairwise(history):
        assert later.old_text == former.new_text
    assert {entry.new_text for entry in history} == {f"Ada has {number} cats" for number in range(9)}


async def test_no_update_of_many_tasks_is_lost(tmp_path: Path) -> None:
    async with Memory(AsyncScriptedLLM(), AsyncFakeEmbedder(), tmp_path / "memx.db") as memory:
        (change,) = (await memory.aadd("Ada has 0 cats", infer=False, **ADA)).changes
        await asyncio.gather(*(memory.aupdate(change.memory_id, f"Ada has {n} cats") for n in range(1, 21)))
        texts = {entry.new_text for entry in await memory.ahistory(change.memory_id)}
    assert texts == {f"Ada has {number} cats" for number in range(21)}


@pytest.mark.parametrize("call", ["update", "delete", "add"])
def test_a_call_gets_through_although_others_change_its_memory_again_and_again(tmp_path: Path, call: str) -> None:
    often = itertools.count()

    def meanwhile() -> datetime:
        if (number := next(often)) < 20:
            rival.update(id, f"Ada has {number} cats")
        return datetime.now(UTC)

    with Memory(ScriptedLLM(), FakeEmbedder(), tmp_path / "memx.db") as rival:
        id = rival.add("Ada has no cats", infer=False, **ADA).changes[0].memory_id
        llm = ScriptedLLM([updates(0, "Ada has 99 cats")])
        with Memory(llm, FakeEmbedder(), tmp_path / "memx.db", clock=meanwhile) as memory:
            if call == "update":
                memory.update(id, "Ada has 99 cats")
            elif call == "delete":
                memory.delete(id)
            else:
                memory.add("I'm Ada, I have 99 cats", **ADA)
        history = rival.history(id)
    assert any(made.event == "DELETE" if call == "delete" else made.new_text == "Ada has 99 cats" for made in history)


def test_a_proposal_is_weighed_again_when_its_memory_changed_meanwhile(tmp_path: Path) -> None:
    with Memory(ScriptedLLM(), FakeEmbedder(), tmp_path / "memx.db") as memory:
        (change,) = memory.add("Ada lives in Bergen", infer=False, **ADA).changes

        def meanwhile(*_: object) -> dict[str, Any]:
            memory.update(change.memory_id, "Ada lives in Rome")
            return updates(0, "Ada lives in Oslo")

        llm = ScriptedLLM([meanwhile])
        with Memory(llm, FakeEmbedder(), tmp_path / "memx.db") as other:
            (result,) = other.add("I'm Ada and moved to Oslo", **ADA).changes
        assert len(llm.calls) == 1
        assert (result.old_text, result.new_text, result.version) == ("Ada lives in Rome", "Ada lives in Oslo", 3)
        assert [entry.version for entry in memory.history(change.memory_id)] == [1, 2, 3]


def test_what_is_deleted_meanwhile_is_not_resurrected(tmp_path: Path) -> None:
    with Memory(ScriptedLLM(), FakeEmbedder(), tmp_path / "memx.db") as memory:
        (change,) = memory.add("Ada lives in Bergen", infer=False, **ADA).changes

        def meanwhile(*_: object) -> dict[str, Any]:
            memory.delete(change.memory_id)
            return updates(0, "Ada lives in Oslo")

        with Memory(ScriptedLLM([meanwhile]), FakeEmbedder(), tmp_path / "memx.db") as other:
            result = other.add("I'm Ada and moved to Oslo", **ADA)
        assert memory.get(change.memory_id) is None
        assert [item.text for item in memory.get_all(**ADA)] == ["Ada lives in Oslo"]
        assert [(made.event, made.memory_id != change.memory_id) for made in result.changes] == [("ADD", True)]


async def test_two_hundred_tasks_share_a_memory(tmp_path: Path) -> None:
    llm = AsyncScriptedLLM(default=adds("Ada lives in Oslo"))
    async with Memory(llm, AsyncFakeEmbedder(), tmp_path / "memx.db") as memory:
        await asyncio.gather(*(memory.aadd("I'm Ada, I live in Oslo", user_id=f"u{n % 10}") for n in range(200)))
        counts = [len(await memory.aget_all(user_id=f"u{n}")) for n in range(10)]
    assert counts == [1] * 10


def test_a_memory_outlives_the_loop_it_was_first_used_on(tmp_path: Path) -> None:
    memory = Memory(AsyncScriptedLLM(default=adds("Ada lives in Oslo")), AsyncFakeEmbedder(), tmp_path / "memx.db")
    asyncio.run(memory.aadd("I'm Ada, I live in Oslo", **ADA))
    assert len(asyncio.run(memory.asearch("Oslo", **ADA))) == 1
    memory.close()


async def test_the_sync_methods_work_inside_a_running_loop(tmp_path: Path) -> None:
    with Memory(ScriptedLLM([adds("Ada lives in Oslo")]), FakeEmbedder(), tmp_path / "memx.db") as memory:
        memory.add("I'm Ada, I live in Oslo", **ADA)
        assert len(memory.search("Oslo", **ADA)) == 1


def test_an_async_only_provider_is_refused_in_sync_calls(tmp_path: Path) -> None:
    memory = Memory(AsyncScriptedLLM([adds("x")]), FakeEmbedder(), tmp_path / "a.db")
    with pytest.raises(InvalidInputError, match="complete"):
        memory.add("I'm Ada, I live in Oslo", **ADA)
    memory.close()
    memory = Memory(ScriptedLLM(), AsyncFakeEmbedder(), tmp_path / "b.db")
    with pytest.raises(InvalidInputError, match="embed_query"):
        memory.search("Oslo", **ADA)
    memory.close()


async def test_a_sync_only_provider_is_lent_a_thread(tmp_path: Path) -> None:
    threads: list[int] = []

    def answer(*_: object) -> dict[str, Any]:
        threads.append(threading.get_ident())
        return adds("Ada lives in Oslo")

    async with Memory(SyncScriptedLLM([answer]), FakeEmbedder(), tmp_path / "memx.db") as memory:
        await memory.aadd("I'm Ada, I live in Oslo", **ADA)
    assert threads
    assert threads[0] != threading.get_ident()


async def test_a_cancelled_call_leaves_nothing_half_written(tmp_path: Path) -> None:
    async with Memory(SlowLLM(), FakeEmbedder(), tmp_path / "memx.db") as memory:
        task = asyncio.create_task(memory.aadd("I'm Ada, I live in Oslo", **ADA))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(await memory.aget_all(**ADA)) == 0
        assert await memory.apending() == []


async def test_a_cancelled_flush_leaves_its_job_to_the_next(tmp_path: Path) -> None:
    async with Memory(SlowLLM(), FakeEmbedder(), tmp_path / "memx.db") as memory:
        await memory.aadd("I'm Ada, I live in Oslo", wait=False, **ADA)
        task = asyncio.create_task(memory.aflush())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with Memory(ScriptedLLM([adds("Ada lives in Oslo")]), FakeEmbedder(), tmp_path / "memx.db") as memory:
        await memory.aflush()
        assert await memory.apending() == []
        assert [item.text for item in await memory.aget_all(**ADA)] == ["Ada lives in Oslo"]


async def test_a_load_that_is_cancelled_while_it_reads_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def screen(text: str) -> str:
        reading.set()
        go_on.wait(10)
        return text

    async with Memory(ScriptedLLM(), FakeEmbedder(), tmp_path / "old.db") as memory:
        await memory.aadd("note", infer=False, **ADA)
        await memory.aexport(tmp_path / "e.jsonl")
    async with Memory(ScriptedLLM(), FakeEmbedder(), tmp_path / "new.db", screen=screen) as memory:
        task = asyncio.create_task(memory.aload(tmp_path / "e.jsonl"))
        await asyncio.to_thread(reading.wait)
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, go_on.set)  # the thread cannot be stopped: it reads on for a while
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(await memory.aget_all(**ADA)) == 0


class SlowLLM:
    async def acomplete(self, messages: object, schema: object) -> object:
        await asyncio.sleep(60)
        raise AssertionError("it should have been cancelled")


def child(path: str, number: int) -> None:
    with Memory(ScriptedLLM(default=adds("Ada lives in Oslo")), FakeEmbedder(), path) as memory:
        for _ in range(5):
            memory.add("I'm Ada, I live in Oslo", **ADA)
            memory.add(f"note {number}", infer=False, user_id=f"process-{number}")


def test_processes_share_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "memx.db")
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=child, args=(path, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with Memory(ScriptedLLM(), FakeEmbedder(), path) as memory:
        assert len(memory.get_all(**ADA)) == 1
        assert len(memory.messages(None, **ADA)) == 15


def test_a_reader_sees_at_once_what_another_handle_wrote(tmp_path: Path) -> None:
    writer = Memory(ScriptedLLM(), FakeEmbedder(), tmp_path / "memx.db")
    reader = Memory(ScriptedLLM(), FakeEmbedder(), tmp_path / "memx.db")
    assert reader.search("lantern", **ADA) == []
    for number in range(5):
        (change,) = writer.add(f"lantern {number}", infer=False, **ADA).changes
        assert change.memory_id in {hit.memory.id for hit in reader.search(f"lantern {number}", **ADA)}
        writer.delete(change.memory_id)
        assert change.memory_id not in {hit.memory.id for hit in reader.search(f"lantern {number}", **ADA)}
    writer.close()
    reader.close()


def test_a_forked_child_may_use_the_memory_of_its_parent(tmp_path: Path) -> None:
    """In a process of its own: this one has threads, beside which Python itself does not fork safely."""
    spawned = multiprocessing.get_context("spawn").Process(target=forking, args=(str(tmp_path / "memx.db"),))
    spawned.start()
    spawned.join(100)
    assert spawned.exitcode == 0


def forking(path: str) -> None:
    with Memory(ScriptedLLM(), FakeEmbedder(), path) as memory:
        memory.add("note", infer=False, user_id="parent")
        children = [_forked(memory, number) for number in range(3)]
        for number in range(3):
            memory.add(f"note {number}", infer=False, user_id="parent")
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        assert len(memory.get_all(user_id="child")) == 9
        assert len(memory.search("note", user_id="child", limit=20)) == 9


def _forked(memory: Memory, number: int) -> int:
    """A child that writes; if it hangs, it is ended."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of forking beside threads
        process = os.fork()
    if process == 0:
        signal.alarm(30)
        try:
            for count in range(3):
                memory.add(f"note {number} {count}", infer=False, user_id="child")
        except BaseException:  # noqa: BLE001  # a child must not run on as a second pytest
            os._exit(1)
        os._exit(0)
    return process
