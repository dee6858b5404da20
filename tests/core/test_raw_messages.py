"""What an application keeps with a turn comes back as it was, and takes no part in anything."""

from __future__ import annotations

import pytest

from memx_core import InvalidInputError, Message
from memx_core.testing import ScriptedLLM
from tests.answers import NOTHING
from tests.conftest import Door, MakeDoor

PICTURE = {"type": "human", "data": {"content": [{"type": "image", "base64": "QUJD" * 50_000}], "n": 1.5, "none": None}}


def put(memory: Door, **fields: object) -> None:
    memory.put_messages("s", [Message("user", "Look at this.", id="1", **fields)], user_id="ada", learn=False)


def test_it_comes_back_as_it_was_however_large_a_picture_is(make: MakeDoor) -> None:
    memory = make()
    put(memory, raw=PICTURE)
    (message,) = memory.messages("s", user_id="ada")
    assert message.raw == PICTURE


def test_without_one_there_is_none(make: MakeDoor) -> None:
    memory = make()
    put(memory)
    (message,) = memory.messages("s", user_id="ada")
    assert message.raw is None


def test_a_turn_that_comes_again_brings_its_new_one(make: MakeDoor) -> None:
    memory = make()
    put(memory, raw={"n": 1})
    put(memory, raw={"n": 2})
    (message,) = memory.messages("s", user_id="ada")
    assert message.raw == {"n": 2}


def test_no_model_sees_it_and_no_search_finds_it(make: MakeDoor) -> None:
    llm = ScriptedLLM([NOTHING])
    memory = make(llm=llm)
    memory.add(Message("user", "I bought a boat.", raw={"secret": "zebra"}), user_id="ada")
    assert "zebra" not in repr(llm.calls)
    assert "zebra" not in str(memory.recall("zebra boat", user_id="ada"))


def test_it_is_gone_with_the_conversation(make: MakeDoor) -> None:
    memory = make()
    put(memory, raw=PICTURE)
    memory.clear_messages("s", user_id="ada")
    assert memory.messages("s", user_id="ada") == []


@pytest.mark.parametrize("raw", ["text", [1], {1: "a"}, {"n": float("nan")}, {"s": object()}])
def test_what_is_no_json_object_is_refused(make: MakeDoor, raw: object) -> None:
    with pytest.raises(InvalidInputError, match="raw"):
        make().add([{"role": "user", "content": "Hi there", "raw": raw}], user_id="ada")
