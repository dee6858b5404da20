"""Transcripts: what is put, put again, changed, read and cleared; in both colours."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_memx import MemxChatMessageHistory, RememberingHistory
from langchain_memx._identity import identified
from langchain_memx.messages import to_messages
from memx_core import InvalidInputError, LedgerError, Memory, Message, ScopeError
from memx_core.testing import Colour, FakeEmbedder, ManualClock
from tests.langchain.agents import spoken
from tests.langchain.test_messages import EVERY_TYPE


class Talk:
    """A history that is used in one colour."""

    def __init__(self, history: Any, colour: Colour, runner: asyncio.Runner) -> None:
        self.history = history
        self._colour = colour
        self._runner = runner

    @property
    def messages(self) -> list[BaseMessage]:
        found: list[BaseMessage] = self.history.messages if self._colour == "sync" else self._await("aget_messages")
        return found

    def add(self, *messages: BaseMessage) -> list[BaseMessage]:
        """The transcript afterwards."""
        self._call("add_messages", messages)
        return self.messages

    def clear(self) -> None:
        self._call("clear")

    def context(self, query: str, **options: Any) -> str:
        return str(self._call("context", query, **options))

    def _call(self, name: str, *args: Any, **options: Any) -> Any:
        if self._colour == "sync":
            return getattr(self.history, name)(*args, **options)
        return self._await(f"a{name}", *args, **options)

    def _await(self, name: str, *args: Any, **options: Any) -> Any:
        async def call() -> Any:
            return await getattr(self.history, name)(*args, **options)

        with blockbuster_ctx():
            return self._runner.run(call())


MakeTalk = Callable[..., Talk]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(blank: Path, tmp_path: Path, clock: ManualClock) -> Any:
    path = shutil.copyfile(blank, tmp_path / "h.db")
    with Memory(embedder=FakeEmbedder(), database=path, background=False, clock=clock) as memory:
        yield memory


@pytest.fixture
def talk(store: Memory, colour: Colour, runner: asyncio.Runner) -> MakeTalk:
    def talk(session: Any = "s", user: Any = "ada", **given: Any) -> Talk:
        return Talk(MemxChatMessageHistory(store, session, user_id=user, **given), colour, runner)

    return talk


def human(said: str, id: str | None = None) -> HumanMessage:
    return HumanMessage(said, id=id)


def ai(said: str, id: str | None = None) -> AIMessage:
    return AIMessage(said, id=id)


def test_the_transcript_is_what_was_put_whatever_its_type(talk: MakeTalk) -> None:
    assert talk().add(*EVERY_TYPE) == EVERY_TYPE
    assert talk().messages == EVERY_TYPE


def test_chunks_of_a_stream_are_kept_as_whole_messages(talk: MakeTalk) -> None:
    chunk = AIMessageChunk(content="Hel", id="1") + AIMessageChunk(content="lo", id="1")
    (kept,) = talk().add(chunk)
    assert (type(kept), kept.content, kept.id) == (AIMessage, "Hello", "1")


def test_requests_to_remove_messages_are_none(talk: MakeTalk) -> None:
    assert talk().add(human("hello"), RemoveMessage(id="x")) == [human("hello")]
    assert talk().add(RemoveMessage(id="x")) == [human("hello")]
    assert talk().add() == [human("hello")]


def test_the_same_call_again_changes_nothing(talk: MakeTalk, store: Memory, clock: ManualClock) -> None:
    turn = [human("yes"), ai("All right.", "a1")]
    before = talk().add(*turn)
    said = store.messages("s", user_id="ada")
    clock.advance(timedelta(days=3))
    assert talk().add(*turn) == before == turn
    assert store.messages("s", user_id="ada") == said  # neither what was said nor when


def test_the_same_words_said_again_are_said_again(talk: MakeTalk) -> None:
    history = talk()
    history.add(human("yes"), ai("All right.", "a1"))
    assert len(history.add(human("yes"), ai("All right.", "a2"))) == 4
    assert len(history.add(human("yes"), ai("All right."))) == 6
    assert len(history.add(human("yes"), ai("All right."))) == 8


def test_a_whole_conversation_put_every_turn_is_there_once(talk: MakeTalk, clock: ManualClock, store: Memory) -> None:
    history = talk()
    first = [human("yes", "h1"), ai("All right.", "a1")]
    history.add(human("yes"), *first)  # the input, and then the agent's conversation
    times = [message.timestamp for message in store.messages("s", user_id="ada")]
    clock.advance(timedelta(days=3))
    transcript = history.add(human("yes"), *first, human("yes", "h2"), ai("All right.", "a2"))
    assert [message.id for message in transcript] == ["h1", "a1", "h2", "a2"]
    assert [message.timestamp for message in store.messages("s", user_id="ada")][:2] == times


def test_a_new_id_every_turn_makes_no_new_message(talk: MakeTalk) -> None:
    history = talk()
    history.add(SystemMessage("Be kind."), human("hello"), human("there"), ai("Hi", "a1"))
    again = [SystemMessage("Be kind.", id="x"), human("hello", "y"), human("there", "z"), ai("Hi", "a1")]
    transcript = history.add(*again, human("more", "h2"), ai("Fine", "a2"))
    assert spoken(transcript) == ["Be kind.", "hello", "there", "Hi", "more", "Fine"]


def test_a_plain_chain_may_ask_the_same_twice_in_one_call(talk: MakeTalk) -> None:
    turns = [human("yes"), ai("All right.", "a1"), human("yes", "h2"), ai("All right.", "a2")]
    assert talk().add(*turns) == turns


def test_a_message_that_was_edited_takes_the_place_of_the_former(talk: MakeTalk) -> None:
    history = talk()
    history.add(human("I live in Oslo", "h1"), ai("Nice!", "a1"))
    transcript = history.add(human("I live in Bergen", "h1"))
    assert spoken(transcript) == ["I live in Bergen", "Nice!"]


def test_what_is_beside_the_words_is_replaced_without_dating_them_anew(
    talk: MakeTalk, store: Memory, clock: ManualClock
) -> None:
    history = talk()
    history.add(human("I live in Oslo", "h1"))
    (before,) = store.messages("s", user_id="ada")
    clock.advance(timedelta(days=3))
    (after,) = history.add(HumanMessage("I live in Oslo", id="h1", additional_kwargs={"mood": "good"}))
    assert after.additional_kwargs == {"mood": "good"}
    assert store.messages("s", user_id="ada")[0].timestamp == before.timestamp


def test_tool_calls_and_their_results_come_back_with_their_artifacts(talk: MakeTalk) -> None:
    call = {"name": "look", "args": {"place": "Oslo"}, "id": "c1", "type": "tool_call"}
    turn = [
        human("How is Oslo?", "h1"),
        AIMessage("", id="a1", tool_calls=[call]),
        ToolMessage("quiet", tool_call_id="c1", artifact={"people": 3}, status="success", id="t1"),
        ai("Quiet.", "a2"),
    ]
    assert talk().add(*turn) == turn
    assert talk().add(*turn) == turn


def test_one_by_one_is_as_good_as_at_once(store: Memory) -> None:
    history = MemxChatMessageHistory(store, "s", user_id="ada")
    history.add_user_message("hello")
    history.add_ai_message("Hi")
    history.add_message(human("bye"))
    assert str(history) == "Human: hello\nAI: Hi\nHuman: bye"


def test_nothing_is_read_or_written_before_somebody_asks(store: Memory, tmp_path: Path) -> None:
    closed = Memory(embedder=FakeEmbedder(), database=tmp_path / "closed.db", background=False)
    closed.close()
    history = MemxChatMessageHistory(closed, "s", user_id="ada")
    with pytest.raises(LedgerError):
        _ = history.messages


def test_clearing_removes_the_transcript_and_nothing_that_was_learned(talk: MakeTalk, store: Memory) -> None:
    history, other = talk(), talk("other")
    history.add(human("I live in Oslo."), ai("Nice!"))
    other.add(human("hello"))
    store.flush()
    learned = [item.text for item in store.get_all(user_id="ada")]
    history.clear()
    assert learned
    assert [item.text for item in store.get_all(user_id="ada")] == learned
    assert history.messages == []
    assert spoken(other.messages) == ["hello"]
    assert spoken(history.add(human("I live in Oslo."))) == ["I live in Oslo."]


def test_users_with_the_same_conversation_id_never_meet(talk: MakeTalk) -> None:
    talk(user="ada").add(human("I am Ada", "h1"))
    talk(user="Ada").add(human("I am somebody else", "h1"))
    assert spoken(talk(user="ada").messages) == ["I am Ada"]
    talk(user="Ada").clear()
    assert spoken(talk(user="ada").messages) == ["I am Ada"]


def test_ids_may_be_numbers_and_uuids(talk: MakeTalk) -> None:
    id = UUID(int=7)
    talk(7, 42).add(human("hello"))
    talk(id, id).add(human("bye"))
    assert spoken(talk("7", "42").messages) == ["hello"]
    assert spoken(talk(str(id), str(id)).messages) == ["bye"]


@pytest.mark.parametrize("given", [{}, {"agent_id": "bot"}, {"user_id": ""}, {"user_id": True}], ids=str)
def test_a_history_is_somebodys(store: Memory, given: Any) -> None:
    with pytest.raises(ScopeError):
        MemxChatMessageHistory(store, "s", **given)
    with pytest.raises(ScopeError):
        RememberingHistory(Plain(), store, "s", **given)


@pytest.mark.parametrize("session", [None, "", " ", True, 1.5, b"s", ["s"]], ids=str)
def test_a_history_is_of_a_conversation(store: Memory, session: Any) -> None:
    with pytest.raises(InvalidInputError, match="session_id"):
        MemxChatMessageHistory(store, session, user_id="ada")


def test_a_memory_with_a_scope_needs_no_ids_and_takes_no_others(store: Memory) -> None:
    ada = store.scoped(user_id="ada")
    MemxChatMessageHistory(ada, "s").add_messages([human("hello")])
    assert MemxChatMessageHistory(store, "s", user_id="ada").messages == [human("hello")]
    with pytest.raises(InvalidInputError, match="scope of its own"):
        MemxChatMessageHistory(ada, "s", user_id="bob")


def test_the_context_is_a_block_of_what_is_remembered_from_anywhere(talk: MakeTalk, store: Memory) -> None:
    store.add("User is allergic to zucchini", infer=False, user_id="ada")
    store.add("User is fond of zucchini", infer=False, user_id="bob")
    talk("other").add(human("My zucchini died in May"))
    context = talk().context("What about zucchini?", max_tokens=300)
    assert context.startswith("<memories>")
    assert "allergic" in context
    assert "died in May" in context
    assert "fond" not in context
    assert "died" not in talk().context("What about zucchini?", include_messages=False)
    assert talk("s", "eve").context("What about zucchini?") == ""


def test_the_transcript_stays_raw_whatever_is_remembered(talk: MakeTalk, store: Memory) -> None:
    store.add("User is allergic to zucchini", infer=False, user_id="ada")
    long = [human("word " * 3000, "h1"), ai("All right.", "a1")]
    assert talk().add(*long) == long


def test_threads_lose_and_double_nothing(store: Memory) -> None:
    turns = [[human(f"said {n}"), ai(f"heard {n}", f"a{n}")] for n in range(12)]

    def put(turn: list[BaseMessage]) -> None:
        for _ in range(2):  # and again, as after an answer that got lost
            MemxChatMessageHistory(store, "s", user_id="ada").add_messages(turn)

    threads = [threading.Thread(target=put, args=(turn,)) for turn in [*turns, *turns]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    transcript = MemxChatMessageHistory(store, "s", user_id="ada").messages
    assert sorted(spoken(transcript)) == sorted(spoken([message for turn in turns for message in turn]))
    for question, answer in zip(transcript[::2], transcript[1::2], strict=True):
        assert str(question.content).removeprefix("said ") == str(answer.content).removeprefix("heard ")


# The rule itself, for any conversation.

WORDS = st.sampled_from(["yes", "no", "hello"])
SPOKEN = st.lists(st.tuples(WORDS, st.booleans()), max_size=6)  # words, and whether they are answered


def conversation(turns: list[tuple[str, bool]]) -> list[BaseMessage]:
    messages: list[BaseMessage] = []
    for at, (words, answered) in enumerate(turns):
        messages.append(human(words, f"h{at}"))
        messages += [ai("All right.", f"a{at}")] if answered else []
    return messages


def put(kept: list[Message], messages: list[BaseMessage]) -> list[Message]:
    """A transcript after messages were put."""
    after = {message.id: message for message in kept}
    for message in identified(to_messages(messages, raw=True), kept):
        assert message.id
        after[message.id] = message
    return list(after.values())


@given(SPOKEN, st.integers(0, 3))
@settings(deadline=None)
def test_an_agents_conversation_is_kept_once_however_often_it_is_put(turns: list[Any], unnamed: int) -> None:
    kept: list[Message] = []
    for end in range(1, len(turns) + 1):
        whole = conversation(turns[:end])
        fresh = [human(str(message.content)) for message in whole if message.id == f"h{end - 1}"]
        kept = put(kept, [*fresh[:unnamed], *whole])
        assert [message.id for message in kept] == [message.id for message in whole]
        assert put(kept, [*fresh[:unnamed], *whole]) == kept


@given(SPOKEN)
@settings(deadline=None)
def test_a_person_who_has_no_ids_is_known_by_the_answers(turns: list[Any]) -> None:
    whole = [*conversation(turns), ai("Bye", "end")]
    nameless = [human(str(message.content)) if message.type == "human" else message for message in whole]
    renamed = [
        human(str(message.content), f"new-{at}") if message.type == "human" else message
        for at, message in enumerate(whole)
    ]
    kept = put([], nameless)
    assert [message.content for message in kept] == [message.content for message in whole]
    assert put(kept, nameless) == put(kept, renamed) == kept


# Histories that an application has already.


class Plain:
    pass


def inner() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return InMemoryChatMessageHistory()


def test_any_history_goes_on_as_it_is_and_is_learned_from(
    store: Memory, colour: Colour, runner: asyncio.Runner
) -> None:
    own, plain = inner(), inner()
    history = Talk(RememberingHistory(own, store, "s", user_id="ada"), colour, runner)
    chunk = AIMessageChunk(content="Nice!", id="a1")
    plain.add_messages([human("I live in Oslo."), chunk])
    assert history.add(human("I live in Oslo."), chunk) == own.messages == plain.messages
    store.flush()
    assert "Oslo" in store.get_all(user_id="ada")[0].text
    assert "Oslo" in history.context("Where does she live?")
    history.clear()
    assert own.messages == store.messages("s", user_id="ada") == []
    assert store.get_all(user_id="ada")


def test_an_agent_around_any_history_is_learned_from_once(store: Memory) -> None:
    history = RememberingHistory(inner(), store, "s", user_id="ada")
    whole = conversation([("yes", True), ("no", True)])
    history.add_messages([human("yes"), *whole[:2]])
    history.add_messages([human("no"), *whole])
    assert [message.id for message in store.messages("s", user_id="ada")] == ["h0", "a0", "h1", "a1"]
    assert len(history.messages) == 8  # as it was without us


def test_a_history_of_langchain_community_is_learned_from(store: Memory, tmp_path: Path) -> None:
    pytest.importorskip("langchain_community", reason="needs the extra `community`")
    code = f"""
