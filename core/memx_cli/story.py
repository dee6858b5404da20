"""Two evenings of one conversation, seven weeks apart, and what a memory makes of them.

`memx demo` plays it, and the cookbook's quickstart. It needs rich, and neither typer nor a model.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from memx_cli import plain, showing
from memx_core import AddResult, Change, Memory, ScopedMemory, Usage

BUDGET = 200
HOME = "Where does Daniel live, and where does he work?"
DINNER = "Can I cook fish with peanuts and coriander for Ada and Chidi?"


def story() -> dict[str, Any]:
    """The conversation; it was written for memx, and not for the rules."""
    read: dict[str, Any] = json.loads(files("memx_cli").joinpath("data/two_sessions.json").read_text(encoding="utf-8"))
    return read


def play(everyone: Memory, console: Console) -> list[AddResult]:
    """Feeds the conversation turn by turn, then asks what has become of it; what each turn taught."""
    told = story()
    started, results = time.perf_counter(), list[AddResult]()
    memory = everyone.scoped(user_id=told["user_id"])
    for session in told["sessions"]:
        show_day(console, session)
        for turn in session["turns"]:
            said = [{"role": role, "content": turn[role]} for role in ("user", "assistant")]
            at = datetime.fromisoformat(turn["at"])
            results.append(memory.add(said, session_id=session["session_id"], timestamp=at))
            show_turn(console, memory, turn, results[-1])
    show_cost(console, results, time.perf_counter() - started)

    changes = [change for result in results for change in result.changes]
    show_replaced(console, changes)
    show_history(console, memory, changes)
    show_search(console, memory, HOME)
    show_recall(console, memory, DINNER)
    return results


# What was learned from each turn --------------------------------------------------------------


def show_day(console: Console, session: dict[str, Any]) -> None:
    """A line between two evenings."""
    console.print()
    console.rule(Text(day(datetime.fromisoformat(session["turns"][0]["at"])), style="bold"), align="left")


def show_turn(console: Console, memory: ScopedMemory, turn: dict[str, str], result: AddResult) -> None:
    """What was said, dim if nothing came of it, and below it what was learned and why."""
    said = Text(turn["user"]) if result.changes else Text(f"{turn['user']}  (nothing learned)", style="dim")
    rows = Table.grid(padding=(0, 2))
    rows.add_row(Text(turn["at"][11:16], style="dim"), said)
    for change in result.changes:
        sign, text = showing.change(change, memory.get(change.memory_id, version=change.version))
        rows.add_row(Text(sign.plain, justify="right"), text)
    for warning in result.warnings:
        rows.add_row("", showing.warning(warning))
    console.print(rows)


def show_cost(console: Console, results: list[AddResult], seconds: float) -> None:
    """What learning took."""
    usage = sum((result.usage for result in results), Usage())
    console.print(Text(f"\n{len(results)} turns: {showing.usage(usage)}, {seconds:.1f} s", style="bold"))


# What has become of it ------------------------------------------------------------------------


def show_replaced(console: Console, changes: list[Change]) -> None:
    """What superseded what, and what was forgotten."""
    pairs = [(change.old_text, change.new_text or "(forgotten)") for change in changes if change.old_text]
    show_table(console, "What gave way", ["Before", "Now"], pairs)


def show_history(console: Console, memory: ScopedMemory, changes: list[Change]) -> None:
    """Every version of the fact that changed last."""
    updated = [change.memory_id for change in changes if change.event == "UPDATE"]
    items = {(item.id, item.version): item for item in memory.get_all(include_superseded=True, limit=1000)}
    rows = list[tuple[str, ...]]()
    for change in memory.history(updated[-1]) if updated else []:
        item = items[change.memory_id, change.version]
        rows.append((str(change.version), change.event, item.text, day(item.said_at), day(item.valid_to), change.actor))
    show_table(console, "The history of one fact", ["#", "Event", "Text", "Said", "Held until", "By"], rows)


def show_search(console: Console, memory: ScopedMemory, query: str) -> None:
    """The nearest facts, and how each score came about."""
    found = [(hit, hit.explain) for hit in memory.search(query, limit=4, explain=True) if hit.explain]
    rows = [(f"{hit.score:.2f}", f"{why.dense or 0:.2f}", f"{why.words:.1f}", hit.memory.text) for hit, why in found]
    show_table(console, f"Search: {query}", ["Score", "Meaning", "Words", "Memory"], rows)


def show_recall(console: Console, memory: ScopedMemory, query: str) -> None:
    """The block for the next prompt."""
    recalled = memory.recall(query, max_tokens=BUDGET)
    console.print(Text(f"\nRecalled for: {query}", style="bold"))
    size = Text(f"{recalled.tokens} of {BUDGET} tokens")
    console.print(Panel(Text(plain.block(recalled)), title=size, title_align="left"))


def show_table(console: Console, title: str, columns: list[str], rows: Sequence[tuple[str, ...]]) -> None:
    """A table, and the title above it."""
    console.print(Text(f"\n{title}", style="bold"))
    table = Table(*columns, box=box.SIMPLE_HEAD, expand=True)
    for row in rows:
        table.add_row(*(Text(plain.line(cell)) for cell in row))
    console.print(table)


def day(at: datetime | None) -> str:
    """`3 March 2026`; `-` for never."""
    return f"{at.day} {at:%B %Y}" if at else "-"
