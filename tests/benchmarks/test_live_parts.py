"""The parts of a live run that need no model: the journal, the sample, what is learned from together."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("langchain", reason="langchain is not installed")

from benchmarks.live.journal import Journal
from benchmarks.live.rows import Everything, pieces
from benchmarks.live.sampling import cases, fingerprint
from benchmarks.retrieval.cases import Conversation, Question, Turn

SETTINGS = {"budget": 1000, "rows": ["a"]}


def said(number, words, session="1"):
    return Turn(f"D{number}", session, "user", "boat " * words)


def conversation(name, questions):
    asked = tuple(Question(f"{name} {number}?", "", "", frozenset()) for number in range(questions))
    return Conversation(name, (said(1, 3),), asked)


def test_a_journal_has_what_was_written_when_it_is_opened_again(tmp_path):
    journal = Journal(tmp_path / "deep" / "live.jsonl", SETTINGS)
    journal.write("a/0", text="line\u2028\nand \ud800", tokens=3)
    journal.close()
    again = Journal(tmp_path / "deep" / "live.jsonl", SETTINGS)
    assert again.find("a/0") == {"key": "a/0", "text": "line\u2028\nand \ud800", "tokens": 3}
    assert again.find("a/1") is None
    again.close()


def test_a_journal_cut_off_at_any_byte_has_the_whole_lines_before_and_goes_on(tmp_path):
    path = tmp_path / "live.jsonl"
    journal = Journal(path, SETTINGS)
    for number in range(2):
        journal.write(f"a/{number}", text="ö")
    journal.close()
    whole = path.read_bytes()
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        again = Journal(path, SETTINGS)
        kept = [again.find(f"a/{number}") is not None for number in range(2)]
        assert kept == [cut >= end for end in ends[1:]]
        again.write("a/1", text="ö")
        again.close()
        assert [json.loads(line) for line in path.read_bytes().splitlines()][-1]["key"] == "a/1"


def test_a_journal_of_other_settings_or_none_at_all_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "live.jsonl"
    Journal(path, SETTINGS).close()
    before = path.read_bytes()
    with pytest.raises(SystemExit, match="budget was 1000 and is 300"):
        Journal(path, SETTINGS | {"budget": 300})
    assert path.read_bytes() == before
    path.write_text("not JSON\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="is no journal"):
        Journal(path, SETTINGS)
    path.write_text("[1]\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="is no journal"):
        Journal(path, SETTINGS)


def test_a_sample_is_drawn_from_the_conversations_that_are_left():
    given = [conversation("a", 5), conversation("none", 0), conversation("b", 5), conversation("c", 5)]
    every = cases(given, limit=None, most=None, seed=0)
    assert [(case.number, len(case.questions)) for case in every] == [(0, 5), (2, 5), (3, 5)]
    some = cases(given, limit=4, most=2, seed=1)
    assert len(some) <= 2
    assert sum(len(case.questions) for case in some) == 4
    assert some == cases(given, limit=4, most=2, seed=1)
    assert {tuple(cases(given, limit=1, most=None, seed=seed)[0].questions) for seed in range(20)} > {(0,)}
    assert cases(given, limit=99, most=99, seed=0) == every


def test_data_that_differs_has_another_fingerprint():
    given = [conversation("a", 2)]
    assert fingerprint(given) == fingerprint([conversation("a", 2)])
    assert len({fingerprint(other) for other in (given, [conversation("a", 1)], given * 2, [])}) == 4


def test_a_piece_is_of_one_session_and_no_longer_than_a_call_takes():
    turns = [said(1, 400), said(2, 400), said(3, 400), said(4, 5_000), said(5, 1), said(6, 1, "2")]
    assert [[turn.id for turn in piece] for piece in pieces(turns)] == [["D1", "D2"], ["D3"], ["D4"], ["D5"], ["D6"]]
    assert list(pieces([])) == []


def test_a_full_context_without_a_window_is_everything():
    everything = Everything(None)
    everything.add([said(1, 1), said(2, 2, "2")])
    context = everything.recall("", 1)
    assert context.text == "[a talk]\nuser: boat \n\n[a talk]\nuser: boat boat "
    assert context.turns == {"D1", "D2"}
