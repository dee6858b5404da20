"""Where the recalled block stands in a prompt, and how the history goes into one that is a template.

Context engines format what a memory gives them with the names of their own templates. The block is
inert by itself: it holds no brace. In the conversation those names are spaced out, for the prompt only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock
from llama_index.core.memory import InsertMethod

from memx_core.text import estimate_tokens

_NAMES: Final = re.compile(r"\{(context_str|query_str|context_msg|existing_answer)\}")


def placed(history: list[ChatMessage], block: str, *, method: InsertMethod, asked_ahead: bool) -> list[ChatMessage]:
    """The history with the block: in a system message, or beside what the person said last.

    Args:
        history: Messages that are nobody else's.
        block: What is remembered.
        method: Where the application wants it.
        asked_ahead: The question is not in the history yet, and its last words are of the turn before.
    """
    if not block:
        return history
    mine = TextBlock(text=block)
    role = MessageRole.USER if method == InsertMethod.USER and not asked_ahead else MessageRole.SYSTEM
    order = reversed(history) if role == MessageRole.USER else history
    found = next((message for message in order if message.role == role), None)
    if found is None:
        return [ChatMessage(role=MessageRole.SYSTEM, blocks=[mine]), *history]
    found.blocks = [mine, *found.blocks] if role == MessageRole.USER else [*found.blocks, mine]
    return history


def without(block: str, tokens: int) -> str:
    """The block without its last lines, which matter least: so many tokens less, or nothing if no line is left."""
    first, *lines, last = block.split("\n")
    while lines and tokens > 0:
        tokens -= estimate_tokens(f"{lines.pop()}\n")
    return "\n".join([first, *lines, last]) if lines else ""


def inert(history: Sequence[ChatMessage]) -> None:
    """Spaces out the names that engines put values for."""
    for message in history:
        for block in message.blocks:
            if isinstance(block, TextBlock) and "{" in block.text:
                block.text = _NAMES.sub(r"{ \1 }", block.text)
