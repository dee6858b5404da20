"""Two evenings of one conversation, seven weeks apart, and what a memory makes of them.

Run it with `make demo`. It uses OpenAI if `OPENAI_API_KEY` is set, else a local Ollama, both through
LangChain if its package for them is installed; else the offline rules. It says which. What it does
with the memory, turn by turn, is in `memx_cli.story`, which `memx demo` plays too.
"""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import ProxyHandler, build_opener

from rich.console import Console
from rich.text import Text

from memx_cli.story import play, story
from memx_core import Memory

OLLAMA = "http://127.0.0.1:11434"
console = Console(highlight=False, markup=False, width=min(Console().width, 100))


def main() -> None:
    """Chooses who proposes and who embeds, and plays the conversation to a memory that is thrown away."""
    console.print(f"memx: {story()['about']}\n", style="bold")
    with TemporaryDirectory() as folder, Memory(**providers(), database=Path(folder) / "memx.db") as memory:
        play(memory, console)


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


if __name__ == "__main__":
    main()
