"""How much of its budget a recall fills, and with what."""

from __future__ import annotations

import pytest

from memx_core import Message
from memx_core.testing import FakeEmbedder
from memx_core.text import estimate_tokens
from tests.conftest import Door, MakeDoor

ADA = {"user_id": "ada"}
SHORT = [f"Plum {number}." for number in range(150)]
LONG = [f"The boat with number {number} has a mast, {', '.join(['an oar'] * 40)}." for number in range(60)]


def keep(memory: Door, texts: list[str]) -> None:
    memory.put_messages("s", [Message("user", text) for text in texts], learn=False, **ADA)


@pytest.mark.parametrize("max_tokens", [100, 400, 1200])
@pytest.mark.parametrize("texts", [SHORT, LONG], ids=["short", "long"])
def test_the_budget_is_filled_and_kept(memory: Door, texts: list[str], max_tokens: int) -> None:
    """Whether many short lines fit, or few long ones."""
    keep(memory, texts)
    block = memory.recall("the plum, or the boat", max_tokens=max_tokens, **ADA)
    assert estimate_tokens(block.text) == block.tokens <= max_tokens
    one = block.tokens / len(block.hits)
    assert block.tokens + one > 0.9 * max_tokens


def test_everything_is_recalled_where_it_fits(memory: Door) -> None:
    keep(memory, SHORT[:90])
    assert len(memory.recall("plum", max_tokens=20_000, **ADA).hits) == 90


def test_no_more_lines_than_asked_for(memory: Door) -> None:
    keep(memory, SHORT)
    assert len(memory.recall("plum", max_tokens=5_000, limit=70, **ADA).hits) == 70
    assert len(memory.recall("plum", limit=3, **ADA).hits) == 3


def test_what_repeats_itself_takes_no_room_from_what_follows(memory: Door) -> None:
    keep(memory, ["That is plum nice!"] * 60 + ["A plum tree grows behind the mill."])
    block = memory.recall("That plum is nice!", max_tokens=200, **ADA)
    assert block.text.count("plum nice") == 1
    assert "mill" in block.text


def test_the_embedder_is_asked_once_however_often_more_is_looked_at(make: MakeDoor) -> None:
    embedder = FakeEmbedder()
    memory = make(embedder=embedder)
    keep(memory, SHORT)
    before = len(embedder.calls)
    memory.recall("plum", max_tokens=2_000, **ADA)
    assert len(embedder.calls) == before + 1
