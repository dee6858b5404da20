"""What an index finds: by vectors, by words, by both, and in which kinds."""

from __future__ import annotations

import numpy as np

from memx_core.ports import IndexQuery
from memx_core.testing.contracts.index_case import ANNA, APP, BEN, IndexCase, memory, message, only, rows, unit
from memx_core.text import tokens

TOLERANCE = 1e-3
NORTH, EAST, SOUTH = (1, 0, 0, 0), (0, 1, 0, 0), (-1, 0, 0, 0)


class Finding(IndexCase):
    """Everything in one scope."""

    def test_the_nearest_vector_is_found(self) -> None:
        """By its cosine, which the hit carries, without words if none were asked for."""
        self.write(memory(1, vector=NORTH), memory(2, vector=EAST), memory(3, vector=SOUTH))
        hit = only(self.find(vector=(1, 0.5, 0, 0), limit=1))
        assert (hit.row, hit.id, hit.kind) == (1, "memory-1", "memory")
        assert hit.dense is not None
        assert abs(hit.dense - float(unit(1, 0.5, 0, 0)[0])) < TOLERANCE
        assert hit.words == 0

    def test_a_cosine_may_be_negative(self) -> None:
        """Nothing is cut off or moved into another range."""
        self.write(memory(1, vector=NORTH), memory(2, vector=SOUTH))
        cosines = {hit.row: hit.dense or 0 for hit in self.find(vector=NORTH)}
        assert cosines.keys() == {1, 2}
        assert abs(cosines[1] - 1) < TOLERANCE
        assert abs(cosines[2] + 1) < TOLERANCE

    def test_words_are_found(self) -> None:
        """Without a cosine if no vector was asked for."""
        self.write(memory(1, "Anna drinks coffee", vector=NORTH), memory(2, "Ben plays chess", vector=EAST))
        hit = only(self.find(words="coffee"))
        assert (hit.row, hit.dense) == (1, None)
        assert hit.words > 0

    def test_words_that_nobody_said_find_nothing(self) -> None:
        """And no words at all neither."""
        self.write(memory(1, "Anna drinks coffee", vector=NORTH))
        assert self.find(words="submarine") == []
        assert self.find(words="") == []

    def test_more_of_the_words_score_higher(self) -> None:
        """Two of them above one."""
        self.write(memory(1, "Anna drinks coffee"), memory(2, "Anna drinks black coffee"), memory(3, "Ben plays chess"))
        scores = {hit.row: hit.words for hit in self.find(words="black coffee")}
        assert scores.keys() == {1, 2}
        assert scores[2] > scores[1] > 0

    def test_a_rare_word_scores_higher_than_a_common_one(self) -> None:
        """Rare among the entries of the scope."""
        common = [memory(row, f"coffee number{row}") for row in range(1, 9)]
        self.write(*common, memory(9, "submarine number9"))
        hits = self.find(words="coffee submarine", limit=20)
        assert max(hits, key=lambda hit: hit.words).row == 9

    def test_both_arms_give_their_best_and_every_hit_has_both_scores(self) -> None:
        """The best vector may share no word, and the best words may have a far vector."""
        self.write(
            memory(1, "Ben plays chess", vector=NORTH),
            memory(2, "Anna drinks coffee", vector=SOUTH),
            memory(3, "The submarine is yellow", vector=EAST),
        )
        hits = self.find(vector=NORTH, words="coffee", limit=1)
        assert rows(hits) == [1, 2]
        nearest, worded = hits
        assert nearest.words == 0
        assert worded.words > 0
        assert worded.dense is not None
        assert abs(worded.dense + 1) < TOLERANCE

    def test_an_entry_without_a_vector_is_found_by_its_words(self) -> None:
        """It has no cosine then, instead of one of 0."""
        self.write(memory(1, "Anna drinks coffee"), memory(2, "Ben plays chess", vector=NORTH))
        hits = self.find(vector=NORTH, words="coffee")
        assert rows(hits) == [1, 2]
        assert hits[0].dense is None
        assert hits[1].words == 0

    def test_the_limit_holds_for_each_arm(self) -> None:
        """And the best are within it."""
        self.write(*(memory(row, f"coffee {row}", vector=(row, 10, 0, 0)) for row in range(1, 21)))
        assert rows(self.find(vector=NORTH, limit=3)) == [18, 19, 20]
        assert len(self.find(words="coffee", limit=3)) == 3
        assert len(self.find(vector=NORTH, words="coffee", limit=3)) <= 6

    def test_a_limit_above_all_there_is_finds_all(self) -> None:
        """However much higher it is."""
        self.write(*(memory(row, vector=NORTH) for row in range(1, 6)))
        assert rows(self.find(vector=NORTH, limit=1_000)) == [1, 2, 3, 4, 5]

    def test_kinds_are_apart(self) -> None:
        """A memory and a message may have the same row."""
        self.write(memory(1, "Anna drinks coffee", vector=NORTH), message(1, "I drink coffee", vector=NORTH))
        for kind in ("memory", "message"):
            hit = only(self.find(vector=NORTH, words="coffee", kinds=(kind,)))
            assert (hit.kind, hit.id) == (kind, f"{kind}-1")

    def test_the_limit_holds_for_each_kind(self) -> None:
        """One kind cannot crowd out the other."""
        self.write(*(memory(row, vector=NORTH) for row in range(1, 6)), message(1, vector=EAST))
        hits = self.find(vector=NORTH, limit=2, kinds=("memory", "message"))
        assert [hit.kind for hit in hits] == ["memory", "memory", "message"]

    def test_several_queries_are_answered_in_their_order(self) -> None:
        """Each with what it finds alone."""
        self.write(memory(1, "Anna drinks coffee", vector=NORTH), memory(2, "Ben plays chess", vector=EAST))
        query = IndexQuery(
            namespace=APP,
            scope=ANNA,
            vectors=np.stack([unit(*EAST), unit(*NORTH), unit(*EAST)]),
            words=[tokens("chess"), tokens("coffee"), []],
            limit=1,
        )
        assert [rows(hits) for hits in self.index.search(query)] == [[2], [1], [2]]

    def test_words_of_any_script_are_found(self) -> None:
        """Also without spaces, with signs, or right to left."""
        texts = {
            1: "我住在东京",
            2: "Анна живёт в Осло",
            3: "آنا تحب القهوة",
            4: "She writes C++ and C#",
            5: "Café Zoë",
        }
        self.write(*(memory(row, text) for row, text in texts.items()))
        wanted = {"东京": 1, "Осло": 2, "القهوة": 3, "C++": 4, "zoë": 5}
        assert {words: rows(self.find(words=words)) for words in wanted} == {
            words: [row] for words, row in wanted.items()
        }

    def test_odd_texts_do_no_harm(self) -> None:
        """Nothing in a text is an operator, and a text may have no words."""
        odd = ["", "   ", "\x00", "?!", '" OR 1=1 --', "NEAR(a b)", "x" * 50_000, "word " * 5_000, "🏳️‍🌈"]
        self.write(*(memory(row, text, vector=EAST) for row, text in enumerate(odd, start=2)))
        self.write(memory(1, "Anna drinks coffee", vector=NORTH))
        assert rows(self.find(vector=NORTH, words="coffee", limit=1)) == [1]
        for text in odd:
            self.find(vector=NORTH, words=text)

    def test_a_hit_says_that_the_query_names_its_bearer(self) -> None:
        """Speaker or subject; the names of the query are lower-cased, as those of the entries."""
        self.write(memory(1, vector=NORTH, names=("anna", "zoë")), memory(2, vector=NORTH, names=("ben",)))
        self.write(memory(3, vector=NORTH))
        assert [hit.named for hit in self.find(vector=NORTH, names=frozenset({"zoë"}))] == [True, False, False]
        assert [hit.named for hit in self.find(vector=NORTH)] == [False, False, False]

    def test_the_names_of_a_scope_are_known(self) -> None:
        """Those of its own entries, no others."""
        self.write(memory(1, names=("anna", "zoë")), memory(2, names=("anna",)), memory(3, scope=BEN, names=("ben",)))
        assert self.index.names(APP, ANNA) == {"anna", "zoë"}
        assert self.index.names(APP, BEN) == {"ben"}
        assert self.index.names("another app", ANNA) == frozenset()

    def test_the_names_of_one_kind_are_not_those_of_another(self) -> None:
        """Of memories, unless messages are asked for too."""
        self.write(memory(1, names=("anna",)), message(1, names=("zoë",)))
        assert self.index.names(APP, ANNA) == {"anna"}
        assert self.index.names(APP, ANNA, ("message",)) == {"zoë"}
        assert self.index.names(APP, ANNA, ("memory", "message")) == {"anna", "zoë"}

    def test_a_share_is_known_or_lies_between_0_and_1(self) -> None:
        """It grows with the words that are found, and is 0 without any."""
        self.write(memory(1, "tea", vector=NORTH), memory(2, "black tea", vector=NORTH), memory(3, "x", vector=NORTH))
        one, two, none = (hit.share for hit in self.find(vector=NORTH, words="black tea"))
        if one is not None and two is not None:
            assert 0 < one < two <= 1
            assert none == 0
        assert only(self.find(vector=NORTH, limit=1)).share is None

    def test_the_same_search_finds_the_same(self) -> None:
        """Scores included, ties too."""
        self.write(*(memory(row, "coffee", vector=NORTH) for row in range(1, 21)))
        first = self.find(vector=NORTH, words="coffee", limit=5)
        assert self.find(vector=NORTH, words="coffee", limit=5) == first
