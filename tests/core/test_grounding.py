"""What was said supports a fact, in whatever form; what nobody said is invented."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from memx_core.reconciliation import reconcile
from memx_core.types import MemoryItem, Message, Proposal, ProposalRequest, ProposedOperation

AT = datetime(2024, 5, 15, 12, tzinfo=UTC)
NOOR = "Noor"


def weigh(text, said, *, name=NOOR, event="ADD", known=(), **fields):
    """What comes of one operation, given what one person said."""
    blank = dict.fromkeys(("user_id", "agent_id", "run_id", "valid_from", "valid_to", "expires_at"))
    fixed = {"metadata": {}, "kind": "fact", "version": 1, "created_at": AT, "updated_at": AT, "status": "active"}
    items = tuple(MemoryItem(id=f"m{at}", text=each, **blank, **fixed) for at, each in enumerate(known))
    messages = said if isinstance(said, list) else [Message("user", said, name=name, timestamp=AT)]
    operation = ProposedOperation(event, text, target=0 if event == "UPDATE" else None, **fields)
    return reconcile(Proposal((operation,)), ProposalRequest(tuple(messages), items), new_id=lambda: "new")


def holds(*args, **kwargs):
    weighed = weigh(*args, **kwargs)
    assert bool(weighed.operations) != any(warning.startswith("ungrounded: ") for warning in weighed.warnings)
    return bool(weighed.operations)


SUPPORTED = [
    ("Noor lives in Tromsø", "I live in tromso"),
    ("Noor's sister Ada paints", "My sister is called Ada, she paints"),
    ("Ada's paintings hang at the Polar Museum", "The polar museum shows what Ada paints"),
    ("Noor is a Berliner at heart", "Berlin is home to me"),
    ("Noor has three cats", "We have 3 cats"),
    ("Noor has 3 cats", "We have three cats"),
    ("Noor earns 52,000 kroner", "I earn 52000 kroner"),
    ("Noor has one dog", "I have a dog"),
    ("Noor moved on 14 May 2024", "We moved yesterday"),
    ("Noor moved in April 2024", "We moved last month"),
    ("Noor moved in 2023", "We moved last year"),
    ("Noor moved last month", "We moved a month ago or so"),
    ("As of May 2024 Noor is single", "I am single"),
    ("Noor runs at 6 am", "I run at 6am"),
    ("Noor was born in 1990", "Born in 1990, actually"),
    ("Enjoys hiking", "I like to hike"),
    ("Prefers tea to coffee", "Tea over coffee for me"),
    ("Noor is a Software Engineer", "I am a software engineer"),
    ("User lives in Oslo", "I live in Oslo"),
    ("Noor mag Bücher und Kuchen", "Ich mag Bücher. Und Torte!"),
    ("Noor wohnt seit drei Jahren in einer Wohnung", "Ich wohne seit drei Jahren hier"),
    ("Noor hat 3 Katzen", "Ich habe drei Katzen"),
    ("Noor lives in New York City", "I live in NYC"),
    ("Noor moved to the United States of America", "I moved to the USA"),
    ("Noor is Norwegian", "I come from Norway"),
    ("Noor speaks French", "I grew up in France"),
    ("Noor ran 5 km", "I ran a 5k"),
    ("Noor has two sons", "The twins are my sons"),
    ("Noor was born on July 4", "born 7/4"),
    ("User lives in Munich", "Ich wohne in München und mag das"),
    ("ノアは東京に住んでいる", "東京に住んでいます"),
    ('Noor reads "Dune"', "I am reading Dune"),
]


@pytest.mark.parametrize(("text", "said"), SUPPORTED)
def test_what_was_said_supports_it_in_another_form(text, said):
    assert holds(text, said)


INVENTED = [
    ("Noor is married to Erik", "I got married"),
    ("Erik lives in Oslo", "I live in Oslo"),
    ("Erik's cat is old", "My cat is old"),
    ("Noor has four cats", "I have three cats"),
    ("Noor has 30 cats", "I have 3 cats"),
    ("Noor is 34 years old", "It was my birthday"),
    ("Noor moved in 2019", "We moved last month"),
    ("Noor moved on 3 March 2024", "We moved last month"),
    ("Noor moved in January", "We moved last month"),
    ("Noor moved last week", "We moved"),
    ("Noor works for Polaris in Oslo", "I work in Oslo"),
    ("Noor owes 52,000 kroner", "I owe 52 kroner"),
    ("Noor lives in Oslo", "Moved! New flat, 3 rooms"),
    ("Noor vive en Oslo con Erik", "Vivo en Oslo con mi perro"),
]


@pytest.mark.parametrize(("text", "said"), INVENTED)
def test_what_nobody_said_is_left_out(text, said):
    weighed = weigh(text, said)
    assert (weighed.operations, [each.split(":")[0] for each in weighed.warnings]) == ((), ["ungrounded"])


def test_a_speakers_name_need_not_be_said():
    assert holds("Noor likes tea", "I like tea")
    assert not holds("Erik likes tea", "I like tea")


def test_a_short_name_supports_the_long_one_and_the_other_way_round():
    assert holds("Jonathan likes tea", "I like tea", name="Jon")
    assert holds("Jon likes tea", "I like tea", name="Jonathan")


def test_the_first_name_is_taken_for_a_speaker_whose_name_nobody_knows():
    assert holds("Noor likes tea", "I like tea", name=None)
    assert not holds("Erik likes tea", "I'm Noor and I like tea", name=None)
    assert not holds("Erik likes tea", "I like tea", name=None, known=["Noor has a cat"])
    assert not holds("Noor likes tea with Erik", "I like tea", name=None)


def test_a_known_memory_supports_the_names_it_has():
    assert holds("Noor walks with Ovid", "I walk with my dog", known=["Noor has a dog named Ovid"])


def test_the_memory_that_is_replaced_supports_its_numbers_and_dates():
    known = ["Noor has had 3 cats since May 2019"]
    assert holds("Noor has had 3 cats and a dog since May 2019", "And a dog, now", event="UPDATE", known=known)


def test_a_memory_that_is_not_touched_supports_no_number():
    assert not holds("Noor has 3 dogs", "I have dogs", known=["Noor has 3 cats"])


def test_earlier_turns_support_what_the_new_ones_mean():
    request = ProposalRequest(
        (Message("user", "She loves it there", name=NOOR, timestamp=AT),),
        context=(Message("user", "My sister Ada moved to Oslo in 2021", name=NOOR, timestamp=AT),),
    )
    operation = ProposedOperation("ADD", "Ada has loved Oslo since 2021")
    assert reconcile(Proposal((operation,)), request, new_id=lambda: "new").operations


@pytest.mark.parametrize(
    "unheard",
    [
        Message("system", "You are Vega. Never mention Polaris."),
        Message("tool", "Vega: user works at Polaris"),
        Message("user", "Vega said that she works at Polaris", origin="recalled"),
    ],
    ids=["system", "tool", "recalled"],
)
def test_what_the_application_said_supports_nothing(unheard):
    talk = [unheard, Message("user", "ok, thanks", timestamp=AT)]
    assert not holds("The user works at Polaris", talk)
    assert not holds("Something about work is kept secret", talk, messages=(0,))
    assert not holds("Anything at all", [unheard])


def test_a_subject_that_nobody_mentioned_is_not_kept():
    (operation,) = weigh("Noor likes tea", "I like tea", subject="Erik").operations
    assert operation.subject is None


def test_a_fact_of_which_nobody_said_a_word_is_dropped():
    assert not holds("User owns a yacht", "The soup was lovely.", name=None, quote="I own a yacht")


@pytest.mark.parametrize("quote", ["I quit smoking cigarettes", "cigarettes: no more"])
def test_a_fact_whose_quote_nobody_said_is_kept_with_a_warning(quote):
    weighed = weigh("Noor no longer smokes", "The cigarettes are gone, I quit.", quote=quote)
    assert [each.event for each in weighed.operations] == ["ADD"]
    assert [warning.split(":")[0] for warning in weighed.warnings] == ["misquoted"]


def test_a_translation_need_not_share_a_word_with_what_was_said():
    assert holds("User owns a boat", "Ich habe ein Segelschiff, und das ist alt.", name=None, quote="I own a boat")


def test_a_quote_may_be_of_what_was_said_before():
    before = Message("assistant", "Do you own a yacht?", timestamp=AT)
    operation = ProposedOperation("ADD", "User owns a yacht", quote="own a yacht")
    request = ProposalRequest((Message("user", "Indeed.", timestamp=AT),), context=(before,))
    weighed = reconcile(Proposal((operation,)), request, new_id=lambda: "new")
    assert (len(weighed.operations), weighed.warnings) == (1, ())
