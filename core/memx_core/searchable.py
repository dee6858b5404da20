"""What of a memory or a message is embedded and searched by words.

Ledger, flows and index must agree on it: it is what a vector was made from.
"""

from __future__ import annotations

from memx_core.time import describe
from memx_core.types import Message, TimeSpan

LONGEST_QUOTE = 150
"""Characters of a quote by which a memory is found, a sentence or two: twice as many find hardly more."""


def memory_text(text: str, when: TimeSpan | None) -> str:
    """The fact and, if it speaks of a time, the time in full: "moved to Oslo last May (May 2024)"."""
    if when is None:
        return text
    date = describe(when)
    return text if date in text else f"{text} ({date})"


def found_by(text: str, quote: str) -> str:
    """The fact and the words that it rests on: people ask for it in the words in which it was said.

    A vector is made of the fact alone: it has to outlast the words, which may be blanked.

    Args:
        text: As `memory_text` gives it.
        quote: What was said; its first `LONGEST_QUOTE` characters count.
    """
    quote = quote[:LONGEST_QUOTE]
    return text if quote in text else f"{text}\n{quote}"


def message_text(message: Message) -> str:
    """The turn with its speaker's name, by which people ask for it."""
    return turn_text(message.name, message.content)


def turn_text(name: str | None, content: str) -> str:
    """Like `message_text`, of what a turn is made of."""
    return f"{name}: {content}" if name else content


def names(*candidates: str | None) -> tuple[str, ...]:
    """Speaker and subject as an index keeps them: lower-cased, without blanks."""
    return tuple(dict.fromkeys(name.strip().lower() for name in candidates if name and name.strip()))
