"""What of a proposal holds: each row of what code does about a model's mistakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memx_core.reconciliation import Limits, reconcile
from memx_core.text import normal_form
from memx_core.types import MemoryItem, Message, Proposal, ProposalRequest, ProposedOperation

AT = datetime(2024, 5, 15, 12, tzinfo=UTC)
HOME, WORK, CAT = "Noor lives in Bodø", "Noor works at Polaris", "Noor has a cat named Ovid"
SAID = "Hi, I'm Noor. We moved to Tromsø last month, and I don't eat fish anymore."


def memory(text, number=0, **fields):
    blank = dict.fromkeys(("user_id", "agent_id", "run_id", "valid_from", "valid_to", "expires_at"))
    known = {"metadata": {}, "kind": "fact", "version": 3, "created_at": AT, "updated_at": AT, "status": "active"}
    return MemoryItem(id=f"m{number}", text=text, **{**blank, **known, **fields})


KNOWN = tuple(memory(text, number) for number, text in enumerate((HOME, WORK, CAT)))


def user(text, **fields):
    return Message("user", text, **{"timestamp": AT, **fields})


def weigh(*operations, messages=(SAID,), known=KNOWN, limits=None, context=()):
    """What holds of `operations`, given what was said (a string is the user's) and is known."""
    said = tuple(user(each) if isinstance(each, str) else each for each in messages)
    request = ProposalRequest(said, tuple(known), tuple(context))
    ids = count()
    return reconcile(Proposal(operations), request, new_id=lambda: f"new{next(ids)}", limits=limits)


def add(text, **fields):
    return ProposedOperation("ADD", text, **fields)


def update(target, text, **fields):
    return ProposedOperation("UPDATE", text, target=target, **fields)


def delete(target, quote="", **fields):
    return ProposedOperation("DELETE", target=target, quote=quote, **fields)


def done(reconciled):
    """Event, memory and text of each operation."""
    return [(each.event, each.memory_id, each.text) for each in reconciled.operations]


def codes(reconciled):
    return [warning.split(":")[0] for warning in reconciled.warnings]


# Plain operations -------------------------------------------------------------------------------


def test_an_addition_gets_an_id_evidence_and_the_time_it_was_said():
    quote = "we  moved to TROMSØ"
    (operation,) = weigh(
        add("Noor lives in Tromsø", messages=(0,), quote=quote, subject="Noor", slot="Home")
    ).operations
    assert (operation.event, operation.memory_id, operation.expected_version) == ("ADD", "new0", 0)
    assert (operation.subject, operation.slot, operation.said_at) == ("Noor", "home", AT)
    (evidence,) = operation.evidence
    assert (evidence.message, evidence.quote, evidence.start) == (0, "We moved to Tromsø", SAID.index("We moved"))


def test_an_update_takes_the_place_of_the_version_that_was_shown():
    (operation,) = weigh(update(0, "Noor lives in Tromsø")).operations
    assert (operation.event, operation.memory_id, operation.text) == ("UPDATE", "m0", "Noor lives in Tromsø")
    assert (operation.old_text, operation.expected_version, operation.ended) == (HOME, 3, False)


def test_an_update_keeps_subject_and_slot_unless_it_names_others():
    known = [memory(HOME, subject="Noor", slot="home")]
    (operation,) = weigh(update(0, "Noor lives in Tromsø"), known=known).operations
    assert (operation.subject, operation.slot) == ("Noor", "home")


def test_a_confirmation_adds_evidence_and_never_a_text():
    said = "Ovid, my cat, sleeps."
    (operation,) = weigh(
        ProposedOperation("NONE", "Noor has two cats", target=2, quote="my cat"), messages=[said]
    ).operations
    assert (operation.event, operation.memory_id, operation.text, operation.old_text) == ("NONE", "m2", CAT, CAT)
    assert operation.evidence[0].quote == "my cat"


def test_a_confirmation_by_messages_that_say_nothing_of_it_is_dropped():
    assert weigh(ProposedOperation("NONE", target=2)).operations == ()


def test_a_contradiction_stands_beside_what_it_contradicts():
    (operation,) = weigh(ProposedOperation("CONFLICT", "Noor lives in Tromsø", target=0)).operations
    assert (operation.event, operation.memory_id, operation.conflicts_with) == ("CONFLICT", "new0", "m0")


def test_nothing_proposed_is_nothing_done():
    assert done(weigh()) == []


# Handles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [-1, -2, 3, 10**9])
@pytest.mark.parametrize("event", ["UPDATE", "CONFLICT"])
def test_what_is_about_a_memory_that_was_not_shown_becomes_an_addition(event, target):
    weighed = weigh(ProposedOperation(event, "Noor lives in Tromsø", target=target))
    assert (done(weighed), codes(weighed)) == ([("ADD", "new0", "Noor lives in Tromsø")], ["unknown_id"])


def test_an_update_of_nothing_becomes_an_addition():
    weighed = weigh(update(None, "Noor lives in Tromsø"))
    assert (done(weighed), codes(weighed)) == ([("ADD", "new0", "Noor lives in Tromsø")], ["missing_id"])


@pytest.mark.parametrize("target", [-1, 3, 10**9])
def test_a_deletion_of_what_was_not_shown_is_dropped(target):
    weighed = weigh(delete(target, "I don't eat fish anymore"))
    assert (done(weighed), codes(weighed)) == ([], ["unknown_id"])


def test_a_deletion_of_nothing_is_dropped_whatever_text_it_names():
    weighed = weigh(ProposedOperation("DELETE", HOME, quote="I don't eat fish anymore"))
    assert (done(weighed), codes(weighed)) == ([], ["missing_id"])


def test_an_addition_is_new_whatever_handle_it_carries():
    assert done(weigh(add("Noor lives in Tromsø", target=1))) == [("ADD", "new0", "Noor lives in Tromsø")]


def test_what_is_gone_by_now_is_not_changed():
    known = [replace(KNOWN[0], status="deleted"), *KNOWN[1:]]
    weighed = weigh(update(0, "Noor lives in Tromsø"), delete(0, "I don't eat fish anymore"), known=known)
    assert (done(weighed), codes(weighed)) == ([("ADD", "new0", "Noor lives in Tromsø")], ["outdated", "outdated"])


def test_an_old_text_that_belongs_to_another_handle_wins_over_the_handle():
    weighed = weigh(update(1, "Noor lives in Tromsø", old_text=HOME.upper()))
    assert (done(weighed), codes(weighed)) == ([("UPDATE", "m0", "Noor lives in Tromsø")], ["unknown_id"])


def test_a_deletion_whose_old_text_is_anothers_is_dropped():
    weighed = weigh(delete(1, "I don't eat fish anymore", old_text=HOME))
    assert (done(weighed), codes(weighed)) == ([], ["unknown_id"])


def test_an_old_text_that_is_nobodys_makes_an_update_an_addition():
    weighed = weigh(update(1, "Noor lives in Tromsø", old_text="Marta plays chess"))
    assert (done(weighed), codes(weighed)) == ([("ADD", "new0", "Noor lives in Tromsø")], ["unknown_id"])


def test_an_old_text_in_other_words_is_the_handles():
    assert done(weigh(update(0, "Noor lives in Tromsø", old_text="lives in Bodø (Norway)")))[0][:2] == ("UPDATE", "m0")


# Known already ----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [HOME, HOME.upper(), f"  {HOME}. "])
@pytest.mark.parametrize("operation", [add, lambda text: update(0, text), lambda text: update(1, text)])
def test_a_text_that_is_known_is_not_written_again(operation, text):
    weighed = weigh(operation(text), messages=["Yes, Bodø is where I live."])
    assert [each[:2] for each in done(weighed)] == [("NONE", "m0")]


def test_an_update_to_what_another_memory_says_makes_two_memories_one():
    known = [memory("Noor lives in Tromsø", 0), memory("Noor moved to Bodø", 1)]
    weighed = weigh(update(1, "Noor lives in Tromsø"), known=known)
    assert [each[:2] for each in done(weighed)] == [("NONE", "m0"), ("DELETE", "m1")]
    assert not weighed.operations[1].retracts


def test_a_text_proposed_twice_is_written_once_with_both_evidences():
    weighed = weigh(
        add("Noor lives in Tromsø", quote="We moved to Tromsø"),
        add("noor LIVES in Tromsø.", quote="I'm Noor"),
    )
    assert done(weighed) == [("ADD", "new0", "Noor lives in Tromsø")]
    assert [each.quote for each in weighed.operations[0].evidence] == ["We moved to Tromsø", "I'm Noor"]
    assert weighed.warnings == ()


def test_an_addition_that_an_update_says_too_is_the_update():
    assert done(weigh(add("Noor lives in Tromsø"), update(0, "Noor lives in Tromsø"))) == [
        ("UPDATE", "m0", "Noor lives in Tromsø")
    ]


# Several operations on one memory ---------------------------------------------------------------


def test_of_two_updates_of_one_memory_the_last_holds_with_the_evidence_of_both():
    weighed = weigh(
        update(0, "Noor lives in Tromsø", quote="I'm Noor"),
        update(0, "Noor moved to Tromsø", quote="We moved to Tromsø"),
    )
    assert done(weighed) == [("UPDATE", "m0", "Noor moved to Tromsø")]
    assert {each.quote for each in weighed.operations[0].evidence} == {"I'm Noor", "We moved to Tromsø"}
    assert codes(weighed) == ["conflicting_ops"]
    assert "Noor lives in Tromsø" in weighed.warnings[0]


def test_the_last_that_holds_counts_not_the_last_that_was_proposed():
    weighed = weigh(update(0, "Noor lives in Tromsø"), update(0, "Noor lives in Karasjok"))
    assert (done(weighed), codes(weighed)) == ([("UPDATE", "m0", "Noor lives in Tromsø")], ["ungrounded"])


@pytest.mark.parametrize("order", [1, -1])
def test_a_deletion_and_an_update_of_one_memory_are_an_update(order):
    weighed = weigh(*[delete(0), update(0, "Noor lives in Tromsø")][::order])
    assert (done(weighed), codes(weighed)) == ([("UPDATE", "m0", "Noor lives in Tromsø")], ["conflicting_ops"])


def test_a_confirmation_beside_an_update_is_its_evidence():
    weighed = weigh(ProposedOperation("NONE", target=0, quote="I'm Noor"), update(0, "Noor lives in Tromsø"))
    assert [each[:2] for each in done(weighed)] == [("UPDATE", "m0")]
    assert weighed.warnings == ()


# Deletions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "quote"),
    [
        ("Please forget that I have a cat.", "forget that I have a cat"),
        ("No, I don\u2019t   have a cat, that was a joke!", "I don't have a cat"),
        ("WE GAVE OVID AWAY", "we gave Ovid away"),
        ("That was a mistake, scratch that.", "scratch that"),
        (
            "\u30aa\u30f4\u30a3\u30c9\u306e\u3053\u3068\u306f\u5fd8\u308c\u3066\u304f\u3060\u3055\u3044",
            "\u5fd8\u308c\u3066",
        ),
    ],
)
def test_a_deletion_with_the_users_own_words_holds(said, quote):
    weighed = weigh(delete(2, quote), messages=[said])
    assert (done(weighed), weighed.warnings) == ([("DELETE", "m2", CAT)], ())
    assert (weighed.operations[0].old_text, weighed.operations[0].expected_version) == (CAT, 3)
    assert weighed.operations[0].retracts


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("said", ["Please forget that I have a cat.", "I work a lot. I lied: there is no cat."])
def test_who_asks_to_forget_one_thing_does_not_ask_to_forget_another(said, target):
    quote = "forget that" if "forget" in said else "I lied"
    weighed = weigh(delete(target, quote), messages=[said])
    assert done(weighed) == []
    assert codes(weighed) == ["unrelated_delete"]
    assert done(weigh(delete(2, quote), messages=[said])) == [("DELETE", "m2", CAT)]


