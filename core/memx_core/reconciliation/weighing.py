"""One proposed operation by itself: whether it holds, and what exactly it then is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from memx_core import text, time
from memx_core.reconciliation import evidence, grounding, likeness, screening, targets
from memx_core.reconciliation.commands import is_command
from memx_core.reconciliation.credentials import is_secret
from memx_core.reconciliation.outcome import Draft, Limits, shown
from memx_core.reconciliation.sources import Sources
from memx_core.reconciliation.words import is_english
from memx_core.types import Evidence, MemoryItem, ProposedOperation, TimeSpan

_LONGEST_REASON = 200
_CLAUSE = 100  # characters; in a longer quote a date may belong to something else
_LONGEST_NAME = 80
_SENTENCE_END = re.compile(r"[.!?\u2026](?=\s|$)|[\n\u3002]")
_AROUND = 300
"""Characters around a time expression that are read to tell its tense."""
_TAKEN_BACK = (
    r"\b(?:forget|delete|remove|erase|scratch|strike|drop|ignore|wrong|incorrect|false|mistake\w*|untrue|joking"
    r"|kidding|lied|not true|never said)\b",
    r"\b(?:vergiss|lösche?|falsch|oublie[rz]?|supprime[rz]?|olvida\w*|borra\w*|dimentica\w*|cancella|esqueça|apaga\w*"
    r"|vergeet)\b",
    r"忘|删|刪|削除|消し|잊|삭제|забуд|удали",
)
_RETRACTS = re.compile("|".join(_TAKEN_BACK), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is left of a proposed operation.

    Attributes:
        drafts: Usually one; none if it does not hold.
        warnings: Each `code: detail`.
    """

    drafts: tuple[Draft, ...] = ()
    warnings: tuple[str, ...] = ()


