"""`demo`: a conversation of two sessions, and what a memory makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from memx_cli.desk import Desk


def demo(desk: Desk) -> None:
    """Play two conversations, and show what is learned from them."""
    from rich.console import Console
    from rich.text import Text

    from memx_cli import story

    width = min(Console().width, 100)
    console = Console(highlight=False, markup=False, emoji=False, width=width, quiet=desk.json)
    console.print(Text(f"memx: {story.story()['about']}\n", style="bold"))
    for role, name in (
        ("Proposes: ", desk.model or "offline rules, English only"),
        ("Embeds:   ", desk.embedder or "what memx brings along"),
    ):
        console.print(Text.assemble(role, (name, "bold green")))
    with TemporaryDirectory() as folder:
        thrown_away = replace(desk, database=str(Path(folder) / "memx.db"), namespace="default", index=None)
        with thrown_away.memory("makes") as memory:
            results = story.play(memory, console)
    if desk.json:
        desk.answer({"turns": results}, list)
    else:
        desk.note('Now yours: memx add "I moved to Oslo last week." --user you, or memx chat --user you')
