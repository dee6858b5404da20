"""Remembered text is text: no markup is read in it, and nothing of it moves a terminal's cursor."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from memx_cli import plain
from tests.cli.conftest import Done, Run

ESCAPES = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe\u202c \x08\x7f \u2028next"
MARKUP = "[bold red]not bold[/] [link=file:///etc/passwd]x[/link] :bomb: [/nope]"
FAMILY = "👩\u200d👩\u200d👧 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 用户 🏴"


def unseen(text: str) -> set[str]:
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return {each for each in text if unicodedata.category(each) in bad and each not in "\n\u200d\u200c"}


def check(done: Done) -> str:
    assert not unseen(done.out)
    assert not unseen(done.err)
    return done.out


def test_no_command_lets_an_escape_through_or_reads_markup(memx: Run) -> None:
    text = f"{ESCAPES} {MARKUP} {FAMILY}"
    hostile = ("-u", "\x1b[31mada[bold]", "--session", "\x1b]0;x\x07", "-m", "note=\x1b[1m[red]")
    call = check(memx("add", "--verbatim", *hostile, text)).splitlines()[-1].split()[-1]
    ada = hostile[:2]
    for arguments in (
        ["list"],
        ["search", text, "--messages", "--explain"],
        ["recall", text],
        ["diff"],
        ["usage"],
        ["list", "--filter", "note=\x1b[1m[red]"],
    ):
        shown = check(memx(*arguments, *ada))
        if arguments[0] not in ("usage",):
            assert "[bold red]not bold[/]" in shown
            assert ":bomb:" in shown
            assert FAMILY in shown
    (item,) = memx("list", "--json", *ada).result["items"]
    assert item["text"] == text  # a program gets what was said, escaped as JSON does it
    check(memx("list", "--json", *ada))
    assert "[bold red]" in check(memx("show", item["id"], *ada))
    assert "[bold red]" in check(memx("undo", call, *ada))
    check(memx("undo", f"\x1b[31m[bold]{call}", *ada, code=1))
    check(memx("search", text, "--filter", "\x1b[31m", *ada, code=1))
    check(memx("show", "\x1b[31m", code=1))


def test_what_waits_and_what_is_said_in_a_chat_is_plain(memx: Run) -> None:
    memx("add", f"I live in Bergen. {ESCAPES}")
    check(memx("add", f"I moved to Oslo {ESCAPES}[red].", "--review"))
    check(memx("review"))
    check(memx("review", "approve", "--all"))
    check(memx("chat", stdin=f"I live in Rome {ESCAPES}\nWhere do I live? {ESCAPES}\n/memories\n/\x1b[31m\n"))


@given(st.text())
def test_whatever_a_text_holds_a_line_is_one_plain_line(text: str) -> None:
    assert not unseen(plain.line(text))
    assert "\n" not in plain.line(text)
    assert not unseen(plain.block(text))
    assert plain.block(text).count("\n") == text.count("\n")
