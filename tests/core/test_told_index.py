"""An index that is told what is written: what it lacks is made up for, and searched in the ledger until then."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from memx_core import IndexUnavailableError, Memory, Scope
from memx_core.background import Background
from memx_core.index import told
from memx_core.ports import IndexQuery
from memx_core.testing import PushedIndex
from tests.conftest import Door, MakeDoor

pytestmark = pytest.mark.databases
ADA = {"user_id": "ada"}


class Server(PushedIndex):
    """An index that may be down for everybody."""

    def __init__(self) -> None:
        self.down = False
        self.before_drop: Callable[[], object] = lambda: None
        self.after_apply: Callable[[], object] = lambda: None
        super().__init__(lambda: "refused" if self.down else None)

    def search(self, query: IndexQuery) -> Any:
        if self.down:
            raise IndexUnavailableError("it is down")
        return super().search(query)

    def names(self, *asked: Any) -> Any:
        if self.down:
            raise IndexUnavailableError("it is down")
        return super().names(*asked)

    def apply(self, *given: Any) -> None:
        super().apply(*given)
        self.after_apply()

    def drop(self, namespace: str, scope: Scope | None = None) -> None:
        self.before_drop()
        super().drop(namespace, scope)


@pytest.fixture
def server() -> Server:
    return Server()


def found(door: Door, query: str = "lantern", **ids: str) -> list[str]:
    return sorted(hit.memory.text for hit in door.search(query, **(ids or ADA)))


def held(server: Server) -> list[str]:
    return sorted(entry.text for entry in server._told.entries("default", Scope(), since=0)[0])


def test_what_is_known_is_found_while_the_index_is_down(make: MakeDoor, server: Server) -> None:
    memory = make(index=server)
    memory.add("lantern 1", infer=False, **ADA)
    server.down = True
    memory.add("lantern 2", infer=False, **ADA)
    assert found(memory) == ["lantern 1", "lantern 2"]
    assert str(memory.recall("lantern", **ADA)).count("lantern") == 2


def test_an_index_that_comes_back_is_told_what_it_missed(
    make: MakeDoor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "REST", 0.0)
    memory = make(index=server)
    server.down = True
    memory.add("lantern", infer=False, **ADA)
    assert held(server) == []
    server.down = False
    assert found(memory) == ["lantern"]
    assert "lantern" in held(server)


def test_a_scope_that_is_too_large_is_not_read_instead(
    make: MakeDoor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MOST_READ", 3)
    memory = make(index=server)
    for owner, count in (("ada", 4), ("bob", 3)):
        for number in range(count):
            turn = {"role": "user", "content": f"lantern {number}", "id": str(number)}
            memory.put_messages("s", turn, learn=False, user_id=owner)
    server.down = True
    with pytest.raises(IndexUnavailableError, match="it is down"):
        memory.search("lantern", include_messages=True, **ADA)
    assert len(memory.search("lantern", include_messages=True, user_id="bob")) == 3


def test_that_the_ledger_is_searched_is_logged_without_what_was_asked(
    make: MakeDoor, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    memory = make(index=server)
    server.down = True
    with caplog.at_level(logging.WARNING, logger="memx_core"):
        memory.add("my secret lantern", infer=False, **ADA)
        memory.search("lantern", **ADA)
    assert "unavailable" in caplog.text
    assert "lantern" not in caplog.text


def test_a_search_leaves_an_index_alone_that_has_just_refused(make: MakeDoor, server: Server) -> None:
    memory = make(index=server)
    memory.add("lantern", infer=False, **ADA)
    server.down = True
    found(memory)
    server.after_apply = lambda: pytest.fail("it was asked again")
    server.down = False
    make().add("lantern 2", infer=False, **ADA)
    assert found(memory) == ["lantern", "lantern 2"]


def test_nothing_of_the_ledger_is_held_once_the_index_is_back(
    make: MakeDoor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "REST", 0.0)
    memory = make(index=server)
    memory.add("lantern", infer=False, **ADA)
    instead = memory.memory._room.index._instead  # type: ignore[union-attr]
    server.down = True
    found(memory)
    assert instead.nbytes > 0
    server.down = False
    found(memory)
    assert instead.nbytes == 0


def test_what_is_written_while_its_scope_is_erased_is_found(make: MakeDoor, server: Server) -> None:
    """Between the erasure and the index's forgetting, another process writes and tells the index of it."""
    memory, other = make(index=server), make(index=server)
    memory.add("lantern 1", infer=False, **ADA)

    def write() -> None:
        server.before_drop = lambda: None
        assert isinstance(other.memory, Memory)
        other.memory.add("lantern 2", infer=False, **ADA)

    server.before_drop = write
    memory.erase(**ADA)
    assert found(memory) == found(other) == ["lantern 2"]


@pytest.mark.parametrize("when", ["at the start", "later"])
def test_the_worker_tells_what_is_late(make: MakeDoor, server: Server, when: str) -> None:
    heard = threading.Event()
    server.after_apply = heard.set
    make().add("lantern", infer=False, **ADA)
    memory = make(index=server, background=Background(idle=0.05, poll=0.05))
    if when == "later":
        assert heard.wait(30)
        heard.clear()
        make().add("lantern 2", infer=False, **ADA)
    assert heard.wait(30)
    memory.close()