import warnings; warnings.simplefilter("ignore")
from langchain_community.chat_message_histories import FileChatMessageHistory
from langchain_core.messages import AIMessage, HumanMessage
from langchain_memx import RememberingHistory
from memx_core import Memory
from memx_core.testing import FakeEmbedder
memory = Memory(embedder=FakeEmbedder(), database={str(tmp_path / "c.db")!r}, background=False)
history = RememberingHistory(FileChatMessageHistory({str(tmp_path / "c.json")!r}), memory, "s", user_id="ada")
history.add_messages([HumanMessage("I live in Oslo."), AIMessage("Nice!")])
memory.flush()
print(history, memory.get_all(user_id="ada")[0].text)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Human: I live in Oslo.\nAI: Nice!")


def test_histories_outlive_the_base_class_that_langchain_removes(tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules["langchain_core.chat_history"] = None
import asyncio
from langchain_core.messages import AIMessage, HumanMessage
from langchain_memx import MemxChatMessageHistory, RememberingHistory
from memx_core import Memory
from memx_core.testing import FakeEmbedder
memory = Memory(embedder=FakeEmbedder(), database={str(tmp_path / "r.db")!r}, background=False)
history = MemxChatMessageHistory(memory, "s", user_id="ada")
history.add_user_message("hello")
history.add_ai_message(AIMessage("Hi"))
asyncio.run(history.aadd_messages([HumanMessage("bye")]))
print(history)
around = RememberingHistory(history, memory, "other", user_id="ada")
around.add_message(HumanMessage("more"))
print(len(around.messages), len(memory.messages("other", user_id="ada")))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Human: hello\nAI: Hi\nHuman: bye\n4 1\n"