@pytest.mark.parametrize(
    "said", ["Forget that last thing, please.", "I have a cat, yes. That thing about Bodø? Forget it."]
)
def test_what_is_to_be_forgotten_need_not_be_named(said):
    quote = "Forget that last thing" if "last" in said else "Forget it"
    assert done(weigh(delete(0, quote), messages=[said])) == [("DELETE", "m0", HOME)]


def test_what_is_to_be_forgotten_may_be_named_in_another_language():
    known = [memory("User has a parrot", 0), memory("User lives in Utrecht", 1)]
    said = "Bitte vergiss das mit dem Papagei, den habe ich in Utrecht gelassen."
    assert done(weigh(delete(0, "vergiss das"), messages=[said], known=known)) == [("DELETE", "m0", known[0].text)]


@pytest.mark.parametrize("quote", ["", "forget my cat", "cat", "I'm Noor", "anymore", "I don't eat fish"])
def test_a_deletion_that_nobody_asked_for_is_dropped(quote):
    weighed = weigh(delete(2, quote))
    assert (done(weighed), codes(weighed)) == ([], ["unrelated_delete"])


@pytest.mark.parametrize("other", [delete(2), delete(2, "no such words"), ProposedOperation("NONE", target=2)])
def test_a_deletion_that_nobody_asked_for_gains_nothing_by_company(other):
    weighed = weigh(delete(2), other, messages=["My cat sleeps."])
    assert ([each.event for each in weighed.operations if each.event != "NONE"], codes(weighed)) == (
        [],
        ["unrelated_delete"],
    )


