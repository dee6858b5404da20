"""What memx itself put into a prompt is never learned again, however it comes back."""

from __future__ import annotations

import html
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memx_core import Message
from memx_core.echoes import CLOSING, OPENING, blanked
from memx_core.testing import ScriptedLLM
from tests.answers import NOTHING, adds
from tests.conftest import Door

ADA = {"user_id": "ada"}
BLOCK = """<memories>
- [8 May 2023] Rosa: "I moved to Oslo"
- [May 2024 ("last May"); said 3 June 2024] "Rosa said \\"hi\\"\\nand left for Oslo"
</memories>"""


def wrapped(kind: str, block: str) -> str:
    lines = block.split("\n")
    return {
        "plain": block,
        "fenced": f"```text\n{block}\n```",
        "inline": f"`{block}`",
        "indented": "\n".join(f"    {line}" for line in lines),
        "quoted": "\n".join(f"> {line}" for line in lines),
        "quoted twice": "\n".join(f"> > {line}" for line in lines),
        "carriage returns": "\r\n".join(lines),
        "one line": " ".join(lines),
        "json": json.dumps({"context": block}),
        "json in json": json.dumps({"arguments": json.dumps({"context": block})}),
        "json without angles": json.dumps({"context": block}).replace("<", "\\u003c").replace(">", "\\u003e"),
        "json with slashes": json.dumps({"context": block}).replace("/", "\\/"),
        "html": html.escape(block, quote=False),
    }[kind]


