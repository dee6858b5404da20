"""Injection: what is remembered is data wherever it is shown, and an answer touches only what the model was shown."""

from __future__ import annotations

import json
import random
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import llama_index_memx
from faults.outcomes import Outcome, Tally
from faults.payloads import payloads
from faults.speaking import ADA, BOB
from langchain_memx.documents import document, format_memories
from langchain_memx.tools import memory_tools
from memx_core import Memory, MemoryItem, Message, SearchHit, TimeSpan, rendering
from memx_core.extraction import prompts
from memx_core.testing import FakeEmbedder, ScriptedLLM
from memx_core.types import ProposalRequest

_SAID = datetime(2026, 5, 8, tzinfo=UTC)
_LINE = re.compile(r'- \[[^\n]*\] [^\n]*"')
_TOOL_LINE = re.compile(r'\[[0-9a-f]+\] \d{4}-\d\d-\d\d "[^\n]*"')
_HIDDEN = re.compile("[<\u2028\u2029\u202a-\u202e\u2066-\u2069\x85\x0b\x0c\ud800-\udfff\U000e0000-\U000e007f]")
_NEVER = re.compile("[<>\u2028\u2029\u202a-\u202e\u2066-\u2069\x85\x0b\x0c\ud800-\udfff\U000e0000-\U000e007f]")


def injection(size: int, *, seed: int = 0) -> Outcome:
    """What `size` payloads came to in each renderer, and as many answers that name what was not shown.

    Args:
        size: How many of each.
        seed: Of the answers.
    """
    tally = Tally()
    texts = list(payloads(size))
    for text in texts:
        tally.points += 1
        _rendered(text, tally)
        _prompted(text, tally)
    with tempfile.TemporaryDirectory() as folder:
        _framed(Path(folder) / "framed.db", texts, tally)
        _answered(Path(folder) / "answered.db", texts, random.Random(seed), tally)
    return tally.outcome()


def _item(text: str, **beside: Any) -> MemoryItem:  # noqa: ANN401  # as for a `MemoryItem`
    fixed: dict[str, Any] = {"id": "m", "user_id": "ada", "agent_id": None, "run_id": None, "metadata": {}}
    times: dict[str, Any] = {"created_at": _SAID, "updated_at": _SAID, "valid_from": None, "valid_to": None}
    rest: dict[str, Any] = {"kind": "fact", "version": 1, "expires_at": None, "status": "active", "said_at": _SAID}
    return MemoryItem(text=text, **{**fixed, **times, **rest, **beside})


def _rendered(text: str, tally: Tally) -> None:
    """The block of `recall` and that of documents: as the text of a memory, a name, a wording of time, and a turn."""
    when = TimeSpan(_SAID, _SAID, "day", text)
    turn = Message("user", text, name=text, timestamp=_SAID)
    hits = [
        SearchHit(_item(text, subject=text, when=when), 0.5),
        SearchHit(_item(text, kind="message", subject="user"), 0.5, message=turn),
    ]
    for block in (str(rendering.pack(hits, max_tokens=100_000)), format_memories([document(hit) for hit in hits])):
        _inside(block, text, tally)


def _prompted(text: str, tally: Tally) -> None:
    """The prompt that learns: as a message, a name, a known memory, and an earlier turn."""
    turn = Message("user", text, name=text, timestamp=_SAID)
    request = ProposalRequest((turn,), (_item(text, subject=text),), (turn,), text)
    system, user = prompts.build(request)
    tally.expect(system.content == prompts.SYSTEM, f"{text!r} got into the system prompt")
    lines = user.content.split("\n")
    tags = [line for line in lines if line.startswith("<")]
    wanted = [f"<{end}{name}>" for name in ("instructions", "context", "known", "messages") for end in ("", "/")]
    tally.expect(tags == wanted, f"{text!r} opens or closes a block of the prompt: {tags}")
    data = [line for line in lines if line and not line.startswith("<")]
    tally.expect(not any(map(_HIDDEN.search, data)), f"{text!r} is not escaped in the prompt")
    for line in data:
        try:
            json.loads(line)
        except ValueError:
            tally.broken.append(f"{text!r} is no JSON in the prompt")
    tally.figures["put into prompts"] += 1


def _framed(path: Path, texts: list[str], tally: Tally) -> None:
    """What frameworks show: what a tool says to a model, and the block of a memory of LlamaIndex's."""
    with Memory(ScriptedLLM(), FakeEmbedder(32), path, background=False) as memory:
        tools: list[Any] = [*memory_tools(memory, user_id="ada"), *llama_index_memx.memory_tools(memory, **ADA)]
        one, other = [tool for tool in tools if "search_memory" in (getattr(tool, "name", ""), _name(tool))]
        chat = llama_index_memx.MemxMemory.from_defaults(memory=memory, session_id="chat", learn=False, **ADA)
        for text in texts:
            made = memory.add([Message("user", text)], infer=False, **ADA).changes
            for said in (str(one.invoke({"query": text, "limit": 1})), str(other.call(query=text, limit=1).content)):
                lines = said.split("\n")
                tally.expect(len(lines) == 1, f"{text!r} leaves its line in what a tool says")
                shown = all(map(_TOOL_LINE.fullmatch, lines)) and not any(map(_NEVER.search, lines))
                tally.expect(shown or not made, f"{text!r} is not escaped in what a tool says")
                tally.figures["said by tools"] += 1
            for shown_block in chat.get(text):
                _inside(str(shown_block.content), text, tally)
            for change in made:
                memory.delete(change.memory_id)


def _name(tool: Any) -> str:  # noqa: ANN401  # a tool of any framework
    return str(tool.metadata.name) if hasattr(tool.metadata, "name") else ""


def _inside(block: str, text: str, tally: Tally) -> None:
    """A block in which every text keeps to its line, as data."""
    opening, *lines, closing = block.split("\n")
    inside = "\n".join(lines)
    framed = (opening, closing) == (rendering.OPENING, rendering.CLOSING)
    tally.expect(framed and all(map(_LINE.fullmatch, lines)), f"{text!r} leaves its line in a recalled block")
    tally.expect(not _NEVER.search(inside) and "{" not in inside, f"{text!r} is not escaped in a recalled block")
    tally.figures["rendered in blocks"] += 1


def _answered(path: Path, texts: list[str], chance: random.Random, tally: Tally) -> None:
    """Answers with numbers and ids that were not shown, of a model that a text has taken over."""
    llm = ScriptedLLM()
    with Memory(llm, FakeEmbedder(32), path, background=False) as memory:
        own = memory.add("Ada has a violin", infer=False, **ADA).changes[0].memory_id
        other = memory.add("Bob has a secret", infer=False, **BOB).changes[0].memory_id
        for number, text in enumerate(texts):
            target = chance.choice([own, other, 1, 7, -5, 10**9, "0", None, text])
            event = chance.choice(["UPDATE", "DELETE", "CONFLICT", "NONE"])
            said = f"I have seen a walnut {number}"
            beside = {"messages": [chance.choice([0, 9, -1])], "quote": text, "when": "", "subject": "", "slot": ""}
            llm.queue({"operations": [{"event": event, "text": said, "target": target, "reason": text, **beside}]})
            llm.queue({"operations": []})
            memory.add([Message("user", f"{said} {text}")], session_id=str(number), **ADA)
            item = memory.get(other)
            tally.expect(
                item is not None and item.version == 1, f"{event} of {target!r} reached somebody else's memory"
            )
            tally.figures["answers that name what was not shown"] += 1
        violin = memory.get(own)
        tally.expect(
            violin is not None and violin.text == "Ada has a violin", "a memory that was not named was changed"
        )
