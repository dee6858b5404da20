"""`QdrantIndex` ranks as `ExactIndex` does: the same calls on one database, through both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memx_core.index import ExactIndex
from memx_core.index import told as told_module
from memx_core.ports import EntryKind, Index, IndexEntry, IndexHit, IndexQuery
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from memx_core.testing.contracts.index_case import unit
from memx_core.testing.source import ListSource
from memx_core.text import tokens
from memx_core.types import Scope
from tests.answers import adds
from tests.conftest import Door, MakeDoor
from tests.qdrant_places import PLACES, MakeIndex, place

ADA, BOB = {"user_id": "ada"}, {"user_id": "bob"}
THEN = datetime(2025, 3, 1, tzinfo=UTC)


SERVERS = [where for where in PLACES if where not in ("local", "older")]  # one engine: the port's tests have the rest


@pytest.fixture(autouse=True)
def no_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger is not searched instead, or an index that fails would agree."""
    monkeypatch.setattr(told_module, "MOST_READ", -1)


@pytest.fixture(params=SERVERS)
def somewhere(request: pytest.FixtureRequest) -> Iterator[MakeIndex]:
    with place(request.param) as make_index:
        yield make_index


@pytest.fixture
def both(make: MakeDoor, somewhere: MakeIndex) -> tuple[Door, Door]:
    """One database through a server, and through memory."""
    return make(index=somewhere()), make()


def scored(door: Door, query: str, **asked: Any) -> list[tuple[str, float]]:
    """What is found, best first, as far as scores tell it apart."""
    hits = door.search(query, **{"limit": 50, **ADA, **asked})
    return sorted(((hit.memory.text, round(hit.score, 4)) for hit in hits), key=lambda one: (-one[1], one[0]))


def agree(both: tuple[Door, Door], *queries: str, **asked: Any) -> int:
    """Asserts that both find the same; how much that was."""
    told, exact = both
    found = 0
    for query in queries:
        answer = scored(told, query, **asked)
        assert answer == scored(exact, query, **asked), query
        found += len(answer)
    return found


def test_both_arms_find_and_rank_alike(both: tuple[Door, Door]) -> None:
    told, _ = both
    for text in (
        "Ada drinks black coffee",
        "Ada drinks tea in Oslo",
        "Ada has a cat",
        "coffee, coffee and coffee",
        "?!",
    ):
        told.add(text, infer=False, **ADA)
    told.add("Bob drinks coffee", infer=False, **BOB)
    assert agree(both, "what does Ada drink?", "black coffee", "a cat in Oslo", "submarine", "coffee") == 25
    assert agree(both, "coffee", limit=2) == 2
    assert agree(both, "coffee", agent_id="nobody") == 0


def test_turns_and_their_neighbours_count_alike(both: tuple[Door, Door]) -> None:
    told, _ = both
    turns = ["What is your favourite drink?", "Coffee.", "And to eat?", "Waffles, " * 30, "Nice.", "Coffee?"]
    for number, turn in enumerate(turns):
        role = "user" if number % 2 else "assistant"
        for session in ("one", "two"):
            told.put_messages(session, {"role": role, "content": turn, "id": f"{number}"}, learn=False, **ADA)
    assert agree(both, "favourite drink", "coffee", "waffles", include_messages=True) == 36
    told.put_messages("one", {"role": "user", "content": "Coffee, yes", "metadata": {"n": 1}}, learn=False, **ADA)
    assert agree(both, "waffles", include_messages=True, filters={"NOT": {"n": {"exists": True}}}) == 12
    told.clear_messages("two", **ADA)
    assert agree(both, "favourite drink", "coffee", "waffles", include_messages=True) == 21


def test_the_words_that_a_memory_rests_on_count_alike(make: MakeDoor, somewhere: MakeIndex, llm: ScriptedLLM) -> None:
    told, exact = both = make(llm=llm, index=somewhere()), make()
    said = "I am Ada, and for the lanterns by the fjord I live in Oslo"
    llm.queue(adds("Ada lives in Oslo"), adds("Ada likes herring"))
    told.add({"role": "user", "content": said}, session_id="s", **ADA)
    told.add("Ada here: herring by the fjord!", session_id="t", **ADA)
    assert agree(both, "the lanterns of Oslo", "herring", "fjord") == 6
    assert found_by_words(told, "lanterns") == found_by_words(exact, "lanterns") == ["Ada lives in Oslo"]
    told.clear_messages("s", **ADA)
    assert agree(both, "the lanterns of Oslo", "herring", "fjord") == 6
    assert found_by_words(told, "lanterns") == found_by_words(exact, "lanterns") == []