class Scale:
    """Weighs the operations of one proposal against what was said and what is known."""

    def __init__(self, sources: Sources, operations: Sequence[ProposedOperation], limits: Limits) -> None:
        current = (item for item in sources.candidates if item.status in targets.CURRENT)
        found = (targets.find(operation, sources.candidates).item for operation in operations)
        self._sources = sources
        self._limits = limits
        self._known = {text.normal_form(item.text): item for item in current}
        self._touched = tuple({item.id: item.text for item in found if item}.values())

    def weigh(self, operation: ProposedOperation) -> Weighed:
        """`operation` as one that holds, or why it does not."""
        target = targets.find(operation, self._sources.candidates)
        if operation.event == "DELETE":
            return self._deletion(operation, target.item) if target.item else Weighed(warnings=(target.warning,))
        if operation.event == "NONE":
            return self._confirmation(operation, target)
        weighed = self._statement(operation, target.item)
        return replace(weighed, warnings=(*filter(None, [target.warning]), *weighed.warnings))

    def _statement(self, operation: ProposedOperation, target: MemoryItem | None) -> Weighed:
        """An operation that brings a text: ADD, UPDATE, CONFLICT. Without a target all are ADD."""
        if objection := screening.objection(operation.text, longest=self._limits.characters):
            return Weighed(warnings=(objection,))
        if known := self._known.get(text.normal_form(operation.text)):
            return Weighed(self._repetition(operation, target, known))
        found = evidence.gather(operation, self._sources)
        if not found or not self._rests_on_turns(operation):
            return Weighed(warnings=(f"ungrounded: {shown(operation.text)} rests on no message that is learned from",))
        misquoted = evidence.is_misquoted(operation, self._sources)
        if misquoted and self._is_made_up(operation):
            return Weighed(warnings=(f"ungrounded: nothing of {shown(operation.text)}, nor of its quote, was said",))
        said_at = evidence.latest(found, self._sources)
        beside = (*([target.text] if target else []), *self._touched)
        claim = grounding.Claim(operation.text, beside, operation.subject, said_at)
        if invention := grounding.invented(claim, self._sources):
            return Weighed(warnings=(f"ungrounded: {invention} of {shown(operation.text)} is in none of its sources",))
        named = self._named(operation, found)
        draft = Draft(
            event=operation.event if target else "ADD",
            text=operation.text,
            target=target,
            evidence=found,
            said_at=said_at,
            when=named or self._mentioned(operation, found),
            since=named.start if named else None,
            subject=self._subject(operation.subject),
            slot=_slot(operation.slot),
            reason=_reason(operation.reason),
        )
        odd = (f"misquoted: nobody said what {shown(operation.text)} is to rest on",) if misquoted else ()
        return Weighed((draft,), odd)

    def _repetition(
        self, operation: ProposedOperation, target: MemoryItem | None, known: MemoryItem
    ) -> tuple[Draft, ...]:
        """A text that is known already confirms it; what it was to replace by that may go."""
        drafts = self._confirming(operation, known)
        if operation.event != "UPDATE" or target is None or target.id == known.id:
            return drafts
        if not likeness.replaces(target.text, known.text):
            return drafts
        found = evidence.gather(operation, self._sources)
        return (*drafts, Draft("DELETE", target=target, evidence=found, reason="known otherwise", needless=True))

    def _confirmation(self, operation: ProposedOperation, target: targets.Target) -> Weighed:
        item = target.item or self._known.get(text.normal_form(operation.text))
        if item:
            return Weighed(self._confirming(operation, item))
        return Weighed(warnings=(target.warning,) if target.warning.startswith("unknown_id") else ())

    def _confirming(self, operation: ProposedOperation, item: MemoryItem) -> tuple[Draft, ...]:
        """Evidence for `item`, if what was said speaks of it."""
        terms = set(text.tokens(item.text)[1:])
        found = tuple(
            each
            for each in evidence.gather(replace(operation, text=item.text), self._sources)
            if each.start >= 0 or each.message in operation.messages or terms & self._sources.terms(each.message)
        )
        if not found:
            return ()
        said_at = evidence.latest(found, self._sources)
        return (Draft("NONE", target=item, evidence=found, said_at=said_at, reason=_reason(operation.reason)),)

    def _deletion(self, operation: ProposedOperation, item: MemoryItem) -> Weighed:
        """A DELETE, with a note of whether the user asked for it; whether it may go is seen beside the others."""
        asked = evidence.asked_for(operation, self._sources)
        if asked and (not _speaks_of(asked.quote, item) or self._speaks_of_another(asked, item)):
            asked = None
        found = (asked,) if asked else evidence.gather(replace(operation, text=item.text), self._sources)
        said_at = evidence.latest(found, self._sources)
        if said_at and item.said_at and said_at < item.said_at:
            return Weighed(warnings=(f"outdated: DELETE of {shown(item.text)} was said before that was",))
        reason = _reason(operation.reason)
        return Weighed(
            (Draft("DELETE", target=item, evidence=found, said_at=said_at, reason=reason, asked=bool(asked)),)
        )

    def _speaks_of_another(self, asked: Evidence, item: MemoryItem) -> bool:
        """Whether the sentence with the user's words names something of another memory, and nothing of `item`."""
        if self._is_translated(item.text):
            return False
        said = set(text.tokens(_sentence(asked, self._sources.messages[asked.message].content)))
        others = (text.tokens(each.text)[1:] for each in self._known.values() if each.id != item.id)
        return said.isdisjoint(text.tokens(item.text)[1:]) and not all(map(said.isdisjoint, others))

    def _is_made_up(self, operation: ProposedOperation) -> bool:
        """Whether nobody said a word of it, in so far as that can be told: a translation shares none either."""
        return not self._is_translated(operation.text) and evidence.is_made_up(operation, self._sources)

    def _is_translated(self, words: str) -> bool:
        """Whether `words` may be English for something that was said in another language."""
        return is_english(words) and not self._sources.are_english

    def _rests_on_turns(self, operation: ProposedOperation) -> bool:
        """Whether not all of the messages named are ones that nothing is learned from."""
        named = [position for position in operation.messages if position < len(self._sources.messages)]
        return not named or any(position in self._sources.heard for position in named)

    def _named(self, operation: ProposedOperation, found: Sequence[Evidence]) -> TimeSpan | None:
        """The time that the proposer says the fact speaks of, resolved against when its message was said."""
        for item in found:
            message = self._sources.messages[item.message]
            if message.timestamp and (span := _resolved(operation, message.content, message.timestamp)):
                return span
        return None

    def _mentioned(self, operation: ProposedOperation, found: Sequence[Evidence]) -> TimeSpan | None:
        """The one time that the fact mentions, or a short quote for it; `None` if that would be a guess."""
        quotes = (item.quote for item in found if item.start >= 0 and len(item.quote) <= _CLAUSE)
        texts = (operation.text, *quotes)
        for each in texts:
            spans = _spans(each, evidence.latest(found, self._sources))
            if len(spans) == 1:
                return spans[0]
        return None

    def _subject(self, name: str) -> str | None:
        """The subject, unless it was never mentioned."""
        known = name and (self._sources.words.mention(name) or name.casefold() in ("user", "assistant"))
        return name if known and len(name) <= _LONGEST_NAME else None


def _resolved(operation: ProposedOperation, content: str, said_at: datetime) -> TimeSpan | None:
    """The time expression of `operation`, if it stands in `content`."""
    place = evidence.locate(operation.when, content)
    if not place:
        return None
    phrase = content[slice(*place)]
    around = content[max(0, place[0] - _AROUND) : place[1] + _AROUND]
    return time.resolve(phrase, said_at=said_at, context=around)


def _spans(said: str, said_at: datetime | None) -> list[TimeSpan]:
    return time.find(said, said_at=said_at) if said_at else []


def _speaks_of(quote: str, item: MemoryItem) -> bool:
    """Whether the words of a user can mean that `item` is to go: they name something of it, or take something back."""
    if len(quote.split()) < 2 and quote.isascii():
        return False
    shares = set(text.tokens(quote)) & set(text.tokens(item.text)[1:])
    return bool(shares) or _RETRACTS.search(quote) is not None


def _sentence(found: Evidence, content: str) -> str:
    """The words found in `content`, with what stands in the same sentence."""
    if found.start < 0:
        return found.quote
    end = found.start + len(found.quote)
    before = [match.end() for match in _SENTENCE_END.finditer(content, 0, found.start)]
    after = _SENTENCE_END.search(content, end)
    return content[before[-1] if before else 0 : after.start() if after else len(content)]


def _slot(name: str) -> str | None:
    slot = re.sub(r"\W+", "_", name.casefold()).strip("_")
    return slot if slot and len(slot) <= _LONGEST_NAME else None


def _reason(said: str) -> str:
    """A reason goes into the history; no secret and no order does."""
    return "" if is_secret(said) or is_command(said) else said[:_LONGEST_REASON]
