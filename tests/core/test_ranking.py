"""Names leave the query, two scores become one, and time nudges but never decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memx_core.ports import IndexHit
from memx_core.ranking import Fused, fuse, mask_names, refine, swing
from memx_core.text import tokens
from memx_core.types import MemoryItem, TimeSpan

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KNOWN = frozenset({"rosa lind", "bo", "will", "王小明", "anne-marie o'neil jr."})
SHARE = st.floats(0, 1)
COSINE = st.floats(-1, 1)
HITS = st.builds(
    IndexHit,
    row=st.integers(1, 5),
    id=st.just("m"),
    kind=st.sampled_from(["memory", "message"]),
    dense=st.none() | COSINE,
    words=st.floats(0, 80),
    near_dense=st.none() | COSINE,
    near_words=st.none() | st.floats(0, 80),
    named=st.booleans(),
    share=st.none() | SHARE,
    near_share=st.none() | SHARE,
    asks=SHARE,
)


def hit(row=1, *, dense=None, words=0.0, share=None, **rest):
    return IndexHit(row=row, id=f"m{row}", kind="memory", dense=dense, words=words, share=share, **rest)


def item(row=1, text="Drinks tea", **rest):
    made = MemoryItem(
        id=f"m{row}",
        text=text,
        user_id="ada",
        agent_id=None,
        run_id=None,
        metadata={},
        kind="fact",
        version=1,
        created_at=NOW - timedelta(days=400),
        updated_at=NOW,
        valid_from=None,
        valid_to=None,
        expires_at=None,
        status="active",
    )
    return replace(made, **rest)


def candidate(row=1, score=0.5, **rest):
    return Fused(hit(row), score, None, None), item(row, **rest)


def month(number):
    return TimeSpan(datetime(2026, number, 1, tzinfo=UTC), datetime(2026, number + 1, 1, tzinfo=UTC), "month", "then")


# Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "masked", "found"),
    [
        ("What does Rosa Lind drink?", "What does drink?", {"rosa lind"}),
        ("what does rosa lind drink?", "what does drink?", {"rosa lind"}),
        ("Rosa's favourite tea", "favourite tea", {"rosa lind"}),
        ("what is rosa's tea", "what is tea", {"rosa lind"}),
        ("Where did BO and Rosa meet first?", "Where did and meet first?", {"bo", "rosa lind"}),
        ("Does Anne-Marie O\u2019Neil Jr ski?", "Does ski?", {"anne-marie o'neil jr."}),
        ("Does Will ski?", "Does ski?", {"will"}),
        ("王小明喜欢什么茶", "喜欢什么茶", {"王小明"}),
    ],
)
def test_known_names_are_taken_out_of_the_query(query, masked, found):
    assert mask_names(query, KNOWN) == (masked, found)


@pytest.mark.parametrize(
    "query", ["What will she drink?", "Will she drink tea?", "A rosa rugosa for the Garden", "about bows", "", "?!"]
)
def test_other_words_are_no_names(query):
    assert mask_names(query, KNOWN) == (query, frozenset())


@pytest.mark.parametrize("query", ["Who is Rosa Lind?", "Bo", "Rosa, Bo and Will"])
def test_a_query_of_nothing_but_names_stays_whole(query):
    masked, found = mask_names(query, KNOWN)
    assert masked == query
    assert found


@given(st.text(max_size=40), st.frozensets(st.text(max_size=8), max_size=4))
def test_something_is_left_to_embed(query, known):
    masked, found = mask_names(query, known)
    assert found <= known
    assert masked.strip() or not query.strip() or masked == query


# Fusion ---------------------------------------------------------------------------------------


@given(st.lists(HITS, max_size=6))
def test_scores_are_in_range_and_in_order(hits):
    fused = fuse(hits)
    scores = [one.score for one in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert sorted(map(id, hits)) == sorted(id(one.hit) for one in fused)


@given(HITS, HITS)
def test_more_of_everything_scores_no_less(one, other):
    if None in (one.dense, other.dense, one.share, other.share):
        return
    best = one._replace(dense=max(one.dense, other.dense), share=max(one.share, other.share), named=True)
    (plain,), (better,) = fuse([one]), fuse([best])
    assert better.score >= plain.score


def test_the_same_text_scores_high_and_another_subject_low():
    same, near, far = hit(1, dense=1.0, share=0.9), hit(2, dense=0.45, share=0.3), hit(3, dense=0.08, share=0.0)
    scores = [one.score for one in fuse([far, same, near])]
    assert scores[0] > 0.8 > 0.5 > scores[1] > 0.2 > 0.1 > scores[2]


def test_one_arm_alone_uses_the_whole_scale():
    (words,) = fuse([hit(share=0.9, words=7.0)])
    (dense,) = fuse([hit(dense=0.9)])
    assert words.score == dense.score == 0.9


def test_a_cosine_below_nothing_is_nothing():
    (one,) = fuse([hit(dense=-0.7)])
    assert one.score == 0


def test_raw_bm25_counts_where_an_index_gives_no_share():
    low, high = hit(1, dense=0.3, words=1.0), hit(2, dense=0.3, words=12.0)
    assert [one.hit for one in fuse([low, high])] == [high, low]


def test_neighbours_lift_a_short_turn_and_never_lower_it():
    alone, lifted = hit(1, dense=0.3, share=0.1), hit(1, dense=0.3, share=0.1, near_dense=0.9, near_share=0.8)
    lowered = hit(1, dense=0.3, share=0.1, near_dense=0.0, near_share=0.0)
    (a,), (b,), (c,) = fuse([alone]), fuse([lifted]), fuse([lowered])
    assert b.score > a.score == c.score


def test_a_turn_that_only_asks_comes_behind_one_that_says_as_much():
    says, asks, both = (hit(row, dense=0.5, share=0.5, asks=asks) for row, asks in ((1, 0.0), (2, 1.0), (3, 0.5)))
    assert [one.hit.row for one in fuse([asks, both, says])] == [1, 3, 2]


def test_whom_the_query_names_comes_first_among_equals():
    one, named = hit(1, dense=0.5, share=0.5), hit(2, dense=0.5, share=0.5, named=True)
    assert fuse([one, named])[0].hit == named


def test_of_equals_memories_come_first_and_the_newest():
    hits = [hit(1, dense=0.5), hit(2, dense=0.5), hit(3, dense=0.5)._replace(kind="message")]
    assert [one.hit.row for one in fuse(hits)] == [2, 1, 3]


# Refinement -----------------------------------------------------------------------------------


def test_the_best_come_first_up_to_the_limit():
    hits = refine([candidate(1, 0.2), candidate(2, 0.9), candidate(3, 0.5)], now=NOW, limit=2)
    assert [one.memory.id for one in hits] == ["m2", "m3"]


def test_a_memory_is_found_once_with_its_best_version():
    versions = [candidate(1, 0.4, text="old"), candidate(1, 0.8, text="new")]
    (one,) = refine(versions, now=NOW, limit=10)
    assert one.memory.text == "new"


def test_a_message_may_repeat_a_memory():
    same = candidate(1, kind="message")
    assert len(refine([candidate(1), same], now=NOW, limit=10)) == 2


@given(
    st.floats(0, 1),
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    st.none() | st.integers(1, 11).map(month),
)
def test_time_changes_a_score_by_a_tenth_at_most(score, said, window):
    (one,) = refine([candidate(score=score, said_at=said.replace(tzinfo=UTC))], now=NOW, window=window, limit=1)
    least, most = swing(window)
    assert 0.9 <= least <= most <= 1.1
    assert score * least - 1e-9 <= one.score <= min(1, score * most + 1e-9)


def test_of_equals_the_latest_comes_first():
    old, new = candidate(1, said_at=NOW - timedelta(days=90)), candidate(2, said_at=NOW - timedelta(days=1))
    assert [one.memory.id for one in refine([old, new], now=NOW, limit=2)] == ["m2", "m1"]


def test_a_memory_of_the_time_asked_for_is_lifted():
    spring, autumn = candidate(1, 0.50, when=month(3)), candidate(2, 0.52, when=month(9))
    said = candidate(3, 0.50, said_at=datetime(2026, 3, 10, tzinfo=UTC))
    found = refine([autumn, spring, said], now=NOW, window=month(3), limit=3)
    assert [one.memory.id for one in found] == ["m3", "m1", "m2"]


def test_time_does_not_outweigh_what_is_to_the_point():
    right, late = candidate(1, 0.9, said_at=NOW - timedelta(days=900)), candidate(2, 0.5, said_at=NOW)
    assert refine([late, right], now=NOW, window=month(5), limit=1)[0].memory.id == "m1"


@given(st.permutations([candidate(row, 0.5) for row in range(5)]))
def test_the_order_does_not_depend_on_that_of_the_candidates(shuffled):
    assert refine(shuffled, now=NOW, limit=5) == refine(sorted(shuffled, key=lambda one: one[1].id), now=NOW, limit=5)


def test_an_explanation_adds_up():
    fused = Fused(hit(dense=0.7, words=3.0), 0.6, 0.7, 0.4)
    query = tokens("which tea does she drink, green tea?")
    (one,) = refine([(fused, item(when=month(5)))], now=NOW, window=month(5), limit=1, explain=True, query=query)
    why = one.explain
    assert why is not None
    assert (why.dense, why.words, why.fused, why.matched) == (0.7, 3.0, 0.6, ("tea", "drink"))
    product = why.fused
    for nudge in why.nudges.values():
        product *= nudge
    assert one.score == pytest.approx(min(product, why.fused * 1.1))


def test_nothing_is_explained_unless_asked():
    (one,) = refine([candidate()], now=NOW, limit=1)
    assert one.explain is None
