"""`recall` without the turns that the prompt holds anyway."""

from __future__ import annotations

from typing import Any

import pytest

from memx_core import InvalidInputError, Message
from tests.conftest import Door

ADA = {"user_id": "ada"}


def keep(memory: Door, *texts: str, session: str = "s") -> None:
    turns = [Message("user", text, id=f"{session}-{at}") for at, text in enumerate(texts)]
    memory.put_messages(session, turns, learn=False, **ADA)


def test_a_turn_that_the_prompt_holds_is_not_recalled(memory: Door) -> None:
    keep(memory, "I painted the boat green.", "The boat is called Petrel.")
    everything = memory.recall("What about the boat?", **ADA)
    rest = memory.recall("What about the boat?", exclude_messages=["s-0"], **ADA)
    assert "green" in everything.text
    assert "green" not in rest.text
    assert "Petrel" in rest.text


def test_what_was_learned_from_it_is(memory: Door, llm: Any) -> None:
    memory.add([Message("user", "My boat is green.", id="m")], infer=False, **ADA)
    assert "green" in str(memory.recall("Which colour?", exclude_messages={"m"}, **ADA))


def test_a_handle_of_one_scope_leaves_it_out_too(memory: Door) -> None:
    keep(memory, "I painted the boat green.")
    assert memory.scoped(**ADA).recall("the boat", exclude_messages=("s-0",)).text == ""


def test_however_many_are_left_out_the_others_are_found(memory: Door) -> None:
    keep(memory, *(f"The boat has plank number {number}." for number in range(500)))
    keep(memory, "Once upon a time somebody had an old boat in a shed.", session="t")
    block = memory.recall("boat plank number", exclude_messages=[f"s-{at}" for at in range(500)], limit=1, **ADA)
    assert "in a shed" in block.text


@pytest.mark.parametrize("ids", ["s-0", 7, None, [7], [None]])
def test_what_are_no_ids_is_refused(memory: Door, ids: Any) -> None:
    with pytest.raises(InvalidInputError, match="exclude_messages"):
        memory.recall("boat", exclude_messages=ids, **ADA)
