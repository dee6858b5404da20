"""Memories and what happened to them, as lines for a person. Every text in them is made plain first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from memx_cli import moments, plain
from memx_core.types import Change, MemoryItem, Operation, SearchHit, Usage

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

SIGNS = {"ADD": ("+", "green"), "UPDATE": ("~", "cyan"), "DELETE": ("-", "red"), "CONFLICT": ("?", "yellow")}
_OTHER = ("=", "dim")


@dataclass(frozen=True, slots=True)
class Rows:
    """Cells in columns, the last of which takes what room there is; in a pipe each row is one line."""

    cells: Sequence[Sequence[Text]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from [self._grid()] if console.is_terminal else self._lines()

    def _grid(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        for column in range(max(map(len, self.cells), default=0)):
            grid.add_column(overflow="fold", no_wrap=column < max(map(len, self.cells)) - 1)
        for row in self.cells:
            grid.add_row(*row)
        return grid

    def _lines(self) -> Iterator[Text]:
        widths = [max(len(cell) for cell in column) for column in zip(*self.cells, strict=False)]
        for row in self.cells:
            line = Text("  ").join(_padded(cell, width) for cell, width in zip(row, widths, strict=False))
            line.rstrip()
            yield line


def _padded(cell: Text, width: int) -> Text:
    padded = cell.copy()
    padded.pad_right(max(0, width - len(cell)))
    return padded


def title(text: str) -> Text:
    """A line above others."""
    return Text(plain.line(text), style="bold")


def dim(text: str) -> Text:
    """A line beside what matters."""
    return Text(plain.line(text), style="dim")


def memories(items: Iterable[MemoryItem]) -> Rows:
    """A row for each: id, day, text."""
    return Rows([(_id(item.id), dim(moments.day(_said(item))), _memory(item)) for item in items])


def hits(found: Iterable[SearchHit]) -> Rows:
    """A row for each: score, id, day, text; and below it, if it is told, how the score came about."""
    return Rows([row for hit in found for row in _hit(hit)])


def _hit(hit: SearchHit) -> Iterator[tuple[Text, ...]]:
    item = hit.memory
    shown = Text("turn", style="dim") if item.kind == "message" else _id(item.id)
    yield Text(f"{hit.score:.2f}"), shown, dim(moments.day(_said(item))), _memory(item)
    why = hit.explain
    if why is not None:
        parts = ["no vector" if why.dense is None else f"meaning {why.dense:.2f}", f"words {why.words:.1f}"]
        parts += [f"{plain.line(name)} x{factor:.2f}" for name, factor in why.nudges.items()]
        parts += [f"matched: {', '.join(map(plain.line, why.matched))}"] if why.matched else []
        yield Text(), Text(), Text(), dim("; ".join(parts))


def _memory(item: MemoryItem) -> Text:
    state = {"superseded": "dim strike", "deleted": "dim strike", "conflict": "yellow", "active": ""}[item.status]
    parts = [(plain.line(item.text), state)]
    if item.status != "active":
        parts.append((f"  ({item.status})", "dim"))
    if item.when is not None:
        parts.append((f"  [{_when(item)}]", "magenta"))
    if item.expires_at is not None:
        parts.append((f"  (expires {moments.both(item.expires_at)})", "dim"))
    return Text.assemble(*parts)


def _when(item: MemoryItem) -> str:
    from memx_core.time import describe

    return "" if item.when is None else f"{plain.line(item.when.phrase)} = {describe(item.when)}"


def change(made: Change, item: MemoryItem | None = None) -> tuple[Text, Text]:
    """A sign, and the new text, the old one struck through, the date that was meant, and the reason."""
    sign, style = SIGNS.get(made.event, _OTHER)
    parts = [(plain.line(made.new_text or "forgotten:"), f"bold {style}")]
    if made.old_text:
        parts += [("  was: " if made.new_text else " ", "dim"), (plain.line(made.old_text), "dim strike")]
    if item is not None and item.when is not None:
        parts.append((f"  [{_when(item)}]", "magenta"))
    if made.ended:
        parts.append(("  [ended: something newer is known]", "magenta"))
    if made.reason:
        parts.append((f"  ({plain.line(made.reason)})", "dim"))
    return Text(sign, style=style), Text.assemble(*parts)


def changes(made: Iterable[Change]) -> Rows:
    """A row for each: its memory, its moment, what it did."""
    return Rows([(_id(each.memory_id), dim(moments.minute(each.at)), *change(each)) for each in made])


def operation(proposed: Operation) -> tuple[Text, Text]:
    """A sign, and what would change."""
    sign, style = SIGNS.get(proposed.event, _OTHER)
    parts = [(plain.line(proposed.text), f"bold {style}")]
    if proposed.old_text and proposed.old_text != proposed.text:
        parts += [("  for: ", "dim"), (plain.line(proposed.old_text), "dim strike")]
    if proposed.quote:
        parts.append((f'  "{plain.line(proposed.quote)}"', "dim"))
    return Text(sign, style=style), Text.assemble(*parts)


def warning(text: str) -> Text:
    """What was left out."""
    return Text(f"warning: {plain.line(text)}", style="yellow")


def usage(spent: Usage) -> str:
    """What it cost, in words."""
    tokens = f"{spent.input_tokens:,} + {spent.output_tokens:,} tokens"
    return f"{spent.calls} model calls, {tokens}, {spent.embedding_calls} embedding calls"


def _id(id: str) -> Text:
    return Text(plain.short(id), style="cyan")


def _said(item: MemoryItem) -> datetime:
    return item.said_at or item.created_at
