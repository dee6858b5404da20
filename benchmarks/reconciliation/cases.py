"""What every scenario is: calls, what is right after each, and what two models answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from memx_core.types import Message

Event: TypeAlias = Literal["ADD", "UPDATE", "PAST", "DELETE", "CONFLICT"]
"""What was done to a memory; `PAST` is an `UPDATE` with something that was over when it was told."""
MODELS = ("good", "mediocre")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An operation that is right after a call.

    Attributes:
        events: Any of them is right.
        key: Which fact of the scenario it is about.
        pattern: What its text looks like (`patterns`); empty for what can only be deleted.
        optional: It is neither missed nor counted.
    """

    events: tuple[Event, ...]
    key: str
    pattern: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """One operation of a recorded answer.

    Attributes:
        event: As the model says it.
        target: Words of the known fact that is meant, or `#` and the number to answer; empty for an ADD.
        text: The fact.
        slot: The attribute.
        quote: What it copied; `None` for the whole message.
        when: The time expression.
        subject: Whom it is about; `None` for the speaker.
    """

    event: str
    target: str = ""
    text: str = ""
    slot: str = ""
    quote: str | None = None
    when: str = ""
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `add`: its messages, what is right, what must not be known, and what each model answers."""

    messages: tuple[Message, ...]
    wanted: tuple[Wanted, ...] = ()
    never: tuple[str, ...] = ()
    answers: Mapping[str, tuple[Recorded, ...]] = field(default_factory=dict[str, tuple[Recorded, ...]])


@dataclass(frozen=True, slots=True)
class Scenario:
    """A conversation of one user, as calls in the order in which they are made."""

    name: str
    kind: str
    calls: tuple[Call, ...]
