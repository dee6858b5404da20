"""What is said in the campaigns, and a model that learns exactly that from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from memx_core import Message
from memx_core.memory.arguments import ScopeIds

ADA: ScopeIds = {"user_id": "ada"}
BOB: ScopeIds = {"user_id": "bob"}
_SEEN = re.compile(r"I have seen item-(\w+)")


def said(item: object) -> str:
    """A message that tells of an item."""
    return f"I have seen item-{item}"


def fact(item: object) -> str:
    """What is to be learned from `said(item)`."""
    return f"Ada has seen item-{item}"


def learning(messages: Sequence[Message], schema: type[BaseModel]) -> dict[str, Any]:
    """An answer with a fact for each item of the new messages."""
    new = messages[-1].content.rsplit("<messages>", 1)[1]
    items = list(dict.fromkeys(_SEEN.findall(new)))
    return {"operations": [_add(fact(item), said(item)) for item in items]}


def _add(text: str, quote: str) -> dict[str, Any]:
    beside = {"target": -1, "messages": [], "when": "", "subject": "", "slot": "", "reason": ""}
    return {"event": "ADD", "text": text, "quote": quote, **beside}
