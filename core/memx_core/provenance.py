"""Where a memory comes from: every version, what was said, and who decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from memx_core.types import Change, MemoryItem, Message, Status


@dataclass(frozen=True, slots=True)
class Source:
    """A message that a version rests on, and the words in it.

    Attributes:
        message: The turn, as it is kept now; blank if its conversation was cleared.
        quote: The exact words, or the whole message's when none were found in it.
        start: Offset of `quote` in the message, in characters; -1 when it is not literally there.
        end: Offset behind it; -1 likewise.
        operation_id: The call that brought it.
    """

    message: Message
    quote: str
    start: int
    end: int
    operation_id: str

    def __str__(self) -> str:
        said = f"{self.message.timestamp:%Y-%m-%d %H:%M} " if self.message.timestamp else ""
        name = f" {self.message.name!r}" if self.message.name else ""
        return f"{said}{self.message.role}{name}: {self.quote!r}"


@dataclass(frozen=True, slots=True)
class Origin:
    """One version, and how it came to be.

    Attributes:
        memory: The version.
        change: The row of history that made it.
        sources: What was said, oldest first; also what later confirmed it.
        model: Who proposed it: the model's name, `rules`, `user`.
        prompt: Fingerprint of the prompt's static part; `None` without a model.
        carries: Number of the earlier version whose text this one only carries on, because
            something beside the text was changed, or because it was brought back.
    """

    memory: MemoryItem
    change: Change
    sources: tuple[Source, ...]
    model: str
    prompt: str | None
    carries: int | None = None

    def __str__(self) -> str:
        change = self.change
        text = "" if change.new_text is None else f" {change.new_text!r}"
        text += "" if self.carries is None else f", as in {self.carries},"
        reason = f" ({change.reason!r})" if change.reason else ""
        made = f"{self.memory.version}. {change.at:%Y-%m-%d %H:%M} {change.event}{text} by {self.model!r}{reason}"
        return "\n".join([made, *(f"   {source}" for source in self.sources)])


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why memx believes something; `str` of it tells a person, in lines whose texts are quoted.

    Attributes:
        memory_id: The memory.
        versions: All of them, oldest first, with those that were stored as already ended.
    """

    memory_id: str
    versions: tuple[Origin, ...]

    @property
    def current(self) -> Origin:
        """The version that holds now, or the memory's deletion."""
        return next(each for each in reversed(self.versions) if each.memory.status != "superseded")

    @property
    def origin(self) -> Origin:
        """The version that brought the current text: `current`, unless that only carries it on."""
        number = self.current.carries or self.current.memory.version
        return next(each for each in self.versions if each.memory.version == number)

    @property
    def memory(self) -> MemoryItem:
        """The memory as it is now, or its deletion."""
        return self.current.memory

    @property
    def operation_id(self) -> str:
        """The call that brought the current text."""
        return self.origin.change.operation_id

    @property
    def model(self) -> str:
        """Who proposed the current text: the model's name, `rules`, `user`."""
        return self.origin.model

    @property
    def prompt(self) -> str | None:
        """Fingerprint of the prompt's static part that the current text came of; `None` without a model."""
        return self.origin.prompt

    @property
    def messages(self) -> tuple[Message, ...]:
        """Everything that was said for any of the versions, each turn once, in their order."""
        turns = {(turn.session_id, turn.id): turn for turn in (source.message for source in self._sources())}
        return tuple(turns.values())

    @property
    def quotes(self) -> tuple[str, ...]:
        """The words of any of the versions' sources, each once, in their order."""
        return tuple(dict.fromkeys(source.quote for source in self._sources() if source.quote))

    def _sources(self) -> Iterator[Source]:
        return (source for version in self.versions for source in version.sources)

    def __str__(self) -> str:
        return "\n".join([f"memory {self.memory_id!r}", *map(str, self.versions)])


@dataclass(frozen=True, slots=True)
class Learned:
    """What a turn led to: a version of a memory, and the words that it rests on.

    Attributes:
        message_id: The turn, of the conversation that was asked for.
        quote: The exact words, or the whole message's when none were found in it.
        start: Offset of `quote` in the turn, in characters; -1 when it is not literally there.
        end: Offset behind it; -1 likewise.
        memory_id: The memory.
        version: Its version that rests on the words.
        status: What became of that version.
        text: What it says.
    """

    message_id: str
    quote: str
    start: int
    end: int
    memory_id: str
    version: int
    status: Status
    text: str
