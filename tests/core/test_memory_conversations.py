"""The verbatim transcript: kept, replaced by id, found, blanked."""

from __future__ import annotations

import pytest

from memx_core import Message
from memx_core.testing import ScriptedLLM
from tests.answers import NOTHING, adds, deletes, updates
from tests.conftest import Door

pytestmark = pytest.mark.databases

ADA = {"user_id": "ada"}


def contents(door: Door, session: str, **ids: str) -> list[str]:
    return [message.content for message in door.messages(session, **(ids or ADA))]


def test_a_message_whose_id_is_known_replaces_the_former(memory: Door) -> None:
    memory.put_messages("s", [{"role": "user", "content": "helo", "id": "1"}], learn=False, **ADA)
    memory.put_messages(
        "s", [{"role": "user", "content": "hello", "id": "1"}, Message("assistant", "hi", id="2")], learn=False, **ADA
    )
    assert contents(memory, "s") == ["hello", "hi"]
    memory.put_messages("other", [Message("user", "elsewhere", id="1")], learn=False, **ADA)
    assert contents(memory, "s") == ["hello", "hi"]
    (hit,) = memory.search("hello", include_messages=True, limit=1, **ADA)
    assert (hit.memory.text, hit.message.session_id) == ("hello", "s")


def test_messages_are_kept_to_the_letter(memory: Door) -> None:
    said = Message("user", "  Grüße \n\t🤖 ", name="Zoë", id="x", metadata={"k": [1, {"a": None}]})
    memory.put_messages("s", said, learn=False, **ADA)
    (kept,) = memory.messages("s", **ADA)
    assert (kept.role, kept.content, kept.name, kept.id) == ("user", said.content, "Zoë", "x")
    assert kept.metadata == {"k": [1, {"a": None}]}
    assert kept.timestamp is not None


def test_a_limit_gives_the_last_turns(memory: Door) -> None:
    memory.put_messages("s", [Message("user", str(number)) for number in range(5)], learn=False, **ADA)
    assert [message.content for message in memory.messages("s", limit=2, **ADA)] == ["3", "4"]


def test_putting_queues_the_learning(memory: Door, llm: ScriptedLLM) -> None:
    result = memory.put_messages("s", Message("user", "I'm Ada, I live in Oslo"), **ADA)
    assert result.status == "queued"
    assert llm.calls == []
    assert [hit.memory.kind for hit in memory.search("Oslo", include_messages=True, **ADA)] == ["message"]
    llm.queue(adds("Ada lives in Oslo"))
    memory.flush(**ADA)
    assert [item.text for item in memory.get_all(**ADA)] == ["Ada lives in Oslo"]
    assert contents(memory, "s") == ["I'm Ada, I live in Oslo"]


def test_system_and_recalled_messages_are_kept_and_not_learned_from(memory: Door, llm: ScriptedLLM) -> None:
    said = [
        Message("system", "You are a pirate."),
        Message("tool", '{"weather": "rain"}'),
        Message("user", "Ada lives in Oslo", origin="recalled"),
    ]
    result = memory.add(said, session_id="s", **ADA)
    assert result.changes == ()
    assert llm.calls == []
    assert len(memory.messages("s", **ADA)) == 3