def test_the_assistants_words_delete_nothing():
    weighed = weigh(
        delete(2, "forget about your cat"), messages=["Hm.", Message("assistant", "Just forget about your cat.")]
    )
    assert (done(weighed), codes(weighed)) == ([], ["unrelated_delete"])


def test_a_deletion_that_was_said_before_the_memory_was_is_outdated():
    known = [memory(CAT, said_at=AT + timedelta(days=1))]
    weighed = weigh(delete(0, "forget my cat"), messages=["Please forget my cat"], known=known)
    assert (done(weighed), codes(weighed)) == ([], ["outdated"])


@pytest.mark.parametrize("order", [1, -1])
def test_a_deletion_beside_what_replaces_it_is_one_update(order):
    weighed = weigh(*[delete(0), add("Noor moved to Tromsø last month")][::order])
    assert (done(weighed), weighed.warnings) == ([("UPDATE", "m0", "Noor moved to Tromsø last month")], ())
    assert weighed.operations[0].old_text == HOME


def test_the_same_attribute_of_the_same_subject_is_replaced_in_any_words():
    known = [memory("Noor er lærer", subject="Noor", slot="job")]
    new = add("Noor jobber som lege", subject="Noor", slot="job")
    assert done(weigh(delete(0), new, messages=["Jeg, Noor, er lege nå"], known=known))[0][:2] == ("UPDATE", "m0")


