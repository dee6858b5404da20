"""The default index keeps every promise of its port, and some of its own."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memx_core.errors import EmbeddingMismatchError, IndexUnavailableError
from memx_core.index import ExactIndex
from memx_core.ports import IndexEntry, IndexQuery
from memx_core.testing import IndexContract, ListSource
from memx_core.text import tokens
from memx_core.types import Scope

APP = "app"
ADA = Scope(user_id="ada")
WORDS = ["kettle", "harbour", "violin", "orchard", "lantern"]


class TestExactIndex(IndexContract):
    def make_index(self):
        return ExactIndex()


def unit(*numbers):
    vector = np.array(numbers, np.float32)
    return vector / np.linalg.norm(vector)


def entry(row, text="kettle", *, vector=None, scope=ADA, **rest):
    made = IndexEntry(row=row, id=f"m{row}", kind="memory", scope=scope, text=text, vector=vector)
    return replace(made, **rest)


def turn(row, text, *, session="s", **rest):
    return entry(row, text, kind="message", session=session, **rest)


def ask(words="", *, vector=None, scope=ADA, limit=10, kinds=("memory",), rows=None):
    vectors = None if vector is None else np.asarray([vector], np.float32)
    return IndexQuery(APP, scope, vectors, [tokens(words)], limit, kinds, rows=rows)


@pytest.fixture
def source():
    return ListSource()


@pytest.fixture
def index(source):
    index = ExactIndex()
    index.attach(source)
    return index


class CountingSource(ListSource):
    """Counts what is read of it."""

    def __init__(self):
        super().__init__()
        self.read = []

    def entries(self, namespace, scope, **asked):
        news = super().entries(namespace, scope, **asked)
        self.read.append(len(news.entries))
        return news


# Reading --------------------------------------------------------------------------------------


def test_what_is_held_is_not_read_again():
    source, index = CountingSource(), ExactIndex()
    index.attach(source)
    source.write(APP, *(entry(row) for row in range(1, 101)))
    for _ in range(3):
        index.search(ask("kettle"))
    source.write(APP, entry(101))
    index.search(ask("kettle"))
    assert source.read == [100, 0, 0, 1]


def test_names_follow_what_was_told_and_what_was_searched(source, index):
    everything = ("memory", "message")
    assert index.names(APP, ADA, everything) == frozenset()
    written = [entry(1, names=("rosa",)), turn(1, "violin", names=("bo",))]
    source.write(APP, *written)
    index.apply(APP, written)
    assert index.names(APP, ADA) == {"rosa"}
    assert index.names(APP, ADA, everything) == {"rosa", "bo"}
    source.write(APP, entry(2, names=("ines",)))  # by another process: nobody tells
    index.search(ask("kettle"))
    assert index.names(APP, ADA) == {"rosa", "ines"}


def test_a_failed_reading_leaves_nothing_out_later():
    class Failing(ListSource):
        failing = True

        def entries(self, namespace, scope, **asked):
            news = super().entries(namespace, scope, **asked)
            return news._replace(entries=self._broken(news.entries)) if self.failing else news

        def _broken(self, found):
            yield from found[:1]
            raise OSError("the database is away")

    source, index = Failing(), ExactIndex()
    index.attach(source)
    source.write(APP, entry(1), entry(2))
    with pytest.raises(OSError, match="away"):
        index.search(ask("kettle"))
    source.failing = False
    assert [hit.row for hit in index.search(ask("kettle"))[0]] == [1, 2]


def test_a_search_without_a_source_says_what_is_missing():
    with pytest.raises(IndexUnavailableError, match="attach"):
        ExactIndex().search(ask("kettle"))


def test_kinds_not_asked_for_are_not_held(source, index):
    source.write(APP, entry(1), *(turn(row, "violin") for row in range(1, 500)))
    index.search(ask("kettle"))
    facts_alone = index.nbytes
    assert {hit.kind for hit in index.search(ask("violin", kinds=("message",), limit=1))[0]} == {"message"}
    assert index.nbytes > 10 * facts_alone


# Following ------------------------------------------------------------------------------------

CHANGES = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
        st.booleans(),
        st.none() | st.sampled_from([unit(1, 0), unit(1, 1), unit(0, 1), unit(-1, 0.5)]),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(CHANGES)
def test_an_index_that_followed_equals_one_that_read_all_at_once(changes):
    source, followed = ListSource(), ExactIndex()
    followed.attach(source)
    questions = [ask("kettle lantern", vector=unit(1, 0.2)), ask("violin", rows={"memory": np.arange(5)})]
    for row, text, current, vector in changes:
        source.write(APP, entry(row, text, current=current, vector=vector))
        followed.search(questions[0])
    fresh = ExactIndex()
    fresh.attach(source)
    for question in questions:
        found = [sorted(index.search(question)[0], key=lambda hit: hit.row) for index in (followed, fresh)]
        assert [hit.row for hit in found[0]] == [hit.row for hit in found[1]]
        for one, other in zip(*found, strict=True):
            assert one.words == pytest.approx(other.words, rel=1e-5)
            assert one.share == pytest.approx(other.share, rel=1e-5)
            assert (one.dense, one.id) == (other.dense, other.id)


def test_texts_that_keep_changing_do_not_pile_up(source, index):
    sizes = []
    for step in range(1_200):
        source.write(APP, entry(1 + step % 20, f"{WORDS[step % 5]} number{step}", vector=unit(1, step, 2)))
        index.search(ask("kettle"))
        sizes.append(index.nbytes)
    assert sizes[-1] < 2 * max(sizes[:200])
    assert len(index.search(ask("kettle harbour violin orchard lantern", limit=100))[0]) == 20


def test_rows_may_come_in_any_order(source, index):
    for row in (5, 3, 9, 1):
        source.write(APP, entry(row))
        index.search(ask("kettle"))
    source.write(APP, entry(3, "violin"))
    assert [hit.row for hit in index.search(ask("violin"))[0]] == [3]
    assert {hit.row for hit in index.search(ask("kettle"))[0]} == {1, 5, 9}


# Vectors --------------------------------------------------------------------------------------


def test_vectors_of_two_sizes_are_refused(source, index):
    source.write(APP, entry(1, vector=unit(1, 0)), entry(2, vector=unit(1, 0, 0)))
    with pytest.raises(EmbeddingMismatchError, match="'m2'"):
        index.search(ask("kettle"))


def test_a_query_of_another_size_is_refused(source, index):
    source.write(APP, entry(1, vector=unit(1, 0)))
    with pytest.raises(EmbeddingMismatchError, match="3 dimensions"):
        index.search(ask(vector=unit(1, 0, 0)))


def test_a_query_that_is_not_of_numbers_is_refused(source, index):
    source.write(APP, entry(1, vector=unit(1, 0)))
    with pytest.raises(EmbeddingMismatchError, match="NaN"):
        index.search(ask(vector=[np.nan, 0.0]))


def test_another_embedding_model_is_followed(source, index):
    source.write(APP, entry(1, vector=unit(1, 0)), entry(2, vector=unit(0, 1)))
    index.search(ask(vector=unit(1, 0)))
    source.write(APP, entry(1, vector=unit(1, 0, 0)), entry(2, vector=unit(0, 1, 0)))
    assert index.search(ask(vector=unit(0, 1, 0), limit=1))[0][0].row == 2


# Scores ---------------------------------------------------------------------------------------


def test_the_share_is_whole_for_the_same_text_and_nothing_for_another(source, index):
    source.write(APP, entry(1, "violin by the harbour"), entry(2, "kettle"), entry(3, "a lantern in the orchard"))
    (same,) = index.search(ask("violin by the harbour"))[0]
    assert same.share == pytest.approx(1.0, abs=0.15)
    (half,) = index.search(ask("violin bow"))[0]
    assert 0.3 < half.share < 0.7


@pytest.mark.parametrize("size", [1, 10, 1_000])
def test_the_share_means_the_same_in_small_and_large_scopes(source, index, size):
    others = [entry(row, f"kettle number{row}") for row in range(2, size + 1)]
    source.write(APP, entry(1, "violin harbour"), *others)
    (found,) = index.search(ask("violin harbour"))[0]
    assert found.share > 0.8
    (part,) = index.search(ask("violin submarine"))[0]
    assert 0.25 < part.share < 0.75


def test_of_equals_the_newest_are_found(source, index):
    source.write(APP, *(entry(row, vector=unit(1, 0)) for row in range(1, 101)))
    found = index.search(ask("kettle", vector=unit(1, 0), limit=3))[0]
    assert sorted(hit.row for hit in found) == [98, 99, 100]


@pytest.mark.parametrize("size", [3, 100, 701, 1_000])
@pytest.mark.parametrize("limit", [1, 7])
def test_the_best_of_many_are_those_of_all_in_order(source, index, size, limit):
    angles = np.random.default_rng(size).integers(0, 60, size) / 40  # many are equal
    vectors = [unit(np.cos(angle), np.sin(angle)) for angle in angles]
    source.write(APP, *(entry(row, "", vector=vector) for row, vector in enumerate(vectors, 1)))
    ((*hits,),) = index.search(ask(vector=unit(1, 0), limit=limit))
    ordered = sorted(((vector[0], row) for row, vector in enumerate(vectors, 1)), reverse=True)
    assert {hit.row for hit in hits} == {row for _, row in ordered[:limit]}


def test_words_are_weighed_by_what_is_current_alone(source, index):
    texts = ["kettle", "kettle harbour", "harbour violin"]
    source.write(APP, *(entry(row, text) for row, text in enumerate(texts, 1)))
    (alone,) = index.search(ask("kettle harbour"))
    source.write(APP, *(entry(row, "kettle orchard", current=False) for row in range(4, 9)))
    assert index.search(ask("kettle harbour")) == [alone]


def test_a_short_turn_brings_the_better_of_its_neighbours(source, index):
    source.write(
        APP,
        turn(1, "kettle", vector=unit(1, 0)),
        turn(2, "really?", vector=unit(0, 1)),
        turn(3, "another one", vector=unit(-1, 0)),
        turn(4, "elsewhere", session="t", vector=unit(1, 0)),
        turn(5, "word " * 500, vector=unit(0, 1)),
    )
    found = {hit.row: hit for hit in index.search(ask("kettle", vector=unit(1, 0), kinds=("message",)))[0]}
    assert found[2].near_dense == pytest.approx(1.0)  # of the first; the third's is -1
    assert found[2].near_words == pytest.approx(found[1].words)
    assert found[2].near_share == pytest.approx(found[1].share)
    assert found[1].near_dense == pytest.approx(0.0)  # only one beside it
    assert found[4].near_dense is found[4].near_words is None  # alone in its conversation
    assert found[5].near_dense is None  # long enough to be understood alone


def test_a_turn_that_is_not_among_those_looked_at_explains_none(source, index):
    turns = ["kettle", "really?", "kettle kettle"]
    source.write(APP, *(turn(row, text, vector=unit(1, 0)) for row, text in enumerate(turns, start=1)))
    asked = ask("kettle", vector=unit(1, 0), kinds=("message",))
    (found,) = index.search(replace(asked, rows={"message": np.array([2, 3])}))
    second, third = sorted(found, key=lambda hit: hit.row)
    assert second.near_words == pytest.approx(third.words)  # and not the first's, which would be better


def test_the_first_turns_bring_the_short_ones_beside_them_along(source, index):
    long = "word " * 500
    said = ["kettle", "mine whistles", "rain", long, "kettle kettle kettle", "", "snow"]
    source.write(APP, *(turn(row, text) for row, text in enumerate(said, 1)))
    assert sorted(hit.row for hit in index.search(ask("kettle", limit=1, kinds=("message",)))[0]) == [5]
    assert sorted(hit.row for hit in index.search(ask("kettle", limit=6, kinds=("message",)))[0]) == [1, 2, 5]


def test_a_turn_that_may_not_be_looked_at_is_not_brought_along(source, index):
    source.write(APP, *(turn(row, text) for row, text in enumerate(["rain", "kettle", "snow"], 1)))
    asked = replace(ask("kettle", kinds=("message",)), rows={"message": np.array([1, 2])})
    assert sorted(hit.row for hit in index.search(asked)[0]) == [1, 2]


def test_of_a_short_turn_the_index_says_how_much_of_it_asks(source, index):
    said = ["kettle?", "A kettle. Is it new?", "kettle", "kettle " * 50 + "?"]
    source.write(APP, *(turn(row, text) for row, text in enumerate(said, 1)), entry(5, "kettle?"))
    found = index.search(ask("kettle", kinds=("memory", "message")))[0]
    asks = {hit.row: hit.asks for hit in found}
    assert asks[1] == 1
    assert 0.4 < asks[2] < 0.7
    assert asks[3] == asks[4] == asks[5] == 0


def test_a_memory_has_no_neighbours(source, index):
    source.write(APP, entry(1, vector=unit(1, 0)), entry(2, vector=unit(1, 0)))
    assert all(hit.near_dense is None for hit in index.search(ask("kettle", vector=unit(1, 0)))[0])


# Holding --------------------------------------------------------------------------------------


def test_a_loaded_memory_takes_little_more_than_its_vector(source, index):
    vectors = np.random.default_rng(0).standard_normal((2_000, 384)).astype(np.float32)
    words = [f"word{n}" for n in range(900)]
    texts = [" ".join(words[(row * step) % 900] for step in range(1, 16)) for row in range(2_000)]
    source.write(APP, *(entry(row, texts[row], vector=vectors[row]) for row in range(2_000)))
    index.search(ask("word1", vector=vectors[0]))
    assert 384 * 4 < index.nbytes / 2_000 < 2_200


def test_what_many_small_scopes_hold_is_told_as_it_is(source, index):
    scopes = [Scope(f"user-{number}") for number in range(200)]
    source.write(APP, *(entry(number, scope=scope) for number, scope in enumerate(scopes)))
    index.search(ask("kettle", scope=scopes[0]))
    told = index.nbytes
    tracemalloc.start()
    for scope in scopes[1:]:
        index.search(ask("kettle", scope=scope))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.6 < (index.nbytes - told) / held < 1.6


def test_scopes_not_searched_for_long_are_let_go(source):
    index = ExactIndex(max_bytes=200_000)
    index.attach(source)
    scopes = [Scope(f"user-{number}") for number in range(10)]
    for number, scope in enumerate(scopes):
        source.write(APP, *(entry(100 * number + n, scope=scope, vector=unit(*range(1, 101))) for n in range(100)))
    for scope in scopes:
        assert len(index.search(ask("kettle", scope=scope, limit=200))[0]) == 100
        assert index.nbytes < 200_000 + 80_000
    assert len(index.search(ask("kettle", scope=scopes[0], limit=200))[0]) == 100


def test_what_was_dropped_makes_room_and_what_has_grown_takes_it(source):
    index = ExactIndex(max_bytes=200_000)  # two scopes of a hundred and no more
    index.attach(source)
    one, two, three = (Scope(f"user-{number}") for number in range(3))

    def write(start, scope):
        source.write(APP, *(entry(start + n, scope=scope, vector=unit(*range(1, 101))) for n in range(100)))

    def held_after(scope):
        index.search(ask("kettle", scope=scope))
        return repr(index).split(",")[0]

    for number, scope in enumerate((one, two, three)):
        write(100 * number, scope)
    assert [held_after(scope) for scope in (one, two)] == ["ExactIndex(scopes=1", "ExactIndex(scopes=2"]
    index.drop(APP, one)
    assert held_after(three) == "ExactIndex(scopes=2"
    write(1_000, three)
    assert held_after(three) == "ExactIndex(scopes=1"
    index.close()
    assert [held_after(scope) for scope in (one, two)] == ["ExactIndex(scopes=1", "ExactIndex(scopes=2"]


def test_a_scope_too_large_for_all_is_still_searched(source):
    index = ExactIndex(max_bytes=1)
    index.attach(source)
    source.write(APP, entry(1))
    assert len(index.search(ask("kettle"))[0]) == 1


def test_dropping_a_scope_drops_those_that_share_entries_with_it(source, index):
    inner, other = Scope("ada", "guide"), Scope("bo", "guide")
    for scope in (ADA, inner, Scope(agent_id="guide"), other):
        index.search(ask("kettle", scope=scope))
    index.drop(APP, ADA)
    assert repr(index).startswith("ExactIndex(scopes=1,")


def test_many_threads_find_the_same(source, index):
    vectors = np.random.default_rng(1).standard_normal((500, 16)).astype(np.float32)
    source.write(APP, *(entry(row, WORDS[row % 5], vector=unit(*vectors[row])) for row in range(500)))
    questions = [ask(WORDS[n % 5], vector=unit(*vectors[n])) for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(index.search, questions))
    assert found == [index.search(question) for question in questions]