def found_by_words(door: Door, query: str) -> list[str]:
    return [hit.memory.text for hit in door.search(query, explain=True, **ADA) if hit.explain.words]


def test_filters_narrow_alike(both: tuple[Door, Door]) -> None:
    told, _ = both
    for number, city in enumerate(["Oslo", "Bergen", "Oslo", "Tromsø"]):
        told.add(f"a lantern in street {number}", infer=False, metadata={"city": city, "number": number}, **ADA)
    assert agree(both, "lantern", filters={"city": "Oslo"}) == 2
    assert agree(both, "street 3", filters={"city": {"contains": "ø"}, "number": {"gt": 1}}) == 1
    assert agree(both, "lantern", filters={"NOT": {"city": {"in": ["Oslo", "Bergen"]}}}) == 1
    assert agree(both, "lantern", filters={"city": "Paris"}) == 0


def test_the_past_is_searched_alike(both: tuple[Door, Door], clock: ManualClock) -> None:
    told, _ = both
    moments = []
    (change,) = told.add("Ada lives in Bergen", infer=False, timestamp=THEN, **ADA).changes
    for city in ("Oslo", "Tromsø"):
        moments.append(clock())
        clock.advance(days=1)
        told.update(change.memory_id, f"Ada lives in {city}")
    moments.append(clock())
    clock.advance(days=1)
    told.delete(change.memory_id)
    for moment in moments:
        assert agree(both, "where does Ada live?", "Oslo", known_at=moment) == 2
        agree(both, "where does Ada live?", "Oslo", as_of=moment)
    assert agree(both, "where does Ada live?", "Oslo") == 0


def test_what_changes_is_found_alike(both: tuple[Door, Door]) -> None:
    told, exact = both
    ids = [told.add(f"lantern {number}", infer=False, **ADA).changes[0].memory_id for number in range(4)]
    told.delete(ids[0])
    assert agree(both, "lantern 0", "lantern 3") == 6
    told.revert(ids[0], to=1)
    exact.update(ids[1], "a harbour")
    exact.undo(exact.add("an undone lantern", infer=False, **ADA).operation_id)
    assert agree(both, "lantern 0", "harbour") == 8
    told.erase(**ADA)
    told.add("lantern 5", infer=False, **ADA)
    assert agree(both, "lantern 0", "harbour") == 2


def test_any_script_is_found_alike(both: tuple[Door, Door]) -> None:
    told, _ = both
    odd = {"user_id": "用户\u200b*"}
    for text in ("我住在东京", "Анна живёт в Осло", "آنا تحب القهوة", "She writes C++ and C#", "Café Zoë", "🏳️‍🌈"):
        told.add(text, infer=False, **odd)
    assert agree(both, "东京", "Осло", "القهوة", "C++", "zoë", "🏳️‍🌈", **odd) == 36


def test_applications_on_one_server_are_apart(make: MakeDoor, somewhere: MakeIndex) -> None:
    one, two = ((make(index=somewhere(), namespace=name), make(namespace=name)) for name in ("one", "two"))
    for number in range(3):
        one[0].add(f"lantern {number}", infer=False, **ADA)
    two[0].add("lantern 9", infer=False, **ADA)
    assert (agree(one, "lantern 9"), agree(two, "lantern 9")) == (3, 1)
    one[0].reset()
    assert (agree(one, "lantern 9"), agree(two, "lantern 9")) == (0, 1)


def test_a_lost_index_and_another_embedder_end_alike(make: MakeDoor, somewhere: MakeIndex) -> None:
    index = somewhere()
    told = make(index=index)
    for number in range(5):
        told.add(f"lantern {number}", infer=False, **ADA)
    index.drop("default")
    told.rebuild_index()
    assert agree((told, make()), "lantern 3") == 5
    told.rebuild_index(embedder=FakeEmbedder(16))
    told.add("one more lantern", infer=False, **ADA)
    assert agree((told, make(embedder=FakeEmbedder(16))), "lantern 3") == 6


