"""Whose memories: said when an object is made, or it is not made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from llama_index_memx.scopes import bound
from memx_core import InvalidInputError, Memory, Scope, ScopeError
from memx_core.testing import FakeEmbedder

HOSTILE = ["alice@example.com", "*", "用户", "a b", "' OR 1=1", "alice\n", "{user}", "None"]


@pytest.fixture
def memory() -> Any:
    with Memory(embedder=FakeEmbedder(), database=":memory:", background=False) as memory:
        yield memory


@pytest.mark.parametrize("user", HOSTILE)
def test_an_id_is_taken_to_the_letter(memory: Memory, user: str) -> None:
    assert bound(memory, user_id=user).scope == Scope(user)


@pytest.mark.parametrize(
    ("user", "id"), [(42, "42"), (UUID(int=7), "00000000-0000-0000-0000-000000000007")], ids=["int", "uuid"]
)
def test_numbers_and_uuids_are_ids_too(memory: Memory, user: Any, id: str) -> None:
    assert bound(memory, user_id=user, agent_id="a", run_id="r").scope == Scope(id, "a", "r")


def test_without_a_user_nothing_is_bound(memory: Memory) -> None:
    with pytest.raises(ScopeError, match="user_id="):
        bound(memory, user_id=None, agent_id="a")


@pytest.mark.parametrize("user", ["", " \n", True, b"ada", 1.5, ["ada"]])
def test_what_is_no_id_is_refused(memory: Memory, user: Any) -> None:
    with pytest.raises(ScopeError, match="user_id"):
        bound(memory, user_id=user)


def test_a_scoped_memory_has_its_scope_and_takes_no_other(memory: Memory) -> None:
    scoped = memory.scoped(user_id="ada")
    assert bound(scoped, user_id=None) is scoped
    assert bound(scoped, user_id="ada") is scoped
    for ids in ({"user_id": "bob"}, {"user_id": None, "agent_id": "a"}):
        with pytest.raises(InvalidInputError, match="scope of its own"):
            bound(scoped, **ids)


@pytest.mark.parametrize("given", [None, "memx.db", Memory])
def test_only_a_memory_is_bound(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="Memory or a ScopedMemory"):
        bound(given, user_id="ada")
