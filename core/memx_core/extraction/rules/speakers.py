"""Who speaks, and which known memories are about them.

Without a name a message is the user's, and its facts are kept under the subject "User" even after
the name is known: a name can be corrected or changed, and facts must still find each other then.
The text says the name as soon as there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from memx_core.types import MemoryItem, Message

UNNAMED = "User"
_LONGEST = 60
_NAME_IS = re.compile(r"\bname is (?P<name>[^,.;(]+)")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody whose facts are kept.

    Attributes:
        subject: Under which their facts are kept.
        name: What facts call them.
        aliases: Lower-cased subjects that mean them.
    """

    subject: str
    name: str
    aliases: frozenset[str]

    def owns(self, item: MemoryItem) -> bool:
        """Whether `item` is about them."""
        return item.kind == "fact" and (item.subject or "").casefold() in self.aliases


def subject_of(message: Message) -> str:
    """Under whom the facts of `message` are kept."""
    name = " ".join(re.sub(r"[{}]", " ", message.name or "").split())
    return name if name and len(name) <= _LONGEST else UNNAMED


def speaker(subject: str, *, introduced: str | None, candidates: Iterable[MemoryItem]) -> Speaker:
    """The speaker behind `subject`; `introduced` is the name they gave in these messages."""
    if subject != UNNAMED:
        return Speaker(subject, subject, frozenset({subject.casefold()}))
    known = [match["name"].strip() for item in candidates if item.slot == "name" and (match := _NAME_IS.search(item.text))
             and (item.subject or "user").casefold() in {"user", "the user"}]  # fmt: skip
    name = introduced or (known[-1] if known else UNNAMED)
    aliases = {"user", "the user", "", *(each.casefold() for each in (name, *known))}
    return Speaker(UNNAMED, name, frozenset(aliases))
