from math import log2

import pytest

from benchmarks.retrieval.metrics import answer_words, ndcg, recall, reciprocal_rank

FOUND = [{"a"}, {"x", "b"}, {"b"}, {"c"}]


def test_recall_is_the_part_of_the_evidence_among_the_first_hits():
    assert recall(FOUND, {"b", "c", "d", "e"}, 1) == 0
    assert recall(FOUND, {"b", "c", "d", "e"}, 2) == 1 / 4
    assert recall(FOUND, {"b", "c", "d", "e"}, 10) == 2 / 4
    assert recall([], {"b"}, 10) == 0


def test_the_reciprocal_rank_is_that_of_the_first_evidence_among_those_that_count():
    assert reciprocal_rank(FOUND, {"b", "c"}, 10) == 1 / 2
    assert reciprocal_rank(FOUND, {"c"}, 10) == 1 / 4
    assert reciprocal_rank(FOUND, {"c"}, 3) == 0
    assert reciprocal_rank(FOUND, {"d"}, 10) == 0


def test_gain_counts_evidence_once_and_less_the_later_it_comes():
    assert ndcg([{"a"}, {"b"}], {"a", "b"}, 10) == pytest.approx(1)
    best = 1 + 1 / log2(3)
    assert ndcg(FOUND, {"b", "c"}, 10) == pytest.approx((1 / log2(3) + 1 / log2(5)) / best)
    assert ndcg([{"b"}, {"b"}], {"b", "c"}, 10) == pytest.approx(1 / best)


def test_the_best_order_has_no_more_places_than_count():
    assert ndcg([{"a"}, {"b"}], {"a", "b", "c"}, 2) == pytest.approx(1)


def test_answer_words_are_stems_without_those_that_say_nothing():
    assert answer_words("She painted a sunrise in 2022.", "The paintings of 2022 and 2021") == 2 / 3
    assert answer_words("She painted.", "!") is None
