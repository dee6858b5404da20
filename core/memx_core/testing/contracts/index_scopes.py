"""What an index must not find: other scopes, other applications, and what is no longer current."""

from __future__ import annotations

from itertools import product

from memx_core.ports import IndexQuery
from memx_core.testing.contracts.index_case import ANNA, APP, BEN, IndexCase, memory, message, only, rows, unit
from memx_core.types import Scope

NORTH = (1, 0, 0, 0)
LOOKALIKES = [
    *("*", "%", "_", "?", ".", "a", "A", "a ", " a", "a*", "a%", "a_", "a.", "a\\", "a'", 'a"', "[a]", "(a|b)"),
    *("\u0430", "\uff41", "\u00e9", "e\u0301", "ß", "ss", "a\u200b", "a\x00", "a\n"),
    *("0", "00", "None", "null", "用户", "alice@example.com"),
]
"""Ids that some store takes for another, or for all; among them an `a` in Cyrillic and one in full width."""


class Isolation(IndexCase):
    """Scopes, namespaces, and the rows that a search is narrowed to."""

    def test_an_id_not_given_is_unconstrained(self) -> None:
        """As a query; an address without an id simply has none."""
        self._write_addresses()
        assert rows(self.find(vector=NORTH, scope=ANNA)) == [1, 2, 3, 4]
        assert rows(self.find(vector=NORTH, scope=Scope(agent_id="guide"))) == [2, 4, 6]
        assert rows(self.find(vector=NORTH, scope=Scope(run_id="monday"))) == [3, 4]

    def test_all_ids_given_have_to_match(self) -> None:
        """An entry without the id does not."""
        self._write_addresses()
        assert rows(self.find(vector=NORTH, scope=Scope("anna", "guide"))) == [2, 4]
        assert rows(self.find(vector=NORTH, scope=Scope("anna", "guide", "monday"))) == [4]
        assert rows(self.find(vector=NORTH, scope=Scope("ben", run_id="monday"))) == []

    def _write_addresses(self) -> None:
        of_anna = [ANNA, Scope("anna", "guide"), Scope("anna", None, "monday"), Scope("anna", "guide", "monday")]
        addresses = [*of_anna, BEN, Scope("ben", "guide")]
        self.write(*(memory(row, vector=NORTH, scope=scope) for row, scope in enumerate(addresses, start=1)))

    def test_an_id_means_exactly_itself(self) -> None:
        """No wildcard, no pattern, no trimming, no folding, whatever it looks like."""
        self.write(*(memory(row, "coffee", vector=NORTH, scope=Scope(id)) for row, id in enumerate(LOOKALIKES)))
        for row, id in enumerate(LOOKALIKES):
            assert rows(self.find(vector=NORTH, words="coffee", scope=Scope(id), limit=100)) == [row], id

    def test_ids_are_not_joined(self) -> None:
        """Or two addresses could become one key."""
        parts = ["a", "b", "a:b", "a|b", "a/b", "a\x00b", "a,b", '","']
        scopes = [Scope(user, agent) for user, agent in product(parts, [None, *parts])]
        self.write(*(memory(row, vector=NORTH, scope=scope) for row, scope in enumerate(scopes)))
        for row, scope in enumerate(scopes):
            if scope.agent_id is not None:
                assert rows(self.find(vector=NORTH, scope=scope, limit=100)) == [row], scope

    def test_the_same_id_in_another_place_is_another(self) -> None:
        """A user, an agent and a run may be called alike."""
        self.write(*(memory(row, vector=NORTH, scope=scope) for row, scope in enumerate(_in_each_place("x"), start=1)))
        assert [rows(self.find(vector=NORTH, scope=scope)) for scope in _in_each_place("x")] == [[1], [2], [3]]

    def test_namespaces_are_apart(self) -> None:
        """Even with the same rows, ids and scopes."""
        self.write(memory(1, "coffee", vector=NORTH), namespace="one")
        self.write(memory(1, "tea", vector=NORTH), memory(2, "tea", vector=NORTH), namespace="two")
        assert rows(self.find(vector=NORTH, namespace="one")) == [1]
        assert rows(self.find(words="tea", namespace="one")) == []
        assert rows(self.find(words="tea", namespace="two")) == [1, 2]

    def test_an_empty_scope_finds_nothing_for_each_query(self) -> None:
        """One empty list each, and no error."""
        self.write(memory(1, "coffee", vector=NORTH))
        vectors = unit(*NORTH).reshape(1, -1).repeat(2, axis=0)
        query = IndexQuery(namespace=APP, scope=Scope("nobody"), vectors=vectors, words=[["coffee"], []], limit=5)
        assert [list(hits) for hits in self.index.search(query)] == [[], []]
        assert self.index.names(APP, Scope("nobody")) == frozenset()

    def test_scores_do_not_depend_on_other_scopes(self) -> None:
        """How rare a word is elsewhere is nobody's business."""
        self.write(memory(1, "coffee"), memory(2, "tea and coffee"), memory(3, "chess"))
        before = self.find(words="coffee")
        self.write(*(memory(row, "coffee", scope=BEN) for row in range(10, 40)))
        assert self.find(words="coffee") == before

    def test_what_is_not_current_is_hidden(self) -> None:
        """From both arms, and from the names."""
        self.write(memory(1, "coffee", vector=NORTH, names=("zoë",), current=False), memory(2, "tea", vector=NORTH))
        assert rows(self.find(vector=NORTH, words="coffee")) == [2]
        assert self.index.names(APP, ANNA) == frozenset()

    def test_a_row_that_is_named_is_found_current_or_not(self) -> None:
        """That is how the past is searched."""
        self.write(memory(1, "coffee", vector=NORTH, current=False), memory(2, "tea", vector=NORTH))
        hit = only(self.find(vector=NORTH, words="coffee", among={"memory": [1]}))
        assert hit.row == 1
        assert hit.words > 0

    def test_rows_not_named_are_left_out(self) -> None:
        """Before the limit is taken, so that the best of the rest is found."""
        self.write(*(memory(row, "coffee", vector=(row, 10, 0, 0)) for row in range(1, 21)))
        assert rows(self.find(vector=NORTH, limit=2, among={"memory": [3, 5, 7, 99]})) == [5, 7]
        assert rows(self.find(words="coffee", limit=9, among={"memory": [3, 5, 7]})) == [3, 5, 7]
        assert rows(self.find(vector=NORTH, words="coffee", among={"memory": []})) == []

    def test_rows_of_one_kind_leave_the_other_kind_alone(self) -> None:
        """A filter on memories is none on messages."""
        self.write(memory(1, vector=NORTH), memory(2, vector=NORTH), message(1, vector=NORTH), message(2, vector=NORTH))
        hits = self.find(vector=NORTH, kinds=("memory", "message"), among={"memory": [2]})
        assert [(hit.kind, hit.row) for hit in hits] == [("memory", 2), ("message", 1), ("message", 2)]

    def test_rows_never_widen_a_scope(self) -> None:
        """A row of another scope stays there, named or not."""
        self.write(memory(1, "coffee", vector=NORTH), memory(2, "coffee", vector=NORTH, scope=BEN))
        assert rows(self.find(vector=NORTH, words="coffee", among={"memory": [1, 2]})) == [1]


def _in_each_place(id: str) -> list[Scope]:
    return [Scope(user_id=id), Scope(agent_id=id), Scope(run_id=id)]