def test_an_addition_about_something_else_replaces_nothing():
    weighed = weigh(delete(2), add("Noor has a dog named Pia"), messages=["I have a dog named Pia now"])
    assert (done(weighed), codes(weighed)) == ([("ADD", "new0", "Noor has a dog named Pia")], ["unrelated_delete"])


def test_a_memory_that_another_takes_in_may_go():
    weighed = weigh(update(0, "Noor lives in Tromsø and works at Polaris"), delete(1))
    assert [each[:2] for each in done(weighed)] == [("UPDATE", "m0"), ("DELETE", "m1")]
    assert weighed.warnings == ()


def test_a_denial_takes_nothing_in():
    weighed = weigh(
        add("Nobody at Polaris has a cat named Ovid"), delete(2), messages=["Polaris, Ovid, cat named, nobody"]
    )
    assert codes(weighed) == ["unrelated_delete"]


# Time -------------------------------------------------------------------------------------------


def test_an_update_said_before_the_memory_was_is_stored_as_ended():
    known = [memory(HOME, said_at=AT + timedelta(days=1))]
    assert weigh(update(0, "Noor lives in Tromsø"), known=known).operations[0].ended


def test_the_latest_evidence_tells_when_it_was_said():
    messages = [user("I'm Noor."), user("We moved to Tromsø.", timestamp=AT + timedelta(hours=1))]
    (operation,) = weigh(add("Noor moved to Tromsø", messages=(0, 1)), messages=messages).operations
    assert operation.said_at == AT + timedelta(hours=1)


@pytest.mark.parametrize(
    "operation",
    [
        add("Noor moved to Tromsø", when="last month", messages=(0,)),
        add("Noor moved to Tromsø last month"),
        add("Noor moved to Tromsø", quote="We moved to Tromsø last month"),
    ],
    ids=["said", "in the text", "in the quote"],
)
def test_a_time_is_resolved_against_when_its_message_was_said(operation):
    when = weigh(operation).operations[0].when
    assert (when.start, when.end) == (datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC))
    assert (when.precision, when.phrase) == ("month", "last month")


@pytest.mark.parametrize("when", ["next year", "one of these days", "yesterday or tomorrow"])
def test_a_time_that_was_not_said_or_is_doubtful_is_not_guessed(when):
    assert weigh(add("Noor moved to Tromsø", when=when)).operations[0].when is None


