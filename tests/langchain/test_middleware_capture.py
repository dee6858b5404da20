"""What is kept of a turn: everything that was said, by whom it was said, once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from langchain.agents.middleware import SummarizationMiddleware
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph.message import REMOVE_ALL_MESSAGES

from memx_core import Memory, Message
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.answers import NOTHING, adds
from tests.langchain.agents import ADA, calls, kept
from tests.langchain.conftest import MakeTalk
from tests.langchain.models import AgentChat


@tool
def look(place: str) -> str:
    """Looks at a place."""
    return f"{place} is quiet"


@pytest.fixture
def learning(blank: Path, tmp_path: Path, llm: ScriptedLLM) -> Iterator[Memory]:
    """A memory whose model says what there is to learn."""
    path = shutil.copyfile(blank, tmp_path / "learning.db")
    with Memory(llm, FakeEmbedder(), path, background=False) as memory:
        yield memory


def learned(memory: Memory, user: str = "ada") -> set[str]:
    return {item.text for item in memory.get_all(user_id=user)}


def test_a_turn_is_kept_at_once_and_learned_from_later(learning: Memory, llm: ScriptedLLM, talk: MakeTalk) -> None:
    ada = talk(memory=learning)
    ada.say("I live in Oslo.")
    assert kept(learning) == ["I live in Oslo.", "All right."]
    assert llm.calls == []
    llm.queue(adds("User lives in Oslo"))
    learning.flush()
    assert learned(learning) == {"User lives in Oslo"}


def test_each_turn_is_learned_from_once(learning: Memory, llm: ScriptedLLM, talk: MakeTalk) -> None:
    ada = talk(memory=learning, checkpointer=InMemorySaver(), recall=False)
    for said in ("I live in Oslo.", "I have a cat.", "I like tea."):
        ada.say(said)
        llm.queue(NOTHING)
        learning.flush()
    assert kept(learning) == [
        "I live in Oslo.",
        "All right.",
        "I have a cat.",
        "All right.",
        "I like tea.",
        "All right.",
    ]
    assert learning.pending() == []
    assert len(llm.calls) == 3


def test_what_a_stream_that_was_left_early_did_not_keep_the_next_turn_keeps(
    store: Memory, talk: MakeTalk, runner: asyncio.Runner
) -> None:
    ada = talk(checkpointer=InMemorySaver())
    given: Any = {"messages": [HumanMessage("I live in Oslo.")]}
    config: Any = {"configurable": {"thread_id": "t", "user_id": "ada"}}

    async def aleave() -> None:
        stream = ada.agent.astream(given, config, stream_mode="messages")
        async for _ in stream:
            break
        await stream.aclose()

    if ada.style.startswith("a"):
        runner.run(aleave())
    else:
        stream = ada.agent.stream(given, config, stream_mode="messages")
        next(stream)
        stream.close()
    assert kept(store) == []
    ada.say("And I have a cat.")
    assert kept(store) == ["I live in Oslo.", "And I have a cat.", "All right."]


def test_what_a_turn_that_failed_did_not_keep_the_next_one_keeps(store: Memory, talk: MakeTalk) -> None:
    ada = talk(checkpointer=InMemorySaver(), answers=[ConnectionError("the model is away"), "Here I am."])
    with pytest.raises(ConnectionError):
        ada.say("I live in Oslo.")
    assert kept(store) == []
    ada.say("Hello?")
    assert kept(store) == ["I live in Oslo.", "Hello?", "Here I am."]


def test_a_run_that_is_cancelled_is_caught_up_with(store: Memory, talk: MakeTalk, runner: asyncio.Runner) -> None:
    begun = asyncio.Event()

    @tool
    async def wait() -> str:
        """Waits."""
        begun.set()
        await asyncio.Event().wait()
        return "never"

    ada = talk(checkpointer=InMemorySaver(), tools=[wait], answers=[calls("wait", {}), "Yes."])

    async def cancelled() -> None:
        config: Any = {"configurable": {"thread_id": "t", "user_id": "ada"}}
        task = asyncio.ensure_future(ada.agent.ainvoke({"messages": ["I live in Oslo."]}, config))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    runner.run(cancelled())
    assert kept(store) == []
    ada.say("Are you there?")
    assert kept(store) == ["I live in Oslo.", "Are you there?", "Yes."]


# A conversation that becomes shorter -----------------------------------------------------------------


def summarized(keep: int = 2, trigger: int = 4) -> SummarizationMiddleware:
    model = AgentChat(answers=["A summary: she keeps bees."])
    return SummarizationMiddleware(model, trigger=("messages", trigger), keep=("messages", keep))


def test_a_summary_is_never_learned_and_what_it_replaced_is_kept_once(
    learning: Memory, llm: ScriptedLLM, talk: MakeTalk
) -> None:
    ada = talk(memory=learning, checkpointer=InMemorySaver(), after=[summarized()], recall=False)
    said = ["I live in Oslo.", "I have a cat.", "I like tea.", "I own a boat.", "I play chess."]
    for each in said:
        messages = ada.say(each)
    assert "she keeps bees" in str(messages[0].content)
    assert kept(learning) == [words for each in said for words in (each, "All right.")]
    llm.queue(NOTHING)
    learning.flush()
    assert "bees" not in "".join(llm.prompts)


def test_when_the_watermark_is_gone_nothing_is_kept_twice_or_dated_anew(tmp_path: Path, talk: MakeTalk) -> None:
    clock = ManualClock()
    llm = ScriptedLLM([NOTHING, NOTHING])
    with Memory(llm, FakeEmbedder(), tmp_path / "dated.db", background=False, clock=clock) as memory:
        ada = talk(memory=memory, checkpointer=InMemorySaver())
        messages = ada.say("I live in Oslo.")
        dates = [message.timestamp for message in memory.messages("t", **ADA)]
        memory.flush()
        clock.advance(timedelta(days=1))
        # The application drops what was said last, and with it the watermark.
        ada.say([RemoveMessage(id=str(messages[-1].id)), HumanMessage("I have a cat.")])
        assert kept(memory) == ["I live in Oslo.", "All right.", "I have a cat.", "All right."]
        assert [message.timestamp for message in memory.messages("t", **ADA)][:2] == dates
        memory.flush()
        assert llm.calls[1].prompt.count("Oslo") == 1  # as what was said before


def test_a_thread_that_was_emptied_goes_on(store: Memory, talk: MakeTalk) -> None:
    ada = talk(checkpointer=InMemorySaver())
    ada.say("I live in Oslo.")
    ada.say([RemoveMessage(id=REMOVE_ALL_MESSAGES), HumanMessage("I have a cat.")])
    assert kept(store) == ["I live in Oslo.", "All right.", "I have a cat.", "All right."]


def test_what_a_summary_replaces_within_its_own_turn_is_kept_too(store: Memory, talk: MakeTalk) -> None:
    steps = [calls("look", {"place": place}) for place in ("Oslo", "Rome", "Bern")]
    ada = talk(checkpointer=InMemorySaver(), after=[summarized(keep=1)], tools=[look], answers=[*steps, "All quiet."])
    messages = ada.say("My boat is called Petrel; look around for it.")
    assert "Petrel" not in str(messages)
    assert kept(store) == ["My boat is called Petrel; look around for it.", "All quiet."]


def test_what_an_application_removes_itself_is_not_brought_back(store: Memory, talk: MakeTalk) -> None:
    from langchain.agents.middleware import after_model

    @after_model
    def forget(state: Any, runtime: Any) -> Any:
        return {"messages": [RemoveMessage(id=state["messages"][0].id)]}

    ada = talk(checkpointer=InMemorySaver(), after=[forget])
    ada.say("My number is 4711.")
    assert kept(store) == ["All right."]


# Without a checkpointer --------------------------------------------------------------------------


@pytest.mark.parametrize("thread", [None, "t"])
def test_a_conversation_that_the_application_brings_along_is_kept_once(
    store: Memory, talk: MakeTalk, thread: str | None
) -> None:
    ada = talk(recall=False)
    conversation: list[Any] = []
    for said in ("I live in Oslo.", "I have a cat.", "I like tea."):
        conversation.append({"role": "user", "content": said})
        answer = ada.say(list(conversation), thread=thread)[-1]
        conversation.append({"role": "assistant", "content": answer.content})
    assert kept(store, thread=thread) == [message["content"] for message in conversation]


def test_so_is_one_that_it_brings_along_as_it_came_back(store: Memory, talk: MakeTalk) -> None:
    ada = talk(recall=False)
    conversation: list[BaseMessage] = []
    for said in ("I live in Oslo.", "I have a cat.", "I like tea."):
        conversation = ada.say([*conversation, HumanMessage(said)], thread=None)
    assert kept(store, thread=None) == [str(message.content) for message in conversation]


def test_of_what_is_new_all_human_messages_are_kept(store: Memory, talk: MakeTalk) -> None:
    said = [HumanMessage("Hi"), AIMessage("Hello"), HumanMessage("I live in Oslo."), HumanMessage("And you?")]
    talk().say(said, thread=None)
    assert kept(store, thread=None) == ["I live in Oslo.", "And you?", "All right."]


def test_a_thread_that_is_new_to_memx_is_kept_from_its_beginning(store: Memory, talk: MakeTalk) -> None:
    said = [HumanMessage("I live in Oslo."), AIMessage("Nice"), HumanMessage("And you?")]
    talk(checkpointer=InMemorySaver()).say(said)
    assert kept(store) == ["I live in Oslo.", "Nice", "And you?", "All right."]


# Who said it, and how ----------------------------------------------------------------------------


def test_systems_and_tools_are_not_kept(store: Memory, talk: MakeTalk) -> None:
    ada = talk(answers=[calls("look", {"place": "Oslo"}), "Quiet."], tools=[look], agent={"system_prompt": "Be kind."})
    ada.say([SystemMessage("Be brief."), HumanMessage("Look at Oslo.")])
    assert kept(store) == ["Look at Oslo.", "Quiet."]


def test_what_tools_return_is_kept_if_that_is_wanted(store: Memory, talk: MakeTalk) -> None:
    ada = talk(answers=[calls("look", {"place": "Oslo"}), "Quiet."], tools=[look], tool_results=True)
    ada.say("Look at Oslo.")
    assert kept(store) == ["Look at Oslo.", "Oslo is quiet", "Quiet."]
    assert [(message.role, message.name) for message in store.messages("t", **ADA)][1] == ("assistant", "look")


def test_what_was_recalled_is_not_kept_again(store: Memory, talk: MakeTalk) -> None:
    store.add("User is allergic to zucchini", infer=False, **ADA)
    ada = talk()
    ada.say("What is she allergic to?")
    assert "zucchini" in ada.latest
    assert kept(store) == ["What is she allergic to?", "All right."]


def test_chunks_are_kept_as_whole_messages(store: Memory, talk: MakeTalk) -> None:
    chunk = AIMessageChunk(content="Good ", id="1") + AIMessageChunk(content="morning", id="1")
    talk(checkpointer=InMemorySaver()).say([HumanMessageChunk(content="Hi", id="0"), chunk, HumanMessage("I left.")])
    assert kept(store) == ["Hi", "Good morning", "I left.", "All right."]
    assert [message.id for message in store.messages("t", **ADA)][:2] == ["0", "1"]


def test_of_two_messages_with_one_id_the_last_counts(store: Memory, talk: MakeTalk) -> None:
    talk().say([HumanMessage("I live in Rome.", id="1"), HumanMessage("I live in Oslo.", id="1")])
    assert kept(store) == ["I live in Oslo.", "All right."]


def test_a_message_that_is_said_anew_under_its_id_replaces_the_former(store: Memory, talk: MakeTalk) -> None:
    ada = talk(checkpointer=InMemorySaver())
    ada.say([HumanMessage("I live in Rome.", id="1")])
    ada.say([HumanMessage("I live in Oslo.", id="1")])
    assert kept(store) == ["I live in Oslo.", "All right.", "All right."]


def test_two_threads_may_use_the_same_ids(store: Memory, talk: MakeTalk) -> None:
    ada = talk(checkpointer=InMemorySaver())
    ada.say([HumanMessage("I live in Rome.", id="1")], thread="a")
    ada.say([HumanMessage("I live in Oslo.", id="1")], thread="b")
    assert (kept(store, thread="a")[0], kept(store, thread="b")[0]) == ("I live in Rome.", "I live in Oslo.")


def test_of_pictures_the_caption_is_kept(store: Memory, talk: MakeTalk) -> None:
    picture: Any = {
        "type": "image",
        "base64": "iVBORw0KGgo" * 99,
        "mime_type": "image/png",
        "extras": {"alt": "a boat"},
    }
    talk().say([HumanMessage([{"type": "text", "text": "This is mine."}, picture])])
    assert kept(store) == ["This is mine.\n[image: a boat]", "All right."]


def test_who_only_recalls_keeps_nothing(store: Memory, talk: MakeTalk) -> None:
    talk(learn=False, checkpointer=InMemorySaver()).say("I live in Oslo.")
    assert kept(store) == []
    assert store.pending() == []


def test_a_turn_without_words_is_no_failure(store: Memory, talk: MakeTalk) -> None:
    talk(answers=[""]).say([HumanMessage(""), ToolMessage("x", tool_call_id="1")])
    assert kept(store) == []


def test_instructions_and_metadata_reach_what_is_learned(learning: Memory, llm: ScriptedLLM, talk: MakeTalk) -> None:
    ada = talk(memory=learning, instructions="Only notice boats.", metadata={"app": "harbour"})
    ada.say("My boat is called Petrel.")
    llm.queue(adds("User owns a boat called Petrel"))
    learning.flush()
    assert "Only notice boats." in llm.prompts[0]
    (item,) = learning.get_all(**ADA)
    assert item.metadata == {"app": "harbour"}


def test_nothing_is_asked_of_a_model_while_the_agent_answers(
    learning: Memory, llm: ScriptedLLM, talk: MakeTalk
) -> None:
    ada = talk(memory=learning, checkpointer=InMemorySaver())
    for said in ("I live in Oslo.", "I have a cat."):
        ada.say(said)
    assert llm.calls == []
    assert all(isinstance(message, Message) for message in learning.messages("t", **ADA))
