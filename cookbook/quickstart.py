"""Two evenings of one conversation, seven weeks apart, and what a memory makes of them.

Run it with `make demo`. It uses OpenAI if `OPENAI_API_KEY` is set, else a local Ollama, both through
LangChain if its package for them is installed; else the offline rules. It says which.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import ProxyHandler, build_opener

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from memx_core import AddResult, Change, Memory, ScopedMemory, Usage
from memx_core.time import describe

CONVERSATION = Path(__file__).parent / "data" / "two_sessions.json"
OLLAMA = "http://127.0.0.1:11434"
BUDGET = 200
SIGNS = {"ADD": ("+", "green"), "UPDATE": ("~", "cyan"), "DELETE": ("-", "red"), "CONFLICT": ("?", "yellow")}
console = Console(highlight=False, markup=False, width=min(Console().width, 100))


def main() -> None:
    """Feeds the conversation turn by turn, then asks what has become of it."""
    story = json.loads(CONVERSATION.read_text(encoding="utf-8"))
    console.print(f"memx: {story['about']}\n", style="bold")
    started, results = time.perf_counter(), list[AddResult]()
    with TemporaryDirectory() as folder, Memory(**providers(), database=Path(folder) / "memx.db") as everyone:
        memory = everyone.scoped(user_id=story["user_id"])
        for session in story["sessions"]:
            show_day(session)
            for turn in session["turns"]:
                said = [{"role": role, "content": turn[role]} for role in ("user", "assistant")]
                at = datetime.fromisoformat(turn["at"])
                results.append(memory.add(said, session_id=session["session_id"], timestamp=at))
                show_turn(memory, turn, results[-1])
        show_cost(results, time.perf_counter() - started)

        changes = [change for result in results for change in result.changes]
        show_replaced(changes)
        show_history(memory, changes)
        show_search(memory, "Where does Daniel live, and where does he work?")
        show_recall(memory, "Can I cook fish with peanuts and coriander for Ada and Chidi?")


# Which model, which embedder ------------------------------------------------------------------


def providers() -> dict[str, Any]:
    """The first of OpenAI, Ollama and the offline rules that is there, and said so."""
    found = openai() or ollama() or {}
    if os.environ.get("OPENAI_API_KEY") and not find_spec("langchain_openai"):
        console.print('OPENAI_API_KEY is set; to use it: pip install "memx-core[openai]"', style="yellow")
    console.print(Text.assemble("Proposes: ", (str(found.get("llm", "offline rules, English only")), "bold green")))
    console.print(Text.assemble("Embeds:   ", (str(found.get("embedder") or "bundled all-MiniLM-L6-v2"), "bold green")))
    return found


def openai() -> dict[str, Any]:
    """OpenAI, if there is a key, LangChain's package for it, and an answer."""
    if not os.environ.get("OPENAI_API_KEY") or not find_spec("langchain_openai"):
        return {}
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    from langchain_memx import LangChainEmbedder, LangChainLLM

    model = ChatOpenAI(model=os.environ.get("OPENAI_MODEL", "gpt-5-mini"))
    embeddings = OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False, timeout=20)
    try:
        embeddings.embed_query("Are you there?")
    except Exception as error:  # noqa: BLE001  # Whatever it raises, the demo goes on without it.
        console.print(f"OpenAI does not answer ({type(error).__name__}).", style="yellow")
        return {}
    return {"llm": LangChainLLM(model), "embedder": LangChainEmbedder(embeddings)}


def ollama() -> dict[str, Any]:
    """A local Ollama, if LangChain's package for it is there, it runs, and has a model."""
    try:
        from langchain_ollama import ChatOllama, OllamaEmbeddings  # type: ignore[import-not-found, unused-ignore]  # optional

        with build_opener(ProxyHandler({})).open(f"{OLLAMA}/api/tags", timeout=0.5) as answer:
            names = [model["name"] for model in json.load(answer)["models"]]
    except (ImportError, OSError):
        return {}
    from langchain_memx import LangChainEmbedder, LangChainLLM

    chat = [
        LangChainLLM(ChatOllama(model=name, base_url=OLLAMA), method="json_schema")
        for name in names
        if "embed" not in name
    ]
    embedders = [LangChainEmbedder(OllamaEmbeddings(model=name, base_url=OLLAMA)) for name in names if "embed" in name]
    return {"llm": chat[0], "embedder": embedders[0] if embedders else None} if chat else {}