# --- on the port ----------------------------------------------------------------------------

TERMS = ["coffee", "tea", "oslo", "cat", "东京", "coffee.", "a", "the", "user_id"]
WORDS = st.lists(st.sampled_from(TERMS), max_size=6).map(" ".join)
VECTORS = st.one_of(st.none(), st.tuples(*[st.integers(-3, 3)] * 4).filter(any))
SCOPES = st.builds(Scope, st.sampled_from(["ada", "bob"]), st.sampled_from([None, "guide"]))
ENTRIES = st.lists(
    st.builds(
        lambda row, kind, scope, text, vector, names, session, current: IndexEntry(
            row=row,
            id=f"{kind} {row}",
            kind=kind,
            scope=scope,
            text=text,
            vector=None if vector is None else unit(*vector),
            names=names,
            session=session if kind == "message" else "",
            current=current,
        ),
        st.integers(0, 12),
        st.sampled_from(["memory", "message"]),
        SCOPES,
        WORDS,
        VECTORS,
        st.sampled_from([(), ("ada",), ("ada", "zoë")]),
        st.sampled_from(["", "one", "two"]),
        st.booleans(),
    ),
    max_size=25,
)
KINDS: list[tuple[EntryKind, ...]] = [("memory",), ("message",), ("memory", "message")]
QUERIES = st.builds(
    lambda scope, vector, words, kinds, names, rows: IndexQuery(
        namespace="app",
        scope=scope,
        vectors=None if vector is None else unit(*vector).reshape(1, -1),
        words=[tokens(words)],
        limit=30,
        kinds=kinds,
        names=names,
        rows=None if rows is None else {kinds[0]: np.array(sorted(rows), np.int64)},
    ),
    st.one_of(SCOPES, st.just(Scope(agent_id="guide"))),
    VECTORS,
    WORDS,
    st.sampled_from(KINDS),
    st.sampled_from([frozenset(), frozenset({"ada"})]),
    st.one_of(st.none(), st.sets(st.integers(0, 14))),
)


def rounded(index: Index, query: IndexQuery) -> list[IndexHit]:
    (hits,) = index.search(query)
    values = (tuple(round(one, 4) if isinstance(one, float) else one for one in hit) for hit in hits)
    return sorted(map(IndexHit._make, values), key=lambda hit: (hit.kind, hit.row))


@pytest.mark.parametrize("where", [where for where in PLACES if where != "local"])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(written=st.lists(ENTRIES, min_size=1, max_size=3), queries=st.lists(QUERIES, min_size=1, max_size=4))
def test_every_score_of_every_hit_is_the_same(
    where: str, written: list[list[IndexEntry]], queries: list[IndexQuery]
) -> None:
    with place(where) as make_index:
        source, exact, told = ListSource(), ExactIndex(), make_index()
        exact.attach(source)
        told.attach(source)
        for entries in written:
            entries = [replace(entry, scope=_address(entry)) for entry in entries]
            source.write("app", *entries)
            told.apply("app", entries)
            for query in queries:
                assert rounded(told, query) == rounded(exact, query)
                assert told.names("app", query.scope, query.kinds) == exact.names("app", query.scope, query.kinds)


def _address(entry: IndexEntry) -> Scope:
    """A row never moves to another address."""
    return Scope("ada" if entry.row % 3 else "bob", "guide" if entry.row % 2 else None)


def test_the_best_are_found_though_lengths_differ_from_what_the_server_takes_for_the_mean() -> None:
    """Long texts in a scope of long ones: the server's order is not the right one, the hits are."""
    source, exact = ListSource(), ExactIndex()
    entries = [
        IndexEntry(
            row, f"{row}", "memory", Scope("ada"), f"coffee {row} " + "word " * (40 + 3 * row), unit(1, row, 0, 0)
        )
        for row in range(60)
    ]
    source.write("app", *entries)
    exact.attach(source)
    query = IndexQuery("app", Scope("ada"), unit(1, 0, 0, 0).reshape(1, -1), [tokens("coffee 7 33")], 10)
    with place("stand-in") as make_index:
        told = make_index()
        told.attach(source)
        told.apply("app", entries)
        assert rounded(told, query) == rounded(exact, query)
