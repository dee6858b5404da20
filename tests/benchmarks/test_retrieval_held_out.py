"""Numbers of the ranking that are chosen on other conversations than the one that is asked."""

import sys

import pytest

from benchmarks.retrieval import __main__ as command
from benchmarks.retrieval import held_out
from benchmarks.retrieval.cases import Conversation, Question, Turn
from benchmarks.retrieval.held_out import NUMBERS, Number, hold_out, lines
from benchmarks.retrieval.systems.port import Found
from memx_core.ranking import fusion

TURNS = (Turn("1", "a", "user", "kiln"), Turn("2", "a", "user", "boat"))


class Liking:
    """Finds turn 1 first where `fusion.NEAR` is what it likes, and nothing else ever."""

    def __init__(self, liked):
        self.liked = liked

    def add(self, turns):
        assert turns == TURNS

    def search(self, query, k):
        return [Found("kiln", frozenset({"1"}))] if self.liked == fusion.NEAR else []

    def recall(self, query, max_tokens):
        raise AssertionError("only the ranking counts")

    def close(self):
        pass


def conversation(name):
    return Conversation(name, TURNS, (Question("what?", "kiln", "single-hop", frozenset({"1"})),))


@pytest.fixture
def liking(monkeypatch):
    """Held out over conversations that like these values of one number."""
    monkeypatch.setattr(held_out, "NUMBERS", (Number(fusion, "NEAR", (0.0, 0.2, 0.4, 0.6)),))

    def run(*liked):
        systems = iter(liked)
        return hold_out(lambda: Liking(next(systems)), [conversation(f"c{number}") for number in range(len(liked))])

    return run


def test_a_conversation_is_asked_with_what_the_others_choose(liking):
    found = liking(0.2, 0.4, 0.4)
    assert found.numbers == {"c0": (0.4,), "c1": (0.2,), "c2": (0.2,)}
    assert [one.values["MRR"] for one in found.chosen] == [0, 0, 0]
    assert [one.values["MRR"] for one in liking(0.4, 0.4).chosen] == [1, 1]


def test_what_makes_no_difference_stays_off_and_the_defaults_are_there_again(liking):
    default = fusion.NEAR
    found = liking(default, 0.3)
    assert found.numbers["c0"] == (0.0,)
    assert [one.values["MRR"] for one in found.defaults] == [1, 0]
    assert default == fusion.NEAR


def test_a_table_sets_what_is_held_out_beside_the_defaults(liking):
    title, _, overall, first, *_ = lines("it", liking(fusion.NEAR, fusion.NEAR))
    assert title.endswith("| recall@10, held out | MRR, held out | recall@10, defaults | MRR, defaults |")
    assert overall == "| it, all | 100.0 | 100.0 | 100.0 | 100.0 |"
    assert first.startswith("| it, c0 |")


def test_every_number_is_there_and_begins_with_what_is_no_default():
    assert all(isinstance(getattr(number.module, number.name), float) for number in NUMBERS)
    assert all(getattr(number.module, number.name) in number.values[1:] for number in NUMBERS)


def test_one_conversation_has_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "read", lambda path: [conversation("alone")])
    monkeypatch.setattr(sys, "argv", ["retrieval", str(tmp_path), "--held-out", "--embedder", "hashing"])
    with pytest.raises(SystemExit, match="two at least"):
        command.main()
