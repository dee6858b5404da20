"""The offline proposer: what it makes of plain sentences, alone and one after another.

What single sentences come to is in `rules_cases.txt`: a sentence, and indented below it each fact
as `slot: text @ time as said`; a sentence with nothing below it says nothing worth keeping.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memx_core.extraction.rules import propose, slots
from memx_core.types import MemoryItem, Message, Proposal, ProposalRequest, ProposedOperation

NOW = datetime(2023, 6, 9, 14, 30, tzinfo=UTC)


def read_cases() -> list[tuple[str, list[str]]]:
    cases: list[tuple[str, list[str]]] = []
    for line in Path(__file__).with_name("rules_cases.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            cases[-1][1].append(line.strip())
        elif line and not line.startswith("# "):
            cases.append((line, []))
    return cases


CASES = read_cases()
TELLING = [(sentence, facts) for sentence, facts in CASES if facts]


def user(text: str, name: str | None = None, **kwargs) -> Message:
    return Message("user", text, name=name, timestamp=NOW, **kwargs)


def said(*messages: Message | str, known: Sequence[MemoryItem] = (), context: Sequence[Message] = ()) -> Proposal:
    turns = tuple(user(each) if isinstance(each, str) else each for each in messages)
    return propose(ProposalRequest(turns, tuple(known), tuple(context)))


def texts(proposal: Proposal) -> list[str]:
    return [operation.text for operation in proposal.operations]


def fact(operation: ProposedOperation) -> str:
    when = f" @ {operation.when}" if operation.when else ""
    return f"{operation.slot}: {operation.text}{when}"


def memory(text: str, slot: str | None, *, subject: str = "User", **kwargs) -> MemoryItem:
    fields: dict[str, Any] = {
        "id": text,
        "text": text,
        "user_id": "u",
        "agent_id": None,
        "run_id": None,
        "metadata": {},
        "kind": "fact",
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "valid_from": None,
        "valid_to": None,
        "expires_at": None,
        "status": "active",
        "subject": subject,
        "slot": slot,
    }
    return MemoryItem(**{**fields, **kwargs})


def applied(known: list[MemoryItem], proposal: Proposal) -> list[MemoryItem]:
    """What is known after `proposal`: the smallest ledger there is."""
    after: list[MemoryItem | None] = list(known)
    for operation in proposal.operations:
        if operation.event == "ADD":
            after.append(memory(operation.text, operation.slot, subject=operation.subject))
            continue
        assert operation.target is not None
        if operation.event == "UPDATE":
            after[operation.target] = replace(known[operation.target], text=operation.text, slot=operation.slot)
        elif operation.event == "DELETE":
            after[operation.target] = None
    return [item for item in after if item]


def told(*turns: str | tuple[str, str]) -> list[str]:
    """What is known in the end, when each turn is proposed on top of what the ones before it left."""
    known: list[MemoryItem] = []
    for turn in turns:
        message = user(turn) if isinstance(turn, str) else user(turn[1], name=turn[0])
        known = applied(known, said(message, known=known))
    return [item.text for item in known]


@pytest.mark.parametrize(("sentence", "facts"), CASES)
def test_a_sentence_says_exactly_these_facts(sentence, facts):
    proposal = said(sentence)
    assert [fact(operation) for operation in proposal.operations] == facts
    for operation in proposal.operations:
        assert (operation.event, operation.messages, operation.subject) == ("ADD", (0,), "User")
        assert operation.quote
        assert operation.quote in sentence
        assert operation.when in sentence or operation.when == "today"


@pytest.mark.parametrize(("sentence", "facts"), TELLING)
def test_a_fact_said_again_is_only_confirmed(sentence, facts):
    known = applied([], said(sentence))
    again = said(sentence, known=known)
    assert {operation.event for operation in again.operations} == {"NONE"}
    assert applied(known, again) == known


@pytest.mark.parametrize(("sentence", "facts"), TELLING)
def test_the_slots_of_a_message_are_asked_for_before_it_is_read(sentence, facts):
    wanted = slots([user(sentence)])
    assert {operation.slot for operation in said(sentence).operations} <= wanted
    assert "name" in wanted


def test_a_message_that_says_nothing_speaks_to_no_slot():
    assert slots([user("Thanks, that's great!"), Message("assistant", "I live in Oslo")]) == frozenset()


BEST_FRIENDS = [
    "User's best friend is called Anna",
    "User's best friend Anna is vegan",
    "User's best friend is called Joe",
    "User's best friend Joe is vegan",
]


@pytest.mark.parametrize(
    ("turns", "known"),
    [
        # What has one value at a time is superseded.
        (["I live in Bergen", "I moved to Oslo"], ["User lives in Oslo"]),
        (["I live in Bergen. Actually, I moved to Oslo last week!"], ["User lives in Oslo"]),
        (["I live in Oslo", "I live in Oslo, Norway", "I live in Norway"], ["User lives in Oslo, Norway"]),
        (["I live in Oslo, Norway", "We moved to Germany last month"], ["User lives in Germany"]),
        (["I'm 30", "I just turned 31", "I am 31 years old"], ["User is 31 years old"]),
        (["I work as a nurse", "I'm a doctor now"], ["User is a doctor"]),
        (["I work as a nurse", "I also work as a yoga teacher"], ["User is a nurse", "User is a yoga teacher"]),
        (["I'm a student at MIT", "I graduated from MIT last week"], ["User graduated from MIT last week"]),
        (["my favourite colour is blue", "my favorite color is green now"], ["User's favorite color is green"]),
        (["My wife's name is Anna", "My wife's name is Eva"], ["User's wife is called Eva"]),
        (["I'm unemployed", "I got a job at Equinor"], ["User works at Equinor"]),
        (["I have two cats", "I have three cats now"], ["User has three cats"]),
        (["I'm pregnant", "We had a baby boy last week"], ["User had a baby boy last week"]),
        (["I have no kids", "I have a son called Max"], ["User has a son called Max"]),
        (["I'm going to Japan in May", "I'm going to Japan in June"], ["User is going to Japan in June"]),
        # What is over goes, or becomes the past.
        (["I live in Bergen", "I no longer live in Bergen"], []),
        (["I live in Bergen", "I don't live in Bergen any more"], []),
        (["I live in Bergen", "I used to live in Bergen"], ["User used to live in Bergen"]),
        (["I work at Google", "I don't work at Google any more"], []),
        (["I work at Google", "I quit my job at Google"], ["User quit their job at Google"]),
        (
            ["I work at Google", "I quit my job at Google. I now work at Telenor."],
            ["User quit their job at Google", "User works at Telenor"],
        ),
        (["I'm a doctor", "I'm not a doctor"], []),
        (["I have a car", "I sold my car"], ["User sold their car"]),
        (["I'm single", "I'm not single anymore"], []),
        (["My girlfriend is called Maya", "we broke up"], ["User broke up with their partner"]),
        (["I'm married to Tom", "Tom and I got divorced", "I'm single"], ["User is single"]),
        (["I play the piano", "I stopped playing the piano"], []),
        (["I smoke", "I quit smoking", "I don't smoke"], ["User does not smoke"]),
        (["I have a dog", "I don't have a dog anymore"], []),
        # Diets and allergies.
        (["I'm vegetarian", "I'm no longer vegetarian"], []),
        (["I'm vegan", "I'm not vegan anymore, I eat meat now"], ["User eats meat"]),
        (["I'm vegetarian", "I eat meat again"], ["User eats meat"]),
        (["I'm vegetarian", "I'm no longer vegetarian, I'm vegan"], ["User is vegan"]),
        (["I don't eat meat", "I'm not vegetarian"], ["User does not eat meat"]),
        (["I don't drink coffee", "I drink coffee now"], ["User drinks coffee"]),
        (["I'm allergic to nuts", "I have a nut allergy", "I'm not allergic to nuts any more"], []),
        # Tastes turn, and turn back.
        (["I love sushi", "I don't like sushi any more"], ["User does not like sushi"]),
        (["I love sushi", "I don't like sushi any more", "I like sushi again"], ["User likes sushi"]),
        (["I love sushi", "I used to love sushi"], []),
        (["I hate running", "I love running now"], ["User loves running"]),
        (["I like sushi", "I like ramen"], ["User likes sushi", "User likes ramen"]),
        (["I'm learning Spanish", "I speak Spanish"], ["User speaks Spanish"]),
        # Plans come true, or to nothing.
        (["I'm going to Japan in May", "I'm back from Japan"], ["User went to Japan"]),
        (["I'm going to Japan in May", "I went to Japan in May, it was great"], ["User went to Japan in May"]),
        (["I'm going to Japan in May", "I'm not going to Japan anymore"], []),
        (["I'm moving to Bergen in May", "I live in Bergen now"], ["User lives in Bergen"]),
        (["I live in Oslo. I'm moving to Bergen in May.", "We moved to Bergen last week"], ["User lives in Bergen"]),
        (
            ["I'm moving to Bergen in May", "I live in Oslo"],
            ["User is moving to Bergen in May", "User lives in Oslo"],
        ),
        # What happens again is another time.
        (
            ["I ran a marathon in 2019", "I ran a marathon in 2022", "I ran a marathon in 2019"],
            ["User ran a marathon in 2019", "User ran a marathon in 2022"],
        ),
        (
            ["I ran a marathon in April", "I ran a marathon in October"],
            ["User ran a marathon in April", "User ran a marathon in October"],
        ),
        (["I'm going to Japan in May", "I cancelled my trip to Japan"], []),
        (
            ["I have a dentist appointment on Friday", "My dentist appointment was moved to Monday"],
            ["User's dentist appointment was moved to Monday"],
        ),
        # Of relatives and animals there may be several.
        (["I have a dog", "My dog is called Rex", "I have a dog named Rex"], ["User has a dog called Rex"]),
        (
            ["I have a dog called Rex", "I also have a dog called Bella", "My dog Rex died last week"],
            ["User's dog Rex died last week", "User has a dog called Bella"],
        ),
        (
            ["My sister Anna lives in Rome", "My sister Eva lives in London", "My sister Anna moved to Paris"],
            [
                "User's sister is called Anna",
                "User's sister Anna moved to Paris",
                "User's sister is called Eva",
                "User's sister Eva lives in London",
            ],
        ),
        (["My sister lives in Rome", "I live in Oslo"], ["User's sister lives in Rome", "User lives in Oslo"]),
        # Corrections.
        (["My name is Martha", "Actually it's spelled Marta, not Martha"], ["User's name is Marta"]),
        (
            ["My name is Martha", "I live in Oslo", "It's spelled Marta, not Martha", "I live in Bergen now"],
            ["User's name is Marta", "Marta lives in Bergen"],
        ),
        (["My dog's name is Max", "It's Rex, not Max"], ["User has a dog called Rex"]),
        (["I live in Bergen", "I meant Oslo, not Bergen"], ["User lives in Oslo"]),
        # Forgetting.
        (["I live at 12 Elm Street. I love tea.", "please forget my address"], ["User loves tea"]),
        (["I love sushi and I love tea", "Forget that I like sushi"], ["User loves tea"]),
        (["I have a dog. I love tea.", "Please forget about my dog"], ["User loves tea"]),
        (["I have a dog. I love tea.", "Forget everything about me"], []),
        (["I love tea", "Forget about the other thing", "Please forget about that"], ["User loves tea"]),
        (["My best friend Anna is vegan", "My best friend Joe is vegan"], BEST_FRIENDS),
        (["I love tea", "Forget it", "Never mind, forget what I said", "I forgot my tea"], ["User loves tea"]),
        # Denials of what nobody knew.
        (["I'm not vegetarian", "I've never been to Rome", "I don't live in Oslo", "I'm not a doctor"], []),
    ],
)
def test_what_is_known_after_several_turns(turns, known):
    assert sorted(told(*turns)) == sorted(known)


def test_a_replaced_fact_is_updated_with_the_words_that_replace_it():
    known = [memory("User lives in Bergen", "home"), memory("User likes tea", "like_tea")]
    (operation,) = said("Big news: I moved to Oslo last month!", known=known).operations
    assert (operation.event, operation.target, operation.text) == ("UPDATE", 0, "User lives in Oslo")
    assert (operation.quote, operation.when) == ("I moved to Oslo last month", "last month")


def test_a_deletion_carries_the_words_that_ask_for_it():
    known = [memory("User is vegetarian", "diet")]
    (operation,) = said("Hm. I'm no longer vegetarian.", known=known).operations
    assert (operation.event, operation.target, operation.text) == ("DELETE", 0, "")
    assert operation.quote == "I'm no longer vegetarian"


def test_no_memory_is_touched_twice():
    known = [memory("User is vegetarian", "diet")]
    operations = said("I'm no longer vegetarian. I'm vegan. No wait, I'm pescatarian.", known=known).operations
    assert [(operation.event, operation.text) for operation in operations] == [("UPDATE", "User is pescatarian")]


def test_facts_say_the_name_once_it_is_known_but_are_kept_under_the_user():
    known = [memory("User's name is Alice", "name")]
    (operation,) = said("I live in Oslo", known=known).operations
    assert (operation.text, operation.subject) == ("Alice lives in Oslo", "User")
    assert texts(said("I live in Oslo and my name is James")) == ["James lives in Oslo", "User's name is James"]
    assert texts(said("I'm James. My dog loves swimming")) == ["User's name is James", "James' dog loves swimming"]


def test_facts_found_before_the_name_was_known_are_still_superseded():
    assert told("I live in Bergen", "My name is Alice", "I moved to Oslo") == [
        "Alice lives in Oslo",
        "User's name is Alice",
    ]


def test_two_people_in_one_conversation_have_a_memory_each():
    assert sorted(
        told(
            ("Ann", "I live in Oslo"),
            ("Bob", "I live in Bergen"),
            ("Ann", "I moved to Rome"),
            ("Bob", "I love cats"),
            ("Ann", "I hate cats"),
            ("Bob", "forget everything about me"),
        )
    ) == ["Ann hates cats", "Ann lives in Rome"]


def test_two_people_in_one_request_are_kept_apart():
    operations = said(user("I live in Oslo", name="Ann"), user("I live in Bergen", name="Bob")).operations
    assert [(each.text, each.subject, each.messages) for each in operations] == [
        ("Ann lives in Oslo", "Ann", (0,)),
        ("Bob lives in Bergen", "Bob", (1,)),
    ]


def test_a_speaker_whose_name_is_known_does_not_tell_it():
    assert texts(said(user("Hi, I'm Ann and I live in Oslo", name="Ann Lee"))) == ["Ann Lee lives in Oslo"]


@pytest.mark.parametrize("name", ["{my}", "  ", "{I}{my}", "x" * 500, "O'Hara", "名前"])
def test_any_name_of_a_speaker_will_do(name):
    (operation,) = said(user("My dog loves swimming", name=name)).operations
    assert operation.text.endswith("dog loves swimming")
    assert "{" not in operation.text


@pytest.mark.parametrize(
    "message",
    [
        Message("assistant", "I live in Oslo", timestamp=NOW),
        Message("system", "I live in Oslo", timestamp=NOW),
        Message("tool", "I live in Oslo", timestamp=NOW),
        Message("user", "I live in Oslo", timestamp=NOW, origin="recalled"),
    ],
)
def test_only_users_are_learned_from(message):
    assert said(message).operations == ()


def test_memories_of_others_and_memories_kept_as_said_are_left_alone():
    known = [
        memory("Bob lives in Bergen", "home", subject="Bob"),
        memory("I live in Bergen", None, kind="verbatim"),
    ]
    (operation,) = said("I live in Oslo", known=known).operations
    assert (operation.event, operation.target) == ("ADD", None)


def test_code_quotations_and_pasted_text_do_not_speak_for_the_user():
    text = """I live in Oslo.