def test_clearing_blanks_a_conversation_and_keeps_what_was_learned(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"))
    memory.add(Message("user", "I'm Ada, I live in Oslo", id="1"), session_id="s", **ADA)
    memory.add(Message("user", "hello", id="1"), session_id="t", infer=False, **ADA)
    assert memory.clear_messages("s", **ADA) == 1
    assert memory.clear_messages("s", **ADA) == 0
    assert contents(memory, "s") == []
    assert contents(memory, "t") == ["hello"]
    found = memory.search("I'm Ada, I live in Oslo", include_messages=True, **ADA)
    assert {hit.memory.text for hit in found if hit.memory.kind == "message"} <= {"hello"}
    assert "Ada lives in Oslo" in {item.text for item in memory.get_all(**ADA)}
    memory.put_messages("s", Message("user", "again", id="1"), learn=False, **ADA)
    assert contents(memory, "s") == ["again"]


def test_a_transcript_is_seen_by_its_owner_only(memory: Door) -> None:
    memory.put_messages("s", Message("user", "mine"), learn=False, **ADA)
    memory.put_messages("s", Message("user", "theirs"), learn=False, user_id="bob")
    assert contents(memory, "s") == ["mine"]
    assert memory.clear_messages("s", user_id="bob") == 1
    assert contents(memory, "s") == ["mine"]


def test_earlier_turns_are_shown_for_understanding(memory: Door, llm: ScriptedLLM) -> None:
    memory.put_messages("s", Message("assistant", "Do you have any pets, Ada?"), learn=False, **ADA)
    memory.put_messages("other", Message("assistant", "Unrelated chatter"), learn=False, **ADA)
    llm.queue(adds("Ada has a cat"))
    memory.add("Yes, a cat", session_id="s", **ADA)
    (prompt,) = llm.prompts
    assert "Do you have any pets" in prompt
    assert "Unrelated chatter" not in prompt


def test_what_was_retracted_is_not_recalled_from_its_message_either(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada has a dog called Rex"), deletes(0, "forget about my dog"), NOTHING)
    memory.add("I'm Ada, my dog is called Rex", session_id="s", **ADA)
    memory.add("Please forget about my dog.", session_id="s", **ADA)
    assert "Rex" not in str(memory.recall("Which dog does Ada have?", **ADA))
    assert contents(memory, "s")[0] == "I'm Ada, my dog is called Rex"
    memory.add("Hello again", session_id="s", **ADA)
    assert "Rex" not in llm.prompts[-1]


def test_a_deleted_memory_and_its_message_are_not_recalled(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"), adds("Ada has a cat"))
    (home,) = memory.add("I'm Ada, I live in Oslo", session_id="s", **ADA).changes
    memory.add("I'm Ada, I have a cat", session_id="s", **ADA)
    memory.delete(home.memory_id, **ADA)
    assert "Oslo" not in str(memory.recall("Where does Ada live?", **ADA))
    assert "cat" in str(memory.recall("Which pets?", **ADA))
    memory.delete_all(**ADA)
    assert str(memory.recall("Which pets?", **ADA)) == ""
    assert len(contents(memory, "s")) == 2


def test_a_recalled_block_in_a_message_is_not_learned_again(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Oslo"), adds("Ada has a cat", quote="a cat"))
    memory.add("I'm Ada, I live in Oslo", **ADA)
    block = str(memory.recall("Where does Ada live?", **ADA))
    (change,) = memory.add(f"{block}\nI have a cat", session_id="s", **ADA).changes
    assert "Oslo" not in llm.prompts[-1].rsplit("<messages>", 1)[1]
    assert change.new_text == "Ada has a cat"
    calls = len(llm.calls)
    assert memory.add(block, session_id="s", **ADA).changes == ()
    assert len(llm.calls) == calls
    assert contents(memory, "s") == [f"{block}\nI have a cat", block]


def test_a_message_whose_news_has_changed_says_so_when_it_is_recalled(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada lives in Bergen"), updates(0, "Ada lives in Oslo"))
    memory.add("I'm Ada, I live in Bergen", **ADA)
    memory.add("I moved to Oslo", **ADA)
    lines = str(memory.recall("Where does Ada live?", **ADA)).splitlines()
    assert [line for line in lines if "Bergen" in line and "partly out of date" not in line] == []
    assert [line for line in lines if "Oslo" in line and "partly out of date" in line] == []


def test_asking_to_forget_does_not_itself_bring_it_back(memory: Door, llm: ScriptedLLM) -> None:
    llm.queue(adds("Ada's brother is getting divorced"), deletes(0, "forget about my brother's divorce"))
    memory.add("I'm Ada, my brother is getting divorced", session_id="s", **ADA)
    asked = [Message("user", "Please forget about my brother's divorce"), Message("assistant", "The divorce? Gone.")]
    memory.add(asked, session_id="s", **ADA)
    assert "divorce" not in str(memory.recall("How is Ada's brother?", **ADA))
    assert len(contents(memory, "s")) == 3


def test_of_two_messages_with_one_id_in_one_call_the_last_counts(memory: Door) -> None:
    said = [Message("user", "helo", id="1"), Message("assistant", "hi", id="2"), Message("user", "hello", id="1")]
    memory.put_messages("s", said, learn=False, **ADA)
    assert contents(memory, "s") == ["hello", "hi"]


def test_a_message_that_is_put_again_as_it_was_is_not_learned_from_again(memory: Door, llm: ScriptedLLM) -> None:
    said = Message("user", "I'm Ada, I live in Oslo", id="1")
    memory.put_messages("s", said, **ADA)
    llm.queue(adds("Ada lives in Oslo"), NOTHING)
    memory.flush()
    memory.delete_all(**ADA)
    assert memory.put_messages("s", said, **ADA).status == "done"
    assert memory.put_messages("s", [said, Message("user", "Hello", id="2")], **ADA).status == "queued"
    memory.flush()
    assert "Oslo" not in llm.prompts[-1]
    assert "Oslo" not in str(memory.recall("Where does Ada live?", **ADA))
    memory.put_messages("s", Message("user", "I live in Rome", id="1"), **ADA)
    llm.queue(adds("Ada lives in Rome", subject="Ada"))
    memory.flush()
    assert "Rome" in str(memory.recall("Where does Ada live?", **ADA))


def test_a_message_is_no_longer_found_by_what_it_said_before(memory: Door) -> None:
    for role, content in (("user", ""), ("tool", "lantern")):
        memory.put_messages("s", Message("user", "lantern", id=role), learn=False, **ADA)
        assert len(memory.search("lantern", include_messages=True, **ADA)) == 1
        memory.put_messages("s", Message(role, content, id=role), learn=False, **ADA)
        assert memory.search("lantern", include_messages=True, **ADA) == []


def test_single_turns_of_a_conversation_can_be_cleared(memory: Door) -> None:
    said = [Message("user", name, id=name) for name in ("one", "two", "three")]
    memory.put_messages("s", said, learn=False, **ADA)
    memory.put_messages("other", said, learn=False, **ADA)
    assert memory.clear_messages("s", message_ids=["one", "three", "nobody's"], **ADA) == 2
    assert (contents(memory, "s"), contents(memory, "other")) == (["two"], ["one", "two", "three"])
    assert memory.clear_messages("s", message_ids=[], **ADA) == 0
    found = [hit.message for hit in memory.search("three", include_messages=True, **ADA)]
    assert [message.session_id for message in found if message.content == "three"] == ["other"]


def test_what_an_agent_notes_for_itself_is_kept_and_not_learned_from(memory: Door, llm: ScriptedLLM) -> None:
    said = [
        Message("user", "Where do I live?"),
        Message("assistant", "I shall look up the lighthouse", origin="scratchpad"),
        Message("assistant", "In Oslo."),
    ]
    memory.put_messages("s", said, **ADA)
    llm.queue(NOTHING)
    memory.flush()
    assert "lighthouse" not in llm.prompts[0]
    assert "In Oslo." in llm.prompts[0]
    assert contents(memory, "s")[1] == "I shall look up the lighthouse"


def test_the_conversations_of_a_scope_are_told_in_the_order_they_began(memory: Door) -> None:
    for session in ("b", "a", "c", "b"):
        memory.put_messages(session, "Hello", learn=False, **ADA)
    memory.put_messages("bob's", "Hello", learn=False, user_id="bob")
    memory.add("Hello", infer=False, **ADA)
    memory.clear_messages("c", **ADA)
    assert memory.sessions(**ADA) == memory.scoped(**ADA).sessions() == ["b", "a"]
