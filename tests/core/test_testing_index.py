"""The index contract holds for indexes that keep it, and notices each way of breaking it."""

from dataclasses import replace
from math import log

import pytest

from memx_core.errors import EmbeddingMismatchError
from memx_core.ports import IndexHit
from memx_core.testing import IndexContract
from memx_core.text import tokens
from memx_core.types import Scope


class PlainIndex:
    """The promises in a few lines, slow and exact: it reads everything anew for each search."""

    pulls = True

    def attach(self, source):
        self.source = source

    def apply(self, namespace, entries):
        pass

    def drop(self, namespace, scope=None):
        pass

    def close(self):
        pass

    def names(self, namespace, scope, kinds=("memory",)):
        entries = [each for each in self.entries(namespace, scope) if each.current and each.kind in kinds]
        return frozenset(name for each in entries for name in each.names)

    def entries(self, namespace, scope):
        return self.source.entries(namespace, scope, since=0)[0]

    def search(self, query):
        entries = list(self.entries(query.namespace, query.scope))
        count = max(len(query.vectors) if query.vectors is not None else 0, len(query.words or ()))
        return [
            [hit for kind in query.kinds for hit in self.arms(query, number, entries, kind)] for number in range(count)
        ]

    def arms(self, query, number, entries, kind):
        among = None if query.rows is None or kind not in query.rows else set(query.rows[kind].tolist())
        allowed = [each for each in entries if each.kind == kind and self.allowed(each, among)]
        weights = self.weights(entries)
        hits = [self.hit(query, number, each, weights) for each in allowed]
        near = sorted((hit for hit in hits if hit.dense is not None), key=lambda hit: -hit.dense)[: query.limit]
        worded = sorted((hit for hit in hits if hit.words > 0), key=lambda hit: -hit.words)[: query.limit]
        return {hit.row: hit for hit in near + worded}.values()

    def allowed(self, each, among):
        return each.current if among is None else each.row in among

    def weights(self, entries):
        texts = [set(tokens(each.text)) for each in entries]
        return lambda word: log(1 + (len(texts) + 0.5) / (sum(word in text for text in texts) + 0.5))

    def hit(self, query, number, each, weights):
        vector = None if query.vectors is None or each.vector is None else query.vectors[number]
        if vector is not None:
            self.check(query.space, each.space)
        text = set(tokens(each.text))
        words = sum(weights(word) for word in (query.words[number] if query.words else ()) if word in text)
        dense = None if vector is None else float(vector @ each.vector)
        named = bool(query.names & set(each.names))
        return IndexHit(row=each.row, id=each.id, kind=each.kind, dense=dense, words=words, named=named)

    def check(self, asked, held):
        if asked and asked != held:
            raise EmbeddingMismatchError.between(held, asked)


class TestPlainIndex(IndexContract):
    def make_index(self):
        return PlainIndex()


class IgnoresScopes(PlainIndex):
    def entries(self, namespace, scope):
        return super().entries(namespace, Scope())


class FoldsIds(PlainIndex):
    def entries(self, namespace, scope):
        entries = super().entries(namespace, Scope())
        return [each for each in entries if (each.scope.user_id or "").lower() == (scope.user_id or "").lower()]


class MixesNamespaces(PlainIndex):
    def entries(self, namespace, scope):
        return super().entries("one" if namespace == "two" else namespace, scope)


class FindsThePast(PlainIndex):
    def allowed(self, each, among):
        return among is None or each.row in among


class HidesThePast(PlainIndex):
    def allowed(self, each, among):
        return each.current and (among is None or each.row in among)


class IgnoresRows(PlainIndex):
    def allowed(self, each, among):
        return each.current


class GatesWordsByVectors(PlainIndex):
    def search(self, query):
        return super().search(query if query.vectors is None else replace(query, words=None))


class GivesNoCosine(PlainIndex):
    def hit(self, query, number, each, weights):
        hit = super().hit(query, number, each, weights)
        return hit._replace(dense=None) if hit.words else hit


class ReadsOnce(PlainIndex):
    def entries(self, namespace, scope):
        known = self.__dict__.setdefault("known", {})
        if (namespace, scope) not in known:
            known[namespace, scope] = list(super().entries(namespace, scope))
        return known[namespace, scope]


class KeepsWhatWasErased(PlainIndex):
    def drop(self, namespace, scope=None):
        self.__dict__["known"] = {}

    def entries(self, namespace, scope):
        known = self.__dict__.setdefault("known", {}).setdefault((namespace, scope), {})
        known.update({(each.kind, each.row): each for each in super().entries(namespace, scope)})
        return list(known.values())


class AppendsOnly(PlainIndex):
    def apply(self, namespace, entries):
        self.__dict__.setdefault("log", []).extend((namespace, each) for each in entries)

    def entries(self, namespace, scope):
        current = {each.id for each in super().entries(namespace, scope)}
        return [each for place, each in self.__dict__.get("log", []) if place == namespace and each.id in current]


class WeighsAllScopes(PlainIndex):
    def weights(self, entries):
        return super().weights(self.source.entries("app", Scope(), since=0)[0])


class WeighsAllWordsAlike(PlainIndex):
    def weights(self, entries):
        return lambda word: 1.0


class NamesEveryone(PlainIndex):
    def names(self, namespace, scope, kinds=("memory",)):
        return super().names(namespace, Scope(), kinds)


class NamesAllKinds(PlainIndex):
    def names(self, namespace, scope, kinds=("memory",)):
        return super().names(namespace, scope, ("memory", "message"))


class ComparesWhatCannotBeCompared(PlainIndex):
    def check(self, asked, held):
        pass


class AnswersTheFirstQuery(PlainIndex):
    def search(self, query):
        return super().search(query)[:1]


BROKEN = PlainIndex.__subclasses__()


def failures(make_index):
    """The promises that an index breaks."""
    contract = type("Contract", (IndexContract,), {"make_index": lambda self: make_index()})
    return [name for name in dir(contract) if name.startswith("test_") and not keeps(contract(), name)]


def keeps(contract, name):
    contract.setup_method()
    try:
        getattr(contract, name)()
    except (AssertionError, EmbeddingMismatchError):
        return False
    finally:
        contract.teardown_method()
    return True


def test_an_index_that_keeps_the_promises_breaks_none():
    assert failures(PlainIndex) == []


@pytest.mark.parametrize("broken", BROKEN)
def test_an_index_that_breaks_a_promise_is_noticed(broken):
    assert failures(broken) != []