# What was learned from each turn --------------------------------------------------------------


def show_day(session: dict[str, Any]) -> None:
    """A line between two evenings."""
    console.print()
    console.rule(Text(day(datetime.fromisoformat(session["turns"][0]["at"])), style="bold"), align="left")


def show_turn(memory: ScopedMemory, turn: dict[str, str], result: AddResult) -> None:
    """What was said, dim if nothing came of it, and below it what was learned and why."""
    said = Text(turn["user"]) if result.changes else Text(f"{turn['user']}  (nothing learned)", style="dim")
    rows = Table.grid(padding=(0, 2))
    rows.add_row(Text(turn["at"][11:16], style="dim"), said)
    for change in result.changes:
        rows.add_row(Text(SIGNS[change.event][0], justify="right"), shown(memory, change))
    for warning in result.warnings:
        rows.add_row("", Text(f"warning: {warning}", style="yellow"))
    console.print(rows)


def shown(memory: ScopedMemory, change: Change) -> Text:
    """The new text, the old one struck through, the date that was meant, and the reason."""
    parts = [(change.new_text or "forgotten:", f"bold {SIGNS[change.event][1]}")]
    if change.old_text:
        parts += [("  was: " if change.new_text else " ", "dim"), (change.old_text, "dim strike")]
    item = memory.get(change.memory_id)
    if item is not None and item.when is not None:
        parts.append((f"  [{item.when.phrase} = {describe(item.when)}]", "magenta"))
    return Text.assemble(*parts, (f"  ({change.reason})", "dim"))


def show_cost(results: list[AddResult], seconds: float) -> None:
    """What learning took."""
    usage = sum((result.usage for result in results), Usage())
    tokens = f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens"
    cost = f"{usage.calls} model calls, {tokens}, {usage.embedding_calls} embedding calls, {seconds:.1f} s"
    console.print(f"\n{len(results)} turns: {cost}", style="bold")


# What has become of it ------------------------------------------------------------------------


def show_replaced(changes: list[Change]) -> None:
    """What superseded what, and what was forgotten."""
    pairs = [(change.old_text, change.new_text or "(forgotten)") for change in changes if change.old_text]
    show_table("What gave way", ["Before", "Now"], pairs)


def show_history(memory: ScopedMemory, changes: list[Change]) -> None:
    """Every version of the fact that changed last."""
    updated = [change.memory_id for change in changes if change.event == "UPDATE"]
    items = {(item.id, item.version): item for item in memory.get_all(include_superseded=True, limit=1000)}
    rows = []
    for change in memory.history(updated[-1]) if updated else []:
        item = items[change.memory_id, change.version]
        rows.append((str(change.version), change.event, item.text, day(item.said_at), day(item.valid_to), change.actor))
    show_table("The history of one fact", ["#", "Event", "Text", "Said", "Held until", "By"], rows)


def show_search(memory: ScopedMemory, query: str) -> None:
    """The nearest facts, and how each score came about."""
    found = [(hit, hit.explain) for hit in memory.search(query, limit=4, explain=True) if hit.explain]
    rows = [(f"{hit.score:.2f}", f"{why.dense or 0:.2f}", f"{why.words:.1f}", hit.memory.text) for hit, why in found]
    show_table(f"Search: {query}", ["Score", "Meaning", "Words", "Memory"], rows)


def show_recall(memory: ScopedMemory, query: str) -> None:
    """The block for the next prompt."""
    recalled = memory.recall(query, max_tokens=BUDGET)
    console.print(f"\nRecalled for: {query}", style="bold")
    console.print(Panel(Text(str(recalled)), title=f"{recalled.tokens} of {BUDGET} tokens", title_align="left"))


def show_table(title: str, columns: list[str], rows: Sequence[tuple[str, ...]]) -> None:
    """A table, and the title above it."""
    console.print(f"\n{title}", style="bold")
    table = Table(*columns, box=box.SIMPLE_HEAD, expand=True)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def day(at: datetime | None) -> str:
    """`3 March 2026`; `-` for never."""
    return f"{at.day} {at:%B %Y}" if at else "-"


if __name__ == "__main__":
    main()
