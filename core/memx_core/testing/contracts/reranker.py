"""What every reranker behind the port `Reranker` promises."""

from __future__ import annotations

from memx_core.ports import Reranker
from memx_core.testing.contracts.colours import in_threads

QUERY = "Which city did Anna move to?"
ANSWER = "Anna did move to the city of Oslo in May"
OTHER = "Quarterly revenue rose by twelve percent"


class RerankerContract:
    """Subclass it and say how to make the reranker."""

    def make_reranker(self) -> Reranker:
        """A new reranker, the same each time."""
        raise NotImplementedError("make_reranker returns the reranker to be tested")

    def test_each_text_gets_a_score_from_0_to_1(self) -> None:
        """Whatever the model's own scale is."""
        texts = [ANSWER, OTHER, "", "我住在东京 🗼", "word " * 5_000]
        scores = self.make_reranker().rerank(QUERY, texts)
        assert len(scores) == len(texts)
        assert all(0 <= score <= 1 for score in scores)

    def test_no_texts_get_no_scores(self) -> None:
        """Without an error."""
        assert len(self.make_reranker().rerank(QUERY, [])) == 0

    def test_the_text_that_answers_is_above_one_that_does_not(self) -> None:
        """In whatever order they come: scores are the texts', not the places'."""
        answer, other = self.make_reranker().rerank(QUERY, [ANSWER, OTHER])
        assert answer > other
        other, answer = self.make_reranker().rerank(QUERY, [OTHER, ANSWER])
        assert answer > other

    def test_the_same_texts_get_the_same_scores(self) -> None:
        """Equal texts of one call, and those of a second call."""
        reranker = self.make_reranker()
        first, again = reranker.rerank(QUERY, [ANSWER, ANSWER])
        assert abs(first - again) < 1e-3
        assert abs(first - reranker.rerank(QUERY, [ANSWER])[0]) < 1e-3

    def test_the_texts_are_left_as_they_are(self) -> None:
        """The caller's list is the caller's."""
        texts = [ANSWER, OTHER]
        self.make_reranker().rerank(QUERY, texts)
        assert texts == [ANSWER, OTHER]

    def test_threads_may_share_it(self) -> None:
        """Calls side by side give the same scores."""
        reranker = self.make_reranker()
        results = in_threads(lambda: list(reranker.rerank(QUERY, [ANSWER, OTHER])), times=4)
        assert all(abs(result[0] - results[0][0]) < 1e-3 for result in results)
