"""What holds of a memory on a framework's own OpenAI packages, whichever it is: each subclasses `OnTheWire`."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memx_core import Background, EmbeddingMismatchError, ExtractionError, Memory
from tests.answers import adds, answer, updates
from tests.openai_server import Call, Cut, Garbage, OpenAIServer, Reply, Slow, Status
from tests.wire import KEY, STYLES, Style, Wired

ADA = "ada@example.com"
SAID = "I live in Oslo and I have a dog."
LEARNED = adds("User lives in Oslo", "User has a dog")
BOTH = ["User has a dog", "User lives in Oslo"]
Wire = Callable[..., Wired]
FAULTS = [
    pytest.param(Status(429, retry_after=0.01), "RateLimitError", id="429"),
    pytest.param(Status(500, retry_after=0.01), "InternalServerError", id="500"),
    pytest.param(Cut(20), "APIConnectionError", id="cut"),
    pytest.param(Slow(30), "APITimeoutError", id="slow"),
    pytest.param(Garbage(), "", id="garbage"),
]


def texts(memory: Wired) -> list[str]:
    return sorted(item.text for item in memory.memory.get_all(user_id=ADA).items)


class OnTheWire:
    """Subclass it in a framework's tests, and say how its memories are made."""

    def wired(self, url: str, database: Path, *, timeout: float, retries: int, **given: Any) -> Memory:
        """A memory whose model and embeddings are at `url`, with the clients' own patience and retries."""
        raise NotImplementedError

    @pytest.fixture(params=STYLES)
    def style(self, request: pytest.FixtureRequest) -> Style:
        style: Style = request.param
        return style

    @pytest.fixture
    def wire(
        self, openai_server: OpenAIServer, style: Style, runner: asyncio.Runner, blank: Path, tmp_path: Path
    ) -> Iterator[Wire]:
        """Makes memories on the server; closes them at the end."""
        made: list[Memory] = []
        path = Path(shutil.copyfile(blank, tmp_path / "memx.db"))

        def wire(*, timeout: float = 20, retries: int = 0, **given: Any) -> Wired:
            made.append(self.wired(openai_server.url, path, timeout=timeout, retries=retries, **given))
            return Wired(made[-1], style, runner)

        yield wire
        for memory in made:
            memory.close()

    # What goes over.

    def test_an_add_is_one_model_call_and_each_text_is_embedded_once(
        self, wire: Wire, openai_server: OpenAIServer
    ) -> None:
        openai_server.answers(LEARNED)
        memory = wire()
        added = memory.add(SAID, user_id=ADA)
        assert [change.new_text for change in added.changes] == ["User lives in Oslo", "User has a dog"]
        assert [asked.kind for asked in openai_server.requests] == ["embeddings", "chat", "embeddings"]
        assert [asked.texts for asked in openai_server.embeddings] == [[SAID], ["User lives in Oslo", "User has a dog"]]
        (hit, *_) = memory.search("Where does\nshe live?", user_id=ADA, limit=1)
        assert hit.memory.text.startswith("User ")
        assert [asked.kind for asked in openai_server.requests[3:]] == ["embeddings"]
        assert openai_server.embeddings[-1].texts == ["Where does she live?"]

    def test_several_turns_are_embedded_in_one_request(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(answer())
        turns = [{"role": "user", "content": f"My number {at} is {at * 7}."} for at in range(12)]
        wire().add(turns, user_id=ADA)
        assert [len(asked.texts) for asked in openai_server.embeddings] == [12]
        assert len(openai_server.chats) == 1

    def test_a_prompt_holds_numbers_and_no_ids(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(LEARNED, updates(0, "User lives in Bergen", quote="moved to Bergen"))
        memory = wire()
        first = memory.add(SAID, user_id=ADA, run_id="run-77", session_id="session-88")
        second = memory.add("I moved to Bergen.", user_id=ADA, run_id="run-77", session_id="session-88")
        assert [change.event for change in second.changes] == ["UPDATE"]
        assert "User lives in Oslo" in openai_server.chats[-1].prompt
        ids = [ADA, "run-77", "session-88", first.operation_id, *(change.memory_id for change in first.changes)]
        sent = json.dumps([asked.body for asked in openai_server.requests])
        assert not [id for id in ids if id in sent]

    def test_the_key_is_in_the_header_and_nowhere_else(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(LEARNED)
        memory = wire()
        memory.add(SAID, user_id=ADA)
        assert {asked.headers["authorization"] for asked in openai_server.requests} == {f"Bearer {KEY}"}
        assert KEY not in json.dumps([asked.body for asked in openai_server.requests])
        assert KEY not in repr(memory.memory)

    # Odd answers.

    @pytest.mark.parametrize(
        "odd",
        [
            pytest.param(Reply("I would rather talk about the weather."), id="chatter"),
            pytest.param(Reply("", finish="length"), id="all thought, no answer"),
        ],
    )
    def test_an_answer_that_is_none_is_repaired_once_and_then_waits(
        self, wire: Wire, openai_server: OpenAIServer, odd: Reply
    ) -> None:
        openai_server.answers(odd)
        memory = wire()
        with pytest.raises(ExtractionError):
            memory.add(SAID, user_id=ADA)
        assert len(openai_server.chats) == 2
        assert [message.content for message in memory.memory.messages(None, user_id=ADA)] == [SAID]
        openai_server.answers(LEARNED)
        memory.flush(user_id=ADA)
        assert texts(memory) == BOTH

    def test_a_repair_sends_the_answer_and_what_is_wrong_with_it(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers("no idea", LEARNED)
        memory = wire()
        usage = memory.add(SAID, user_id=ADA).usage
        first, second = openai_server.chats
        assert second.body["messages"][0] == first.body["messages"][0]  # the prefix that providers cache
        assert "no idea" in second.prompt
        assert usage.calls == 2
        assert texts(memory) == BOTH

    # Faults.

    @pytest.mark.parametrize("kind", ["chat", "embeddings"])
    @pytest.mark.parametrize(("fault", "error"), FAULTS)
    def test_nothing_is_lost_to_a_fault_and_it_is_learned_afterwards(
        self, wire: Wire, openai_server: OpenAIServer, kind: Any, fault: Any, error: str
    ) -> None:
        openai: Any = pytest.importorskip("openai", reason="openai is not installed")
        openai_server.answers(LEARNED)
        memory = wire(timeout=0.5 if isinstance(fault, Slow) else 20)
        openai_server.down(kind, fault)
        with pytest.raises(getattr(openai, error) if error else ValueError) as caught:  # the client's own
            memory.add(SAID, user_id=ADA)
        assert KEY not in str(caught.value)
        assert len(openai_server.asked(kind)) == 1
        assert [message.content for message in memory.memory.messages(None, user_id=ADA)] == [SAID]
        (job,) = memory.memory.pending(user_id=ADA)
        assert job.error
        assert KEY not in job.error
        assert texts(memory) == []
        openai_server.recover()
        memory.flush(user_id=ADA)
        assert texts(memory) == BOTH
        assert not memory.memory.pending(user_id=ADA)

    def test_a_fault_that_passes_is_not_even_noticed(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(LEARNED)
        openai_server.fails("chat", Status(429, retry_after=0.01), Status(500, retry_after=0.01))
        openai_server.fails("embeddings", None, Status(503, retry_after=0.01))
        added = (memory := wire(retries=2)).add(SAID, user_id=ADA)
        assert (len(openai_server.chats), len(openai_server.embeddings), added.usage.calls) == (3, 3, 1)
        assert texts(memory) == BOTH

    def test_vectors_of_another_size_under_the_same_name_are_refused(
        self, wire: Wire, openai_server: OpenAIServer
    ) -> None:
        openai_server.answers(LEARNED)
        memory = wire()
        memory.add(SAID, user_id=ADA)
        openai_server.vectors = lambda texts, _: [[1.0] * 32 for _ in texts]
        with pytest.raises(EmbeddingMismatchError):
            memory.search("Where?", user_id=ADA)
        with pytest.raises(EmbeddingMismatchError):
            memory.add("I have a cat.", user_id=ADA)
        assert texts(memory) == BOTH

    # The worker.

    def test_the_worker_learns_over_the_wire_without_a_loop(self, openai_server: OpenAIServer, tmp_path: Path) -> None:
        openai_server.answers(LEARNED)
        path, quick = tmp_path / "memx.db", Background(idle=0, poll=0.05)
        with self.wired(openai_server.url, path, timeout=20, retries=0, background=quick) as memory:
            memory.add(SAID, user_id=ADA, wait=False)
            memory.flush(user_id=ADA)
            assert len(memory.get_all(user_id=ADA).items) == 2
        assert len(openai_server.chats) == 1


def cut(*, as_call: bool) -> Reply:
    """An answer that ends in the middle, its first fact whole."""
    half = json.dumps(LEARNED)[:-25]
    return Reply(calls=[Call("MemoryOperations", half)], finish="length") if as_call else Reply(half, finish="length")


WITHHELD = [
    pytest.param(Reply("", finish="content_filter"), id="filtered"),
    pytest.param(Reply(refusal="I can't help with that."), id="refused"),
]
