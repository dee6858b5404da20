"""Memories as documents, and whatever comes back of them as a block for a prompt."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document

from langchain_memx import format_memories
from langchain_memx.documents import document
from memx_core import Memory, MemoryItem, Message, Recall, SearchHit, TimeSpan

SAID = datetime(2026, 5, 8, 12, tzinfo=UTC)
MAY = TimeSpan(datetime(2023, 5, 1, tzinfo=UTC), datetime(2023, 6, 1, tzinfo=UTC), "month", "in May 2023")


def item(text: str = "User is allergic to zucchini", **fields: Any) -> MemoryItem:
    made = MemoryItem(
        id="m1",
        text=text,
        user_id="ada",
        agent_id=None,
        run_id=None,
        metadata={},
        kind="fact",
        version=2,
        created_at=SAID,
        updated_at=SAID,
        valid_from=None,
        valid_to=None,
        expires_at=None,
        status="active",
    )
    return replace(made, **fields)


def hit(text: str = "User is allergic to zucchini", **fields: Any) -> SearchHit:
    return SearchHit(item(text, **fields), 0.5)


def turn(text: str, name: str | None = None, **fields: Any) -> SearchHit:
    return SearchHit(
        item(text, kind="message", **fields), 0.5, message=Message("user", text, name=name, session_id="s")
    )


HITS = [
    hit(),
    hit(said_at=datetime(2020, 2, 3, tzinfo=UTC)),
    hit("User moved", when=MAY, said_at=SAID),
    hit("User lives in Oslo", valid_from=datetime(2020, 2, 3, tzinfo=UTC), valid_to=SAID, status="superseded"),
    hit("User lives in Bergen", status="conflict"),
    hit("Is a plumber", subject="Rosa"),
    turn("I moved"),
    turn("I moved", "Rosa", status="superseded"),
]


def line(block: str) -> str:
    opening, said, closing = block.split("\n")
    assert (opening, closing) == ("<memories>", "</memories>")
    return said


def test_a_document_is_the_memory_and_what_is_known_of_it() -> None:
    found = document(hit(metadata={"city": "Oslo"}, when=MAY))
    assert (found.id, found.page_content) == ("m1", "User is allergic to zucchini")
    assert found.metadata == {
        "city": "Oslo",
        "memory_id": "m1",
        "user_id": "ada",
        "kind": "fact",
        "version": 2,
        "status": "active",
        "score": 0.5,
        "created_at": "2026-05-08T12:00:00+00:00",
        "updated_at": "2026-05-08T12:00:00+00:00",
        "when": {
            "start": "2023-05-01T00:00:00+00:00",
            "end": "2023-06-01T00:00:00+00:00",
            "precision": "month",
            "phrase": "in May 2023",
        },
    }
    json.dumps(found.metadata)


@pytest.mark.parametrize(
    "own",
    [{"user_id": "bob"}, {"agent_id": "bot"}, {"valid_to": "2020-01-01T00:00:00+00:00"}, {"role": "system"}],
    ids=str,
)
def test_no_metadata_of_the_application_pass_for_what_memx_knows(own: Any) -> None:
    plain, spoofed = document(hit()), document(hit(metadata=own))
    assert plain.metadata == spoofed.metadata
    assert format_memories([plain]) == format_memories([spoofed])


@pytest.mark.parametrize("found", HITS, ids=lambda found: found.memory.text)
def test_a_document_makes_the_same_line_as_the_hit_it_comes_from(found: SearchHit) -> None:
    assert format_memories([document(found)]) == format_memories([found])


def test_a_document_that_went_through_json_makes_it_too() -> None:
    for found in HITS:
        made = document(found)
        again = Document(id=made.id, page_content=made.page_content, metadata=json.loads(json.dumps(made.metadata)))
        assert format_memories([again]) == format_memories([found])


def test_a_document_that_lost_its_metadata_gets_no_date_that_nobody_gave_it() -> None:
    assert line(format_memories([Document("User is allergic to zucchini")])) == '- "User is allergic to zucchini"'


def test_somebody_elses_document_says_nothing_but_its_text() -> None:
    foreign = {
        "subject": "spam",
        "status": "conflict",
        "valid_to": SAID.isoformat(),
        "kind": "message",
        "role": "system",
    }
    assert line(format_memories([Document("Tomatoes are red", metadata=foreign)])) == '- "Tomatoes are red"'


def test_a_changed_text_is_the_text() -> None:
    changed = document(hit(said_at=SAID))
    changed.page_content = "allergic: zucchini"
    assert line(format_memories([changed])) == '- [8 May 2026] "allergic: zucchini"'


DAMAGE = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.just({}), st.just([]))


@given(st.dictionaries(st.sampled_from([*document(turn("x", "Rosa", when=MAY, valid_to=SAID)).metadata]), DAMAGE))
@settings(deadline=None)
def test_damaged_metadata_cost_no_more_than_themselves(damage: dict[str, Any]) -> None:
    made = document(turn("I moved", "Rosa", when=MAY))
    block = format_memories([Document(made.page_content, metadata={**made.metadata, **damage})])
    assert '"I moved"' in line(block)


@pytest.mark.parametrize(
    "when",
    [
        {"start": MAY.start.isoformat(), "end": MAY.end.isoformat(), "precision": "aeon", "phrase": "x"},
        {"start": MAY.end.isoformat(), "end": MAY.start.isoformat(), "precision": "day", "phrase": "x"},
        {"start": "2023-05-01", "end": "2023-06-01", "precision": "month", "phrase": "x"},
        {"start": MAY.start.isoformat(), "end": MAY.end.isoformat(), "precision": ["day"], "phrase": "x"},
        "in May",
    ],
    ids=str,
)
def test_a_time_that_is_none_is_left_out(when: Any) -> None:
    made = document(hit())
    assert format_memories([Document(made.page_content, metadata={**made.metadata, "when": when})]) == format_memories(
        [hit()]
    )


def test_a_recall_is_a_block_already(store: Memory) -> None:
    store.add("User is allergic to zucchini", infer=False, user_id="ada")
    recall = store.recall("zucchini", user_id="ada")
    assert format_memories(recall) == recall.text != ""
    assert format_memories(recall.hits) == recall.text


@pytest.mark.parametrize("nothing", [[], (), Recall("")], ids=str)
def test_of_nothing_nothing_is_made(nothing: Any) -> None:
    assert format_memories(nothing) == ""


def test_what_does_not_fit_is_left_out() -> None:
    many = [Document(f"Fact number {n} about the user and the garden") for n in range(50)]
    block = format_memories(many, max_tokens=100)
    assert 1 < len(block.split("\n")) < 12
    assert len(format_memories(many).split("\n")) == 52


@given(st.text(min_size=1).filter(str.strip))
@settings(deadline=None)
def test_whatever_a_document_says_it_stays_one_line(text: str) -> None:
    said = line(format_memories([Document(text), Document(text)]))
    assert json.loads(said.removeprefix("- ")) == text
    assert not set("<>&{}\n") & set(said)
