"""Long conversations in pieces: nothing lost, nothing twice, and numbers that lead back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memx_core.extraction.pieces import CONTEXT, OVERHEAD, merge, split
from memx_core.text import estimate_tokens
from memx_core.types import Message, Proposal, ProposedOperation, Usage

TEXT = st.text(st.characters(codec=None) | st.sampled_from(" .\n\u3002"), max_size=400)


def said(*texts):
    return [Message("user" if at % 2 == 0 else "assistant", text, id=str(at)) for at, text in enumerate(texts)]


def put_together(pieces):
    """The texts of the conversation, from its pieces."""
    texts: dict[int, str] = {}
    for piece in pieces:
        for position, message in zip(piece.positions, piece.messages, strict=True):
            texts[position] = texts.get(position, "") + message.content
    return [texts[position] for position in sorted(texts)]


def test_a_short_conversation_is_one_piece_as_it_is():
    messages = said("Hi", "", "Bye")
    (piece,) = split(messages)
    assert (piece.messages, piece.positions, piece.context) == (tuple(messages), (0, 1, 2), ())


def test_no_messages_make_no_piece():
    assert split([]) == []


@given(st.lists(TEXT, max_size=8), st.integers(OVERHEAD + 8, 200))
def test_nothing_is_lost_and_no_piece_is_too_long(texts, most):
    pieces = split(said(*texts), max_tokens=most)
    assert put_together(pieces) == texts
    for piece in pieces:
        assert sum(estimate_tokens(message.content) + OVERHEAD for message in piece.messages) <= most


@pytest.mark.parametrize("character", ["a", "\u6f22", "\U0001f600", " ", "\n"])
def test_a_message_without_a_border_is_divided_too(character):
    pieces = split(said(character * 300_000))
    assert put_together(pieces) == [character * 300_000]
    assert len(pieces) > 1


def test_a_message_is_divided_where_a_sentence_ends():
    sentence = "The ferry to the island leaves twice a day. "
    parts = [message.content for piece in split(said(sentence * 300)) for message in piece.messages]
    assert len(parts) > 1
    assert all(part.endswith(". ") for part in parts)


def test_a_sentence_without_end_is_divided_between_words():
    parts = [message.content for piece in split(said("ferry " * 5000)) for message in piece.messages]
    assert len(parts) > 1
    assert all(part.endswith("ferry ") for part in parts)


def test_the_parts_of_a_message_keep_who_said_it_and_when():
    pieces = split([Message("user", "ferry " * 5000, name="Noor", id="7")])
    assert {(message.name, message.id) for piece in pieces for message in piece.messages} == {("Noor", "7")}


def test_a_piece_brings_the_end_of_the_one_before_along():
    messages = said(*["ferry " * 500] * 12)
    first, second, *_ = split(messages)
    assert second.context == first.messages[-CONTEXT:]


def test_what_was_proposed_for_pieces_counts_messages_of_the_conversation():
    pieces = split(said("a", "ferry " * 3000, "z"))
    last = len(pieces) - 1
    proposals = [
        Proposal(
            (ProposedOperation("ADD", f"fact {at}", target=at, messages=(0, len(piece.messages) - 1, 99)),),
            (f"code: {at}",),
            Usage(calls=1, input_tokens=10),
            "model",
        )
        for at, piece in enumerate(pieces)
    ]
    merged = merge(pieces, proposals)
    assert [each.text for each in merged.operations] == [f"fact {at}" for at in range(last + 1)]
    assert [each.target for each in merged.operations] == [*range(last + 1)]
    assert {position for each in merged.operations for position in each.messages} == {0, 1, 2}
    assert (merged.operations[0].messages, merged.operations[-1].messages) == ((0,), (2,))
    assert merged.warnings == tuple(f"code: {at}" for at in range(last + 1))
    assert (merged.usage, merged.proposer) == (Usage(calls=last + 1, input_tokens=10 * (last + 1)), "model")


def test_one_piece_merged_is_its_proposal():
    proposal = Proposal((ProposedOperation("ADD", "x", messages=(1, 0)),), ("w: x",), Usage(calls=1), "m")
    assert merge(split(said("a", "b")), [proposal]) == proposal
