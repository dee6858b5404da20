"""Near duplicates by vector are folded; what differs in a number, a name or a not is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from memx_core.reconciliation import Reconciled, fold_duplicates
from memx_core.types import Evidence, MemoryItem, Operation

AT = datetime(2024, 5, 15, 12, tzinfo=UTC)
TEA = "Noor drinks green tea"


def memory(text, id="known"):
    blank = dict.fromkeys(("user_id", "agent_id", "run_id", "valid_from", "valid_to", "expires_at"))
    return MemoryItem(
        id=id, text=text, metadata={}, kind="fact", version=4, created_at=AT, updated_at=AT, status="active", **blank
    )


def operation(event, text, id="new", at=0, **fields):
    return Operation(event, id, text, evidence=(Evidence(at, text, 0),), said_at=AT, **fields)


def fold(*operations, nearest=None, alike=None):
    return fold_duplicates(Reconciled(operations, ("kept: as it is",)), nearest or {}, alike or {})


def test_a_near_duplicate_becomes_evidence_for_what_is_known():
    folded = fold(operation("ADD", "Noor drinks tea that is green"), nearest={0: [(memory(TEA), 0.98)]})
    (done,) = folded.operations
    assert (done.event, done.memory_id, done.text, done.old_text, done.expected_version) == (
        "NONE",
        "known",
        TEA,
        TEA,
        4,
    )
    assert done.evidence == (Evidence(0, "Noor drinks tea that is green", 0),)
    assert folded.warnings == ("kept: as it is",)


def test_the_nearest_may_differ_while_the_next_does_not():
    nearest = {0: [(memory("Noor drinks 2 green teas", "other"), 0.99), (memory(TEA), 0.98)]}
    assert fold(operation("ADD", TEA), nearest=nearest).operations[0].memory_id == "known"


DIFFERENT = ["Noor drinks 2 green teas", "Noor drinks no green tea", "Noor doesn't drink green tea"]
DIFFERENT += ["Erik drinks green tea", "Noor drinks green tea with Ada", "Noor drinks Japanese tea"]


@pytest.mark.parametrize("text", DIFFERENT)
def test_what_differs_in_what_vectors_blur_is_no_duplicate(text):
    same = operation("ADD", text)
    assert fold(same, nearest={0: [(memory(TEA), 0.999)]}).operations == (same,)
    pair = (operation("ADD", TEA, "a"), operation("ADD", text, "b"))
    assert fold(*pair, alike={(0, 1): 0.999}).operations == pair


def test_what_is_only_similar_is_no_duplicate():
    same = operation("ADD", "Noor drinks black tea")
    assert fold(same, nearest={0: [(memory(TEA), 0.96)]}).operations == (same,)


def test_what_is_changed_by_the_same_proposal_takes_no_duplicate():
    changes = (operation("UPDATE", "Noor drinks coffee", "known", old_text=TEA), operation("ADD", TEA))
    assert fold(*changes, nearest={1: [(memory(TEA), 1.0)]}).operations == changes


def test_a_contradiction_is_no_duplicate_of_what_it_contradicts():
    conflict = operation("CONFLICT", "Noor drinks some green tea", conflicts_with="known")
    assert fold(conflict, nearest={0: [(memory(TEA), 0.98)]}).operations == (conflict,)


def test_a_rewording_of_the_memory_itself_is_an_update():
    update = operation("UPDATE", "Noor drinks tea that is green", "known", old_text=TEA)
    assert fold(update, nearest={0: [(memory(TEA), 0.98)]}).operations == (update,)


def test_an_update_to_what_another_memory_says_makes_them_one():
    update = operation("UPDATE", "Noor lives in Tromsø", "old", old_text="Noor lives in Bodø", expected_version=2)
    done = fold(update, nearest={0: [(memory("Noor is living in Tromsø"), 0.98)]}).operations
    assert [(each.event, each.memory_id) for each in done] == [("NONE", "known"), ("DELETE", "old")]
    assert (done[1].text, done[1].expected_version) == ("Noor lives in Bodø", 2)


def test_two_new_texts_that_say_the_same_are_one_with_both_evidences():
    pair = (operation("ADD", TEA, "a", 0), operation("ADD", "Noor drinks tea that is green", "b", 1))
    (done,) = fold(*pair, alike={(0, 1): 0.98}).operations
    assert (done.memory_id, done.text, [each.message for each in done.evidence]) == ("a", TEA, [0, 1])


@pytest.mark.parametrize("order", [1, -1])
def test_an_update_outlives_an_addition_that_says_the_same(order):
    pair = (operation("UPDATE", TEA, "u", old_text="x"), operation("ADD", "Noor drinks tea that is green", "a"))
    (done,) = fold(*pair[::order], alike={(0, 1): 0.98}).operations
    assert (done.event, done.memory_id, len(done.evidence)) == ("UPDATE", "u", 2)


def test_several_duplicates_of_one_memory_confirm_it_once():
    pair = (operation("ADD", TEA, "a", 0), operation("ADD", "Noor drinks tea that is green", "b", 1))
    near = [(memory(TEA), 0.99)]
    (done,) = fold(*pair, nearest={0: near, 1: near}, alike={(0, 1): 0.98}).operations
    assert (done.event, [each.message for each in done.evidence]) == ("NONE", [0, 1])


def test_a_deletion_and_a_confirmation_are_left_alone():
    pair = (operation("DELETE", TEA, "a"), operation("NONE", TEA, "b"))
    assert fold(*pair, nearest={0: [(memory(TEA), 1.0)]}, alike={(0, 1): 1.0}).operations == pair
