"""Every system that needs nothing installed, on a conversation of four turns."""

import json
import sys
from dataclasses import replace

import pytest

from benchmarks.retrieval import __main__ as command
from benchmarks.retrieval import scoring, tables
from benchmarks.retrieval.ablation import TOLD_WITHOUT, TRIED, WITHOUT, ablate, changed, diverse
from benchmarks.retrieval.cases import Conversation, Fact, Question, Turn
from benchmarks.retrieval.embedding import Remembering
from benchmarks.retrieval.systems import NAMES, Found, make, packed
from memx_core import Memory, Message, SearchHit, searchable
from memx_core.embedders import HashingEmbedder
from memx_core.ranking import fusion
from memx_core.text import estimate_tokens, tokens
from tests.benchmarks.test_retrieval_readers import LOCOMO

KILN = Fact("Rosa bought a kiln for pottery.", "Rosa", frozenset({"1"}))
BOAT = Fact("Milo repairs a boat in Bergen.", "Milo", frozenset({"2", "3"}))
TURNS = (
    Turn("1", "a", "user", "I bought a kiln for my pottery.", "Rosa", facts=(KILN,)),
    Turn("2", "a", "assistant", "Good for you. I have a boat to repair.", "Milo"),
    Turn("3", "b", "assistant", "The boat lies in Bergen now.", "Milo", facts=(BOAT,)),
    Turn("4", "b", "user", "It rains here.", "Rosa"),
)
QUESTIONS = (
    Question("Who bought a kiln?", "Rosa", "single-hop", frozenset({"1"})),
    Question("Where is the boat?", "in Bergen", "multi-hop", frozenset({"3"})),
)
CONVERSATION = Conversation("made up", TURNS, QUESTIONS)
OFFLINE = [name for name in NAMES if not name.startswith("mem0")]


@pytest.mark.parametrize("name", OFFLINE)
def test_a_system_finds_what_was_said_and_where_it_was_said(name):
    system = make(name, HashingEmbedder())
    system.add(TURNS)
    first = system.search("Which boat lies in Bergen?", 2)[0]
    assert "3" in first.turns
    assert "Bergen" in first.text
    context = system.recall("Which boat lies in Bergen?", 200)
    assert "3" in context.turns
    assert "Bergen" in context.text
    system.close()


@pytest.mark.parametrize("name", OFFLINE)
def test_a_context_keeps_to_its_budget(name):
    system = make(name, HashingEmbedder())
    system.add(TURNS)
    context = system.recall("boat kiln pottery", 60)
    assert 0 < estimate_tokens(context.text) <= 60
    system.close()


def test_a_fact_comes_from_all_its_turns_and_from_the_one_that_brought_it():
    system = make("memx-facts", HashingEmbedder())
    system.add(TURNS)
    assert [hit.turns for hit in system.search("boat in Bergen", 1)] == [{"2", "3"}]
    system.close()


def test_hits_that_do_not_fit_make_room_for_shorter_ones():
    long, short = Found("boat " * 100, frozenset({"1"})), Found("kiln", frozenset({"2"}))
    assert packed([long, short], 20).turns == {"2"}


def test_scores_are_means_by_category_and_of_all():
    asked = scoring.score(lambda: make("bm25-turns", HashingEmbedder()), [CONVERSATION, CONVERSATION])
    means = scoring.means(asked)
    assert list(means) == ["all", "multi-hop", "single-hop"]
    assert means["single-hop"]["recall@10"] == means["single-hop"]["MRR"] == 1
    assert means["all"]["answer@1000"] == 1
    assert len(asked) == 4


def test_every_part_can_be_taken_away_and_is_there_again_afterwards():
    everything = {**WITHOUT, **TOLD_WITHOUT, **TRIED}
    parts = [part[:2] for changes in everything.values() for part in changes]
    before = [getattr(module, name) for module, name in parts]
    found = ablate(lambda: make("memx-turns", HashingEmbedder()), [CONVERSATION])
    assert {name: len(asked) for name, asked in found.items()} == dict.fromkeys(everything, 2)
    assert [getattr(module, name) for module, name in parts] == before
    with changed(WITHOUT["words alone"]):
        assert fusion.DENSE == 0


def test_what_is_taken_away_before_a_word_is_told_reaches_the_words():
    assert tokens("Ada paints boats") == ["ada", "paint", "boat"]
    with changed(TOLD_WITHOUT["words are not stemmed"]):
        assert tokens("Ada paints boats") == ["ada", "paints", "boats"]
    assert tokens("Ada paints boats") == ["ada", "paint", "boat"]
    with changed(TOLD_WITHOUT["turns without their speaker's name"]):
        assert searchable.message_text(Message("user", "a boat", name="Ada")) == "a boat"


def test_diversity_puts_what_says_the_same_behind_what_says_something_else():
    texts = {"red boats in Bergen": 0.9, "the red boats in Bergen": 0.85, "a kiln": 0.6}
    with Memory(None, HashingEmbedder(), ":memory:", background=False) as memory:
        memory.add("a boat", user_id="ada", infer=False)
        (item,) = memory.get_all(user_id="ada")
    hits = [SearchHit(replace(item, text=text), score) for text, score in texts.items()]
    assert [hit.score for hit in diverse(hits, 2, 0.7)] == [0.9, 0.6]
    assert [hit.score for hit in diverse(hits, 2, 1.0)] == [0.9, 0.85]
    assert [hit.score for hit in diverse(hits, 5, 0.7)] == [0.9, 0.6, 0.85]


def test_a_table_leaves_empty_what_is_missing():
    assert list(tables.table("system", {"a": {"x": 0.5}, "b": {"y": 1.0}})) == [
        "| system | x | y |", "|---|---:|---:|", "| a | 50.0 |  |", "| b |  | 100.0 |"
    ]  # fmt: skip


def test_each_text_is_embedded_once():
    class Counting(HashingEmbedder):
        texts = 0

        def embed_documents(self, texts):
            self.texts += len(texts)
            return super().embed_documents(texts)

    counting = Counting()
    embedder = Remembering(counting)
    once = embedder.embed_documents(["a", "b", "a"])
    again = embedder.embed_documents(["b"])
    assert counting.texts == 2
    assert (once[1] == again[0]).all()
    assert embedder.fingerprint == counting.fingerprint


def test_the_command_prints_tables_and_writes_every_question(tmp_path, monkeypatch, capsys):
    data, out = tmp_path / "locomo.json", tmp_path / "out.json"
    data.write_text(json.dumps([LOCOMO]), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["retrieval", str(data), "--embedder", "hashing", "--json", str(out)])
    command.main()
    assert "1 conversations, 3 turns, 2 facts, 1 questions" in capsys.readouterr().out
    written = json.loads(out.read_text())
    assert set(written["means"]) == set(OFFLINE)
    assert {row["question"] for row in written["questions"]} == {"When did it explode?"}


@pytest.mark.skipif("mem0" in sys.modules, reason="it is installed here")
def test_without_mem0_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "mem0", None)
    with pytest.raises(SystemExit, match="pip install mem0ai"):
        make("mem0-turns", HashingEmbedder())
