"""LangChain's messages as memx's and back: every type, every kind of content."""

from __future__ import annotations

import json

import pytest
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    HumanMessageChunk,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_memx.messages import from_message, to_message, to_messages
from memx_core import Message

PIXELS = "iVBORw0KGgo" * 100
CALL = {"name": "look", "args": {"place": "Oslo"}, "id": "call-1", "type": "tool_call"}
EVERY_TYPE: list[BaseMessage] = [
    HumanMessage("Hello", id="h", name="Ada", additional_kwargs={"mood": "good"}),
    AIMessage("", id="a", tool_calls=[CALL], usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}),
    AIMessage([{"type": "text", "text": "Fine"}, {"type": "reasoning", "reasoning": "hm"}], id="b"),
    SystemMessage("Be kind", id="s"),
    ToolMessage("sunny", tool_call_id="call-1", artifact={"degrees": 21}, id="t"),
    FunctionMessage(content="sunny", name="look", id="f"),
    ChatMessage(content="Hi", role="Bob", id="c"),
    HumanMessage([{"type": "image", "base64": PIXELS, "mime_type": "image/png"}], id="i"),
]


@pytest.mark.parametrize("message", EVERY_TYPE, ids=lambda message: f"{message.type}-{message.id}")
def test_a_message_comes_back_as_it_was(message: BaseMessage) -> None:
    kept = to_message(message, raw=True)
    json.dumps(kept.raw, allow_nan=False)
    assert from_message(kept) == message


@pytest.mark.parametrize(
    ("message", "role", "name"),
    [
        (HumanMessage("x", name="Ada"), "user", "Ada"),
        (AIMessage("x"), "assistant", None),
        (SystemMessage("x"), "system", None),
        (ToolMessage("x", tool_call_id="1", name="look"), "tool", "look"),
        (FunctionMessage(content="x", name="look"), "tool", "look"),
        (ChatMessage(content="x", role="assistant"), "assistant", None),
        (ChatMessage(content="x", role="Developer"), "system", None),
        (ChatMessage(content="x", role="Bob"), "user", "Bob"),
        (HumanMessage("x", additional_kwargs={"lc_source": "summarization"}), "system", None),
    ],
)
def test_only_people_and_the_assistant_speak_for_themselves(message: BaseMessage, role: str, name: str | None) -> None:
    kept = to_message(message)
    assert (kept.role, kept.name) == (role, name)


def test_chunks_of_a_stream_are_kept_as_whole_messages() -> None:
    chunk = AIMessageChunk(content="Hel", id="1") + AIMessageChunk(content="lo", id="1")
    back = from_message(to_message(chunk, raw=True))
    assert type(back) is AIMessage
    assert back.content == "Hello"
    assert type(from_message(to_message(HumanMessageChunk(content="Hi"), raw=True))) is HumanMessage


def test_requests_to_remove_a_message_are_no_messages() -> None:
    assert to_messages([RemoveMessage(id="1"), HumanMessage("Hi")]) == [to_message(HumanMessage("Hi"))]


@pytest.mark.parametrize(
    ("block", "text"),
    [
        ({"type": "text", "text": "A boat"}, "A boat"),
        ("A boat", "A boat"),
        ({"type": "output_text", "text": "A boat"}, "A boat"),
        ({"type": "text-plain", "mime_type": "text/plain", "text": "A boat"}, "A boat"),
        ({"type": "image", "base64": PIXELS, "mime_type": "image/png"}, "[image]"),
        ({"type": "image", "base64": PIXELS, "extras": {"caption": "a red\nboat"}}, "[image: a red boat]"),
        ({"type": "image", "url": "https://example.com/boat.png"}, "[image: https://example.com/boat.png]"),
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXELS}"}}, "[image]"),
        ({"type": "image_url", "image_url": "https://example.com/b.png"}, "[image: https://example.com/b.png]"),
        ({"type": "image_url", "image_url": {"url": "https://e.org/b.png"}}, "[image: https://e.org/b.png]"),
        ({"type": "image", "source": {"type": "base64", "data": PIXELS}}, "[image]"),
        ({"type": "image", "file_id": "file-7"}, "[image: file-7]"),
        ({"type": "image", "image": PIXELS}, "[image]"),
        ({"type": "image_url", "image_url": {"url": PIXELS}}, "[image]"),
        ({"type": "audio", "audio": PIXELS + "=="}, "[audio]"),
        ({"type": "image", "image": "boats/red.png"}, "[image: boats/red.png]"),
        ({"type": "input_audio", "input_audio": {"data": PIXELS, "format": "wav"}}, "[audio]"),
        ({"type": "audio", "base64": PIXELS, "extras": {"transcript": "Good morning"}}, "[audio: Good morning]"),
        ({"type": "file", "base64": PIXELS, "filename": "plan.pdf"}, "[file: plan.pdf]"),
        ({"type": "non_standard", "value": {"type": "text", "text": "A boat"}}, "A boat"),
        ({"type": "reasoning", "reasoning": "hm"}, ""),
        ({"type": "tool_call", "name": "look", "args": {}, "id": "1"}, ""),
        ({"type": "tool_use", "name": "look", "input": {}, "id": "1"}, ""),
        ({"type": "text", "text": None}, ""),
        ({}, ""),
        (7, ""),
    ],
)
def test_content_is_read_as_text_or_as_a_reference(block: object, text: str) -> None:
    message = HumanMessage.model_construct(content=[block], type="human", additional_kwargs={}, id=None, name=None)
    assert to_message(message).content == text


def test_no_byte_of_a_picture_gets_into_the_text() -> None:
    blocks = [{"type": "text", "text": "Look"}, {"type": "image", "base64": PIXELS, "extras": {"alt": "a boat"}}]
    assert to_message(HumanMessage(blocks)).content == "Look\n[image: a boat]"


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        (f"Look: ![boat](data:image/png;base64,{PIXELS}) nice?", "Look: ![boat]([image]) nice?"),
        (f"data:audio/wav;codecs=1;base64,{PIXELS}==", "[audio]"),
        (f'<img src="DATA:IMAGE/svg+xml;charset=utf-8;base64,{PIXELS}">', '<img src="[image]">'),
        (f"data:application/pdf;base64,{PIXELS}", "[file]"),
        ("The data: 3;base64, or so", "The data: 3;base64, or so"),
        ("metadata:image is a word", "metadata:image is a word"),
    ],
)
def test_a_picture_that_somebody_pasted_into_the_text_is_no_text(pasted: str, text: str) -> None:
    assert to_message(HumanMessage(pasted)).content == text
    assert to_message(HumanMessage([{"type": "text", "text": pasted}])).content == text
    assert from_message(to_message(HumanMessage(pasted), raw=True)).content == pasted


@pytest.mark.parametrize(
    ("role", "kind"),
    [("user", HumanMessage), ("assistant", AIMessage), ("system", SystemMessage), ("tool", ToolMessage)],
)
def test_what_another_door_kept_is_read_as_well(role: str, kind: type[BaseMessage]) -> None:
    back = from_message(Message(role, "Hello", name="Ada", id="1"))
    assert type(back) is kind
    assert (back.content, back.name, back.id) == ("Hello", "Ada", "1")


def test_what_json_has_no_form_for_is_kept_as_text() -> None:
    message = HumanMessage("Hi", additional_kwargs={"at": object, "n": float("nan")})
    json.dumps(to_message(message, raw=True).raw, allow_nan=False)