> I live in Bergen
```
my name is "Bob"
I live in Berlin
```
He wrote: "I live in Rome and I love it". See https://example.org/i-live-in-paris
Translate this:
I live in Madrid
"""
    assert texts(said(text)) == ["User lives in Oslo"]


def test_what_is_remembered_on_request_is_never_lost():
    text = "Remember that my locker code is 4521 and my sister plays the oboe in Turin, and I might move to Rome"
    assert texts(said(text)) == [
        "User's locker code is 4521",
        "User's sister plays the oboe in Turin",
        "User might move to Rome",
    ]


@pytest.mark.parametrize(
    ("question", "answer", "text"),
    [
        ("Nice to meet you! What's your name?", "Alice", "User's name is Alice"),
        ("Where do you live?", "Oslo", "User lives in Oslo"),
        ("How old are you?", "34", "User is 34 years old"),
        ("What is your favorite color?", "Dark green.", "User's favorite color is Dark green"),
        ("Do you have any food allergies?", "Peanuts and shellfish", "User is allergic to peanuts"),
        ("Any dietary restrictions?", "Vegan", "User is vegan"),
    ],
)
def test_a_short_answer_states_what_was_asked(question, answer, text):
    proposal = said(answer, context=[Message("assistant", question, timestamp=NOW)])
    assert proposal.operations[0].text.casefold() == text.casefold()
    assert proposal.operations[0].quote == answer


@pytest.mark.parametrize(
    "answer", ["No", "Why do you ask?", "none", "I'd rather not say", "nothing really", "not sure"]
)
def test_an_answer_that_evades_states_nothing(answer):
    asked = Message("assistant", "Do you have any food allergies?", timestamp=NOW)
    assert said(answer, context=[asked]).operations == ()


def test_a_question_of_a_user_is_not_answered_by_the_next():
    assert said("Where do you live?", "Oslo").operations == ()


def test_a_later_turn_of_the_same_batch_wins():
    operations = said("I live in Bergen", "ok", "I moved to Oslo").operations
    assert [(each.event, each.text, each.messages) for each in operations] == [("ADD", "User lives in Oslo", (2,))]


def test_a_text_longer_than_any_conversation_is_read_in_part_and_says_so():
    proposal = said("Nothing here. " * 20_000 + "I like tea number one. " * 400 + "I live in Oslo.")
    assert any(warning.startswith("too_long: ") for warning in proposal.warnings)
    assert "User lives in Oslo" not in texts(proposal)
    assert said("Nothing here. " * 20_000 + "I live in Oslo.").warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "I " * 300_000,
        "my " * 300_000,
        "\n" * 1_000_000,
        '"' * 500_000,
        "'a \"b " * 100_000,
        ", I like" * 100_000,
        "I like " + "a, " * 100_000,
        "I moved to " * 50_000,
        "remember that " * 50_000,
        "I live in Oslo" + " " * 1_000_000,
        "I live in " + "Oslo " * 100_000,
        "my " + "old " * 100_000 + "dog is called Rex",
        "please " * 100_000 + "remember I am vegan",
    ],
)
def test_no_text_makes_the_patterns_backtrack(text):
    assert isinstance(said(text), Proposal)


MARKS = (
    "I my I'm not never and but any_more remember_that forget if ? ! . , in_May Oslo {I} {my} called 😀 's ( ) : ` is a"
)
ODD = ["\n", "\x00", "\ud800", "> ", "```"]
PIECES = st.sampled_from([sentence for sentence, _ in CASES] + MARKS.replace("_", " ").split() + ODD)
ANY_TEXT = st.text(max_size=60) | st.lists(PIECES | st.text(max_size=5), max_size=8).map(" ".join)
KNOWN = [
    memory("User lives in Bergen", "home"),
    memory("User is vegetarian", "diet"),
    memory("User's name is Alice", "name"),
    memory("User has a dog called Rex", "pet_dog"),
    memory("", None),
]


@given(contents=st.lists(ANY_TEXT, max_size=3), named=st.sampled_from([None, "Bob", "{my}"]))
def test_any_text_gives_a_proposal_that_holds_together(contents, named):
    messages = [user(content, name=named) for content in contents]
    proposal = said(*messages, known=KNOWN)
    assert proposal == said(*messages, known=KNOWN)
    assert proposal.proposer == "rules"
    targets = [operation.target for operation in proposal.operations if operation.target is not None]
    assert len(set(targets)) == len(targets) <= len(KNOWN)
    for operation in proposal.operations:
        (handle,) = operation.messages
        assert operation.quote in messages[handle].content
        assert bool(operation.text) == (operation.event in ("ADD", "UPDATE"))
        assert (operation.target is None) == (operation.event == "ADD")
    assert isinstance(slots(messages), frozenset)
