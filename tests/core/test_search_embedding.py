"""A search with a vector that somebody made already."""

from __future__ import annotations

from typing import Any

import pytest

from memx_core import EmbeddingMismatchError, InvalidInputError
from memx_core.testing import FakeEmbedder
from tests.conftest import Door

ADA = {"user_id": "ada"}


def test_the_vector_stands_for_the_querys(memory: Door) -> None:
    for text in ("Ada is allergic to soy", "Ada lives in Oslo"):
        memory.add(text, infer=False, **ADA)
    vector = [7 * float(number) for number in FakeEmbedder().embed_query("Ada lives in Oslo")]
    hits = memory.search("zither", embedding=vector, limit=1, **ADA)
    assert [hit.memory.text for hit in hits] == ["Ada lives in Oslo"]
    scoped = memory.scoped(**ADA).search("zither", embedding=vector, limit=1)
    assert [hit.score for hit in scoped] == [hit.score for hit in hits]


def test_a_vector_of_another_size_is_a_mismatch(memory: Door) -> None:
    memory.add("Ada lives in Oslo", infer=False, **ADA)
    with pytest.raises(EmbeddingMismatchError, match="3 dimensions"):
        memory.search("Oslo", embedding=[1.0, 2.0, 3.0], **ADA)


@pytest.mark.parametrize(
    "vector", [[], [0.0, 0.0], [float("nan")], [float("inf"), 1.0], ["a"], [[1.0]], 3, "abc", {"a": 1}]
)
def test_what_is_no_vector_is_refused(memory: Door, vector: Any) -> None:
    with pytest.raises(InvalidInputError, match="embedding must be a list"):
        memory.search("Oslo", embedding=vector, **ADA)