# Evidence ---------------------------------------------------------------------------------------

TALK = ("We moved to Tromsø.", Message("assistant", "Is Tromsø cold?", timestamp=AT), "Yes! And my cat hates snow.")


@pytest.mark.parametrize(
    ("operation", "found"),
    [
        (add("The cat hates snow", quote="hates snow", messages=(2,)), [(2, "hates snow", 16)]),
        (add("The cat hates snow", quote="hates snow", messages=(0,)), [(2, "hates snow", 16)]),
        (add("The cat hates snow", quote="loves ice", messages=(2, 2, 9, -1)), [(2, TALK[2], -1)]),
        (add("The cat hates snow", quote="hates snow", messages=(0, 2)), [(2, "hates snow", 16), (0, TALK[0], -1)]),
        (add("The cat hates snow"), [(2, TALK[2], -1)]),
        (add("The weather is cold", quote="is Tromsø COLD"), [(1, "Is Tromsø cold", 0)]),
        (add("Something happened"), [(0, TALK[0], -1)]),
    ],
    ids=["quoted", "wrong number", "wrong quote", "two messages", "nothing given", "assistant", "no words in common"],
)
def test_evidence_is_found_wherever_it_is(operation, found):
    (done,) = weigh(operation, messages=TALK).operations
    assert [(each.message, each.quote, each.start) for each in done.evidence] == found


def test_a_quote_is_not_found_within_another_word():
    (operation,) = weigh(add("The art is old", quote="art"), messages=["Let us start with the old art."]).operations
    assert operation.evidence[0].start == 26


# Limits -----------------------------------------------------------------------------------------


def test_operations_beyond_the_limit_are_left_out():
    weighed = weigh(*[add("Noor moved")] * 3, update(0, "Noor lives in Tromsø"), limits=Limits(operations=3))
    assert (done(weighed), codes(weighed)) == ([("ADD", "new0", "Noor moved")], ["too_many"])


def test_a_text_beyond_the_limit_is_left_out_and_shown_in_part():
    weighed = weigh(add("Noor moved " + "far " * 300))
    assert (done(weighed), codes(weighed)) == ([], ["too_long"])
    assert len(weighed.warnings[0]) < 200


@pytest.mark.parametrize("operation", [add(""), add("  "), update(0, ""), ProposedOperation("CONFLICT", target=0)])
def test_an_operation_without_a_text_changes_nothing(operation):
    weighed = weigh(operation)
    assert (done(weighed), codes(weighed)) == ([], ["missing_text"])


@given(st.lists(st.builds(delete, st.integers(0, 2), st.sampled_from(["", "nobody said this"])), max_size=5))
def test_no_number_of_unasked_deletions_deletes_anything(operations):
    assert weigh(*operations).operations == ()


# Whatever is proposed ---------------------------------------------------------------------------

PROPOSED = st.builds(
    ProposedOperation,
    event=st.sampled_from(["ADD", "UPDATE", "DELETE", "NONE", "CONFLICT"]),
    text=st.sampled_from(["", HOME, WORK, "Noor moved to Tromsø", "Noor lives in Tromsø", "Noor eats no fish"])
    | st.text(),
    target=st.none() | st.integers(-2, 4),
    messages=st.lists(st.integers(-1, 3), max_size=2).map(tuple),
    quote=st.sampled_from(["", "I don't eat fish", "We moved", "last month"]) | st.text(max_size=5),
    when=st.sampled_from(["", "last month", "in 1999"]),
    old_text=st.sampled_from(["", HOME, CAT]),
)


@given(st.lists(PROPOSED, max_size=6))
def test_whatever_is_proposed_no_memory_is_changed_twice_and_no_text_is_written_twice(operations):
    weighed = weigh(*operations)
    changed = [each.memory_id for each in weighed.operations]
    written = [normal_form(each.text) for each in weighed.operations if each.event in ("ADD", "UPDATE", "CONFLICT")]
    assert len(changed) == len(set(changed))
    assert len(written) == len(set(written))
    assert set(written).isdisjoint(map(normal_form, (HOME, WORK, CAT)))
    assert all(each.evidence and each.evidence[0].message == 0 for each in weighed.operations)
    assert len(weighed.operations) + len(weighed.warnings) <= 3 * len(operations)
