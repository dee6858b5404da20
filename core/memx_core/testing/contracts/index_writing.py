"""What an index makes of writes: seen at once, replaced, dropped, and from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from memx_core.errors import EmbeddingMismatchError
from memx_core.testing.contracts.index_case import ANNA, APP, BEN, IndexCase, memory, message, only, rows
from memx_core.types import Scope

NORTH, EAST = (1, 0, 0, 0), (0, 1, 0, 0)


class Following(IndexCase):
    """The index after the first search: whatever it keeps has to keep up."""

    def test_a_write_is_found_at_once(self) -> None:
        """Before and after the first search of its scope."""
        for row in range(1, 4):
            self.write(memory(row, f"coffee {row}", vector=NORTH))
            assert rows(self.find(vector=NORTH, words="coffee")) == list(range(1, row + 1))

    def test_a_write_is_found_in_every_scope_that_holds_it(self) -> None:
        """The narrow ones and the wide ones, each searched before."""
        narrow, wide = Scope("anna", "guide"), ANNA
        self.write(memory(1, vector=NORTH, scope=narrow))
        assert rows(self.find(vector=NORTH, scope=narrow)) == rows(self.find(vector=NORTH, scope=wide)) == [1]
        self.write(memory(2, vector=NORTH, scope=narrow), memory(3, vector=NORTH, scope=wide))
        assert rows(self.find(vector=NORTH, scope=narrow)) == [1, 2]
        assert rows(self.find(vector=NORTH, scope=wide)) == [1, 2, 3]

    def test_an_entry_that_comes_again_replaces_itself(self) -> None:
        """Text, vector and names; nothing of the old is found any more."""
        self.write(memory(1, "Anna drinks coffee", vector=NORTH, names=("anna",)), memory(2, "chess", vector=NORTH))
        assert rows(self.find(words="coffee")) == [1]
        self.write(memory(1, "Anna drinks tea", vector=EAST, names=("zoë",)))
        assert rows(self.find(words="coffee")) == []
        assert rows(self.find(words="tea")) == [1]
        assert rows(self.find(vector=NORTH, limit=1)) == [2]
        assert self.index.names(APP, ANNA) == {"zoë"}

    def test_an_entry_written_twice_is_found_once(self) -> None:
        """A retry is no second memory."""
        entry = memory(1, "coffee", vector=NORTH)
        for _ in range(3):
            self.write(entry)
        hit = only(self.find(vector=NORTH, words="coffee"))
        assert hit.row == 1

    def test_a_vector_may_come_later(self) -> None:
        """Found by words until then."""
        self.write(memory(1, "coffee"))
        assert rows(self.find(vector=NORTH)) == []
        self.write(memory(1, "coffee", vector=NORTH))
        assert rows(self.find(vector=NORTH)) == [1]

    def test_a_new_version_takes_the_place_of_the_old_one(self) -> None:
        """Which stays findable by its row."""
        self.write(memory(1, "lives in Bergen", vector=NORTH, id="home"))
        assert rows(self.find(words="Bergen")) == [1]
        self.write(
            memory(1, "lives in Bergen", vector=NORTH, id="home", current=False),
            memory(2, "lives in Oslo", vector=NORTH, id="home"),
        )
        assert rows(self.find(vector=NORTH, words="lives Bergen")) == [2]
        assert rows(self.find(words="Bergen", among={"memory": [1]})) == [1]

    def test_a_deleted_memory_is_gone_and_may_come_back(self) -> None:
        """When its deletion is undone."""
        for current, found in ((True, [1]), (False, []), (True, [1])):
            self.write(memory(1, "coffee", vector=NORTH, current=current))
            assert rows(self.find(vector=NORTH, words="coffee")) == found

    def test_what_is_dropped_and_erased_is_forgotten(self) -> None:
        """All of the scope, and nothing beside it."""
        inner = Scope("anna", "guide")
        self.write(memory(1, "coffee", vector=NORTH), memory(2, "coffee", vector=NORTH, scope=inner))
        self.write(memory(3, "coffee", vector=NORTH, scope=BEN), message(1, "coffee", vector=NORTH))
        self._erase(ANNA)
        for scope in (ANNA, inner):
            assert self.find(vector=NORTH, words="coffee", scope=scope, kinds=("memory", "message")) == []
        assert rows(self.find(vector=NORTH, words="coffee", scope=BEN)) == [3]

    def test_what_was_erased_elsewhere_is_forgotten_by_an_index_that_pulls(self) -> None:
        """Nobody calls `drop` here when another process erases; what is left and what is new is found."""
        if not self.index.pulls:
            return
        self.write(memory(1, "coffee", vector=NORTH, names=("zoë",)), memory(2, "coffee", vector=NORTH, scope=BEN))
        for scope in (ANNA, BEN):
            assert len(rows(self.find(vector=NORTH, words="coffee", scope=scope))) == 1
        self.source.erase(APP, ANNA)
        assert rows(self.find(vector=NORTH, words="coffee")) == []
        assert self.index.names(APP, ANNA) == frozenset()
        self.write(memory(3, "coffee", vector=NORTH))
        assert rows(self.find(vector=NORTH, words="coffee")) == [3]
        assert rows(self.find(vector=NORTH, words="coffee", scope=BEN)) == [2]

    def test_a_dropped_scope_can_be_written_again(self) -> None:
        """It is empty, not closed."""
        self.write(memory(1, "coffee", vector=NORTH))
        self._erase(ANNA)
        self.write(memory(2, "tea", vector=NORTH))
        assert rows(self.find(vector=NORTH, words="tea")) == [2]

    def test_a_whole_application_can_be_dropped(self) -> None:
        """And no other is touched."""
        self.write(memory(1, vector=NORTH), memory(2, vector=NORTH, scope=BEN))
        self.write(memory(3, vector=NORTH), namespace="another app")
        self.source.erase(APP, Scope())
        self.index.drop(APP)
        assert self.find(vector=NORTH) == self.find(vector=NORTH, scope=BEN) == []
        assert rows(self.find(vector=NORTH, namespace="another app")) == [3]

    def test_vectors_of_two_embedders_are_never_compared(self) -> None:
        """Though they are of one size: the query is refused, not answered by chance."""
        self.write(memory(1, "coffee", vector=NORTH, space="old"))
        assert rows(self.find(vector=NORTH, space="old")) == [1]
        assert self._refuses("new")

    def test_another_embedder_may_take_over(self) -> None:
        """All that was held is dropped, and comes again."""
        self.write(memory(1, "coffee", vector=NORTH, space="old"), memory(2, "tea", vector=EAST, space="old"))
        assert rows(self.find(vector=NORTH, space="old", limit=1)) == [1]
        self.index.drop(APP)
        self.write(memory(1, "coffee", vector=EAST, space="new"), memory(2, "tea", vector=NORTH, space="new"))
        assert rows(self.find(vector=NORTH, space="new", limit=1)) == [2]
        assert self._refuses("old")

    def test_dropping_what_is_not_there_is_no_error(self) -> None:
        """Nothing was asked to be there."""
        self.index.drop(APP, Scope("nobody"))
        self.index.drop("no app")
        assert self.find(vector=NORTH) == []

    def test_threads_may_write_and_search_at_once(self) -> None:
        """No write is lost, and no search fails or finds another scope's."""
        scopes = [ANNA, BEN]

        def work(thread: int) -> None:
            scope = scopes[thread % 2]
            for step in range(10):
                row = thread * 10 + step
                self.write(memory(row, f"coffee {row}", vector=(1, row, 0, 0), scope=scope))
                found = rows(self.find(vector=NORTH, words="coffee", scope=scope, limit=100))
                assert row in found
                assert {other // 10 % 2 for other in found} == {thread % 2}

        with ThreadPoolExecutor(4) as threads:
            for future in [threads.submit(work, thread) for thread in range(4)]:
                future.result()
        for number, scope in enumerate(scopes):
            expected = [row for row in range(40) if row // 10 % 2 == number]
            assert rows(self.find(vector=NORTH, words="coffee", scope=scope, limit=100)) == expected

    def _refuses(self, space: str) -> bool:
        try:
            self.find(vector=NORTH, space=space)
        except EmbeddingMismatchError:
            return True
        return False

    def _erase(self, scope: Scope) -> None:
        self.source.erase(APP, scope)
        self.index.drop(APP, scope)
