"""What every embedder behind the port `Embedder` promises."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np

from memx_core.ports import AsyncEmbedder, Embedder, Vector, Vectors
from memx_core.testing.calls import Colour
from memx_core.testing.contracts.colours import Coloured, in_tasks, in_threads

CAT = "The cat sat on the mat"
SAME_CAT = "A cat is sitting on the mat"
MONEY = "Quarterly revenue rose by twelve percent"
TEXTS = [CAT, SAME_CAT, MONEY]


class EmbedderContract(Coloured):
    """Subclass it and say how to make the embedder."""

    alike: float = 0.999
    """Cosine from which two vectors of one text pass for the same; servers round."""

    def make_embedder(self) -> Embedder | AsyncEmbedder:
        """A new embedder, the same each time."""
        raise NotImplementedError("make_embedder returns the embedder to be tested")

    def test_the_fingerprint_names_the_model_and_stays_the_same(self) -> None:
        """It decides whether old vectors may be compared with new ones."""
        first, second = self.make_embedder().fingerprint, self.make_embedder().fingerprint
        assert isinstance(first, str)
        assert first.strip()
        assert first == second

    def test_each_text_gets_a_vector_of_numbers_of_one_size(self, twin: Colour) -> None:
        """Finite, and never all zero: a zero vector has no direction."""
        vectors = _documents(self.make_embedder(), TEXTS, twin)
        assert vectors.shape[0] == len(TEXTS)
        assert np.isfinite(vectors).all()
        assert (np.abs(vectors).max(axis=1) > 0).all()

    def test_a_query_has_the_size_of_a_document(self, twin: Colour) -> None:
        """Or they could not be compared."""
        embedder = self.make_embedder()
        assert _query(embedder, CAT, twin).shape == _documents(embedder, [CAT], twin)[0].shape

    def test_no_texts_give_no_vectors(self, twin: Colour) -> None:
        """Without an error."""
        assert len(_documents(self.make_embedder(), [], twin)) == 0

    def test_order_and_company_do_not_matter(self, twin: Colour) -> None:
        """A text has one vector, whatever else is in the call."""
        embedder = self.make_embedder()
        together = _documents(embedder, [*TEXTS, "x " * 50, CAT], twin)
        backwards = _documents(embedder, TEXTS[::-1], twin)[::-1]
        assert (_cosines(together[:3], backwards) > self.alike).all()
        assert _cosines(together[:1], together[4:]) > self.alike

    def test_two_of_them_agree(self, twin: Colour) -> None:
        """What one process wrote, another can search, in whichever colour."""
        first = _documents(self.make_embedder(), TEXTS, self.colours[0])
        second = _documents(self.make_embedder(), TEXTS, twin)
        assert (_cosines(first, second) > self.alike).all()

    def test_like_texts_are_nearer_than_others(self, twin: Colour) -> None:
        """That is what it is for."""
        embedder = self.make_embedder()
        cat, same, money = _documents(embedder, TEXTS, twin)
        query = _query(embedder, "Where did the cat sit?", twin)
        assert _cosines(cat, same) > _cosines(cat, money)
        assert _cosines(query, cat) > _cosines(query, money)

    def test_any_text_can_be_embedded(self, twin: Colour) -> None:
        """Emoji, right to left, no spaces, a NUL, or far too long."""
        odd = ["🏳️‍🌈 👩‍👩‍👧", "שלום עולם", "我住在东京", "a\x00b", "word " * 20_000, "x" * 20_000, "?!"]
        vectors = _documents(self.make_embedder(), odd, twin)
        assert vectors.shape[0] == len(odd)
        assert np.isfinite(vectors).all()

    def test_the_texts_are_left_as_they_are(self, twin: Colour) -> None:
        """The caller's list is the caller's."""
        texts = list(TEXTS)
        _documents(self.make_embedder(), texts, twin)
        assert texts == TEXTS

    def test_calls_may_go_side_by_side(self, twin: Colour) -> None:
        """In threads, or in tasks on one loop; the first ones too."""
        embedder = self.make_embedder()
        if twin == "sync":
            results = in_threads(lambda: _blocking(embedder).embed_documents(TEXTS), times=4)
        else:
            results = in_tasks(lambda: _awaitable(embedder).aembed_documents(TEXTS), times=4)
        vectors = [np.asarray(result, dtype=np.float32) for result in results]
        assert all((_cosines(each, vectors[0]) > self.alike).all() for each in vectors)


def _documents(embedder: Embedder | AsyncEmbedder, texts: Sequence[str], twin: Colour) -> Vectors:
    if twin == "sync":
        return np.asarray(_blocking(embedder).embed_documents(texts), dtype=np.float32)
    return np.asarray(asyncio.run(_awaitable(embedder).aembed_documents(texts)), dtype=np.float32)


def _query(embedder: Embedder | AsyncEmbedder, text: str, twin: Colour) -> Vector:
    if twin == "sync":
        return np.asarray(_blocking(embedder).embed_query(text), dtype=np.float32)
    return np.asarray(asyncio.run(_awaitable(embedder).aembed_query(text)), dtype=np.float32)


def _blocking(embedder: Embedder | AsyncEmbedder) -> Embedder:
    hint = f'{embedder!r} has no `embed_documents`; if that is right, write colours = ("async",)'
    assert isinstance(embedder, Embedder), hint
    return embedder


def _awaitable(embedder: Embedder | AsyncEmbedder) -> AsyncEmbedder:
    hint = f'{embedder!r} has no `aembed_documents`; if that is right, write colours = ("sync",)'
    assert isinstance(embedder, AsyncEmbedder), hint
    return embedder


def _cosines(left: Vectors, right: Vectors) -> Vectors:
    """Row by row, or of two vectors."""
    lengths = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    cosines: Vectors = np.sum(left * right, axis=-1) / lengths
    return cosines
