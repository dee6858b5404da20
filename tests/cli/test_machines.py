"""What programs read: `--json` of every command, exit codes, and one plain line for an error."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import memx_cli
from memx_cli import shapes, story
from memx_cli.app import app, database, keys
from memx_core.types import Scope, Usage
from tests.cli.conftest import Run

ANSWERS = {  # command line, and what its result has
    "demo": (["demo"], {"turns"}),
    "add": (["add", "I moved to Oslo."], {"operation_id", "status", "changes", "warnings", "usage"}),
    "list": (["list"], {"items", "next_cursor"}),
    "recall": (["recall", "home"], {"text", "hits", "tokens"}),
    "undo": (["undo", "--last"], {"undone", "changes"}),
    "flush": (["flush"], {"waited", "waiting"}),
    "import": (["import", "out.jsonl"], {"memories", "messages", "skipped", "warnings"}),
    "export": (["export", "again.jsonl"], {"memories", "path"}),
    "backfill": (["backfill", "conversations.json", "--dry-run"], {"conversations", "messages", "calls"}),
    "usage": (["usage"], {"calls", "input_tokens", "by_model", "by_day", "by_scope"}),
    "rebuild": (["rebuild"], {"embedded"}),
    "doctor": (["doctor"], {"healthy", "checks"}),
    "db upgrade": (["db", "upgrade"], {"schema"}),
    "db copy": (["db", "copy", "copy.db"], {"rows", "memories"}),
    "keys create": (["keys", "create"], {"key", "info"}),
    "erase": (["erase", "--yes"], {"memories", "verified", "remains"}),
    "chat": (["chat"], {"said", "reply", "recalled", "learned"}),
}
LISTS = {
    "search": ["search", "home"],
    "diff": ["diff"],
    "review": ["review"],
    "scopes": ["scopes"],
    "keys list": ["keys", "list"],
}
OTHERS = {"show", "keys revoke", "serve", "inspect"}  # need an id, or end with Ctrl-C


def commands() -> set[str]:
    return {
        f"{prefix}{each.name}"
        for prefix, of in (("", app), ("db ", database), ("keys ", keys))
        for each in of.registered_commands
    }


def test_every_command_is_asked_for_json() -> None:
    assert commands() == set(ANSWERS) | set(LISTS) | OTHERS


def test_every_command_answers_one_object_in_one_line(
    memx: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = story.story()
    short = {**told, "sessions": [{**each, "turns": each["turns"][:2]} for each in told["sessions"]]}
    monkeypatch.setattr(story, "story", lambda: short)
    (tmp_path / "conversations.json").write_text("[]", encoding="utf-8")
    memx("add", "I live in Bergen.")
    memx("export", "out.jsonl")
    for name, (arguments, fields) in ANSWERS.items():
        done = memx(*arguments, "--json", stdin="Hello!\n" if name == "chat" else "")
        assert json.loads(done.out)["command"] == name
        assert fields <= set(done.result), name
        assert done.out.isascii()
    memx("add", "I live in Bergen.")
    for name, arguments in LISTS.items():
        done = memx(*arguments, "--json")
        assert json.loads(done.out)["command"] == name
        assert isinstance(done.result, list)
    (item,) = memx("list", "--json").result["items"]
    assert memx("show", item["id"], "--json").result["versions"][0]["memory"] == item
    (key,) = memx("keys", "list", "--json").result
    assert memx("keys", "revoke", key["id"], "--json").result == {"revoked": key["id"]}


def test_a_shape_is_values_of_json_whatever_the_keys() -> None:
    shape = shapes.tree({Scope("ada"): Usage(calls=1)})
    assert shape[0]["key"] == {"user_id": "ada", "agent_id": None, "run_id": None}
    assert shape[0]["value"]["calls"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list", "-d", "nope.db"], "there is no database at 'nope.db'"),
        (["show", "nobody"], "no memory 'nobody'"),
        (["import", "nope.jsonl"], "nope.jsonl"),
        (["add", " ", "--json"], "blank"),
        (["search", "x", "--filter", "nonsense"], "--filter takes key=value"),
        (["list", "--filter", '{"a": {"nope": 1}}'], "nope"),
        (["add", "x", "--metadata", "nonsense"], "--metadata takes key=value"),
        (["add", "x", "--model", "bogus:x"], "bogus"),
        (["add", "x", "--embedder", "nonsense"], "names no provider"),
        (["recall"], "no text came from stdin"),
        (["undo", "nope"], "no operation 'nope'"),
        (["review", "approve", "nope"], "no operation 'nope'"),
    ],
)
def test_what_goes_wrong_is_one_plain_line_and_exit_code_1(memx: Run, arguments: list[str], said: str) -> None:
    failed = memx(*arguments, code=1)
    assert failed.out == ""
    (line,) = failed.err.splitlines()
    assert line.startswith("memx: ")
    assert said in line
    assert "Traceback" not in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lst"], "Did you mean 'list'?"),
        (["search", "x", "--limit", "many"], "--limit"),
        (["list", "--nope"], "--nope"),
        (["show"], "see memx show --help"),
        (["review", "maybe"], "maybe"),
    ],
)
def test_a_wrong_command_line_is_one_plain_line_and_exit_code_2(memx: Run, arguments: list[str], said: str) -> None:
    failed = memx(*arguments, code=2)
    (line,) = failed.err.splitlines()
    assert line.startswith("memx: ")
    assert said in line


def test_nobody_is_not_everybody_and_nothing_is_made(
    memx: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MEMX_USER")
    for arguments in (["add", "x"], ["list"], ["search", "x"], ["recall", "x"], ["diff"], ["erase", "-y"], ["chat"]):
        assert "whose memories?" in memx(*arguments, "-d", "memx.db", code=1).err
    memx("add", "x", "-d", "new.db", code=1)
    assert not (tmp_path / "new.db").exists()


def test_a_traceback_is_shown_where_it_is_asked_for(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMX_DEBUG", "1")
    with pytest.raises(LookupError):
        memx_cli.main(["show", "nobody"])


def test_ctrl_c_is_130_and_says_nothing(memx: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("memx_core.Memory.get_all", interrupted)
    done = memx("list", code=130)
    assert (done.out, done.err.strip()) == ("", "")


def test_without_the_extra_it_says_what_to_install(
    memx: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [*(name for name in sys.modules if name.startswith("memx_cli.")), "typer"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr(memx_cli, "running", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    done = memx("list", code=1)
    assert done.err == 'memx: the command line needs its extra: pip install "memx-core[cli]"\n'
