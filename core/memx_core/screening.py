"""Texts shown to the application's screen before anything of them is stored, or a model sees them.

What the screen refuses is left out and what it changes takes the former's place; ids are not shown to
it. Neither is silent: whoever asks here says so in a warning, which never repeats the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from memx_core import inputs
from memx_core.errors import ScreenedError
from memx_core.ports import Screen
from memx_core.types import Evidence, Message, Metadata, Operation, TimeSpan

WRITING = ("ADD", "UPDATE", "CONFLICT")
"""The operations that write a text."""


class Refused(Exception):
    """The screen refuses a text. Never leaves memx."""


class Screening:
    """A screen, asked once for each text of a call however often that occurs. Not thread-safe.

    Args:
        screen: The application's.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._answers: dict[str, str | None] = {}

    def text(self, text: str) -> str:
        """The text as it may be kept; one that is blank is not asked about.

        Raises:
            Refused: If it may not be.
            ScreenedError: If the screen fails, or answers neither a text nor `None`.
        """
        if not text.strip():
            return text
        if text not in self._answers:
            self._answers[text] = self._ask(text)
        answer = self._answers[text]
        if answer is None:
            raise Refused
        return answer

    def _ask(self, text: str) -> str | None:
        try:
            answer: object = self._screen(text)
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing may be stored
            # Neither its words nor itself as the cause: they may hold the text.
            raise ScreenedError(f"the screen failed with {type(error).__name__}, so nothing was stored") from None
        if answer is not None and not isinstance(answer, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # not checked
            raise ScreenedError(
                f"the screen answered a {type(answer).__name__}; it must give the text to keep, or None to refuse it"
            )
        cleaned = None if answer is None else inputs.clean(answer)
        return cleaned if cleaned and cleaned.strip() else None

    def optional(self, text: str | None) -> str | None:
        """Like `text`; `None` where it is refused, or there is none."""
        try:
            return None if text is None else self.text(text)
        except Refused:
            return None

    def entries(self, values: Metadata) -> dict[str, Any]:
        """JSON values without those that hold something refused."""
        kept: dict[str, Any] = {}
        for key, value in values.items():
            try:
                kept[self.text(key)] = self._json(value)
            except Refused:
                continue
        return kept

    def raw(self, values: Metadata | None) -> Metadata | None:
        """JSON values whole, or `None` if something in them is refused: in parts they would mislead."""
        try:
            return None if values is None else self._json(values)
        except Refused:
            return None

    def _json(self, value: Any) -> Any:  # noqa: ANN401  # any JSON
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self._json(each) for key, each in cast("Mapping[str, Any]", value).items()}
        if isinstance(value, list | tuple):
            return [self._json(each) for each in cast("list[Any]", value)]
        return value

    def message(self, message: Message) -> Message:
        """The turn as it may be kept.

        Raises:
            Refused: If its words may not be.
        """
        return replace(
            message,
            content=self.text(message.content),
            name=self.optional(message.name),
            metadata=self.entries(message.metadata),
            raw=self.raw(message.raw),
        )

    def operation(self, operation: Operation) -> Operation:
        """The operation as it may be carried out.

        Raises:
            Refused: If the text that it writes may not be kept.
        """
        return replace(
            operation,
            text=self.text(operation.text) if operation.event in WRITING else operation.text,
            evidence=tuple(map(self._evidence, operation.evidence)),
            when=None if operation.when is None else self._when(operation.when),
            subject=self.optional(operation.subject),
            slot=self.optional(operation.slot),
            reason=self.optional(operation.reason) or "",
        )

    def _evidence(self, evidence: Evidence) -> Evidence:
        quote = self.optional(evidence.quote) or ""
        return evidence if quote == evidence.quote else replace(evidence, quote=quote, start=-1)

    def _when(self, when: TimeSpan) -> TimeSpan:
        return replace(when, phrase=self.optional(when.phrase) or "")