KINDS = [
    "plain",
    "fenced",
    "inline",
    "indented",
    "quoted",
    "quoted twice",
    "carriage returns",
    "one line",
    "json",
    "json in json",
    "json without angles",
    "json with slashes",
    "html",
]
BEGINNINGS = {"html": "&lt;memories&gt;", "json without angles": "\\u003cmemories\\u003e"}
ENDS = {
    "html": "&lt;/memories&gt;",
    "json without angles": "\\u003c/memories\\u003e",
    "json with slashes": "<\\/memories>",
}
WITH_LINES = [kind for kind in KINDS if kind != "one line"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_block_is_known_in_whatever_it_is_wrapped(kind: str) -> None:
    text = f"I have a cat.\n{wrapped(kind, BLOCK)}\nI have a dog."
    left = blanked(text)
    assert len(left) == len(text)
    assert "cat" in left
    assert "dog" in left
    assert "Oslo" not in left
    assert "Rosa" not in left


@pytest.mark.parametrize("kind", WITH_LINES)
def test_a_block_without_its_end_is_known_by_its_lines(kind: str) -> None:
    text = wrapped(kind, BLOCK)
    left = blanked(f"I have a cat.\n{text[: text.index(ENDS.get(kind, CLOSING))]}")
    assert "cat" in left
    assert "Oslo" not in left


@pytest.mark.parametrize("kind", WITH_LINES)
def test_a_block_without_its_beginning_is_known_by_its_lines(kind: str) -> None:
    text, beginning = wrapped(kind, BLOCK), BEGINNINGS.get(kind, OPENING)
    left = blanked(f"{text[text.index(beginning) + len(beginning) :]}\nI have a dog.")
    assert "dog" in left
    assert "Oslo" not in left


@pytest.mark.parametrize("at", range(len(OPENING), len(BLOCK) - len(CLOSING) + 1))
def test_a_block_may_be_divided_between_two_turns(at: int) -> None:
    first, second = blanked(f"I have a cat.\n{BLOCK[:at]}"), blanked(f"{BLOCK[at:]}\nI have a dog.")
    assert ("cat" in first, "dog" in second) == (True, True)
    assert "Oslo" not in first
    assert "Oslo" not in second


def test_an_unclosed_block_does_not_swallow_what_is_said_after_it() -> None:
    cut = BLOCK[: BLOCK.index("</")]
    left = blanked(f"{cut}\nI have a cat.\n{BLOCK}\nI have a dog.")
    assert ("cat" in left, "dog" in left, "Oslo" in left) == (True, True, False)


def test_a_header_of_the_application_goes_with_its_block() -> None:
    left = blanked(BLOCK.replace("<memories>", "<memories>\nWhat you know of Oslo:").replace("</memories>", "") + "Hi!")
    assert left.strip() == "Hi!"


PARTS = ["<memories>", "</memories>", "\n", '"', "\\", "\\n", "- [8 May 2023] ", "> ", "a", " "]


@pytest.mark.parametrize(
    "said",
    [
        "My list:\n- [ ] buy milk\n- [x] call Rosa in 2024",
        "- [8 May 2023] Rosa: I moved",
        "I keep my memories in a box.",
        "The tag is called memories, in angle brackets",
        'She said "so" \\n twice',
    ],
)
def test_what_people_write_stays(said: str) -> None:
    assert blanked(said) == said


@given(st.lists(st.sampled_from(PARTS)).map("".join))
@example("<memories>" * 50)
@example('"\\n</memories>')
def test_blanking_keeps_every_place_and_comes_to_an_end(text: str) -> None:
    left = blanked(text)
    assert len(left) == len(text)
    assert OPENING not in left
    assert CLOSING not in left
    assert blanked(left) == left
    assert all(new in (old, " ") for old, new in zip(text, left, strict=True))


def test_a_long_text_is_looked_through_quickly() -> None:
    lines = '- [8 May 2023] "x"\n' * 20_000
    for text in (lines, f"{lines}</memories>", f"<memories>\n{lines}", "<memories>" * 20_000, "</memories>\n" * 20_000):
        assert len(blanked(text)) == len(text)


@pytest.mark.parametrize("kind", ["plain", "quoted", "fenced", "json"])
@pytest.mark.parametrize("way", ["add", "later", "put", "several", "assistant"])
def test_no_way_into_the_memory_learns_what_came_out_of_it(memory: Door, llm: ScriptedLLM, kind: str, way: str) -> None:
    llm.queue(adds("Ada lives in Oslo", subject="Ada"))
    memory.add("I'm Ada, I live in Oslo", **ADA)
    block = str(memory.recall("Where does Ada live?", include_messages=False, **ADA))
    said = f"{wrapped(kind, block)}\nI have a cat"
    llm.queue(adds("Ada has a cat", quote="a cat"))
    if way == "add":
        memory.add(said, session_id="s", **ADA)
    elif way == "later":
        memory.add(said, session_id="s", wait=False, **ADA)
    elif way == "put":
        memory.put_messages("s", said, **ADA)
    elif way == "several":
        memory.add(wrapped(kind, block), session_id="s", wait=False, **ADA)
        memory.add("I have a cat", session_id="s", wait=False, **ADA)
    else:
        memory.add([Message("assistant", said), Message("tool", block)], session_id="s", wait=False, **ADA)
    memory.flush()
    assert "Oslo" not in llm.prompts[-1].rsplit("<messages>", 1)[1]
    assert {item.text for item in memory.get_all(**ADA)} == {"Ada lives in Oslo", "Ada has a cat"}
    assert any("Oslo" in message.content for message in memory.messages("s", **ADA))
    llm.queue(NOTHING)
    memory.add("Hello", session_id="s", **ADA)
    assert "I live in Oslo" not in llm.prompts[-1]


@pytest.mark.parametrize("kind", ["plain", "fenced", "quoted", "one line"])
def test_no_model_is_asked_about_what_only_repeats(memory: Door, llm: ScriptedLLM, kind: str) -> None:
    said = wrapped(kind, BLOCK).replace("```text", "```")
    assert memory.add([Message("user", said), Message("assistant", json.dumps(BLOCK))], **ADA).changes == ()
    assert llm.calls == []


def test_what_only_repeats_is_no_verbatim_memory(memory: Door) -> None:
    result = memory.add(
        [Message("user", "Ada lives in Oslo", origin="recalled"), Message("user", BLOCK)], infer=False, **ADA
    )
    assert result.changes == ()
    assert len(memory.messages(None, **ADA)) == 2


def test_a_verbatim_memory_is_of_the_persons_own_words(memory: Door) -> None:
    (change,) = memory.add(f"Look:\n{BLOCK}\nI have a cat", infer=False, **ADA).changes
    assert change.new_text == "Look:\nI have a cat"
