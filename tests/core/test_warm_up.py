"""A memory is warmed up before anybody waits for it."""

from __future__ import annotations

import pytest

from memx_core.testing import FakeEmbedder
from tests.conftest import MakeDoor


class Cold(FakeEmbedder):
    """Has to be loaded."""

    loads = 0

    def warm_up(self) -> None:
        self.loads += 1


@pytest.mark.parametrize("scoped", [False, True])
def test_an_embedder_that_has_something_to_load_is_told_to(make: MakeDoor, scoped: bool) -> None:
    embedder = Cold()
    memory = make(embedder=embedder)
    (memory.scoped(user_id="ada") if scoped else memory).warm_up()
    assert embedder.loads == 1
    assert embedder.calls == []


def test_any_other_is_left_alone(make: MakeDoor) -> None:
    embedder = FakeEmbedder()
    make(embedder=embedder).warm_up()
    assert embedder.calls == []
