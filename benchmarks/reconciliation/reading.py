"""Scenarios from text files.

```
== moves house | change
2024-03-01 user: I live in Ghent.
    want ADD home: ghent
    both ADD | User lives in Ghent | home
2024-05-02 user Ann: We moved to Antwerp last week.
2024-05-02 assistant: How exciting!
    want UPDATE home: antwerp
    never ghent antwerp
    good UPDATE ghent | Ann moved to Antwerp last week | home | We moved to Antwerp last week | last week
    mediocre ADD | Ann lives in Antwerp | home
```

Messages that follow each other are one call; the indented lines after them belong to it. `want` is an operation that
is right, several events being alternatives (after `UPDATE|ADD` the old text holds no longer, after `ADD|UPDATE` it may
stay); `may` one that may be there; `nothing` says that none is; `never` what must not be known. `good`, `mediocre` and
`both` are operations of recorded answers: event and words of the known fact that is meant, text, slot, quote (by
default the whole message), time expression, subject (by default the speaker). An answer without a line is an empty
list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args

from benchmarks.reconciliation.cases import MODELS, Call, Event, Recorded, Scenario, Wanted
from memx_core.types import Message

FOLDER = Path(__file__).parent / "scenarios"

_TITLE = re.compile(r"== (?P<name>[^|]+) \| (?P<kind>[\w -]+)")
_MESSAGE = re.compile(r"(?P<at>\S+) (?P<role>user|assistant)(?: (?P<name>[^:]+))?: (?P<text>.+)")
_WANTED = re.compile(r"(?P<events>[A-Z|]+) (?P<key>[\w.]+)(?:: (?P<pattern>.+))?")
_NOON = "T12:00"


class MalformedError(ValueError):
    """A line of a file of scenarios cannot be read."""


def read(folder: Path = FOLDER) -> list[Scenario]:
    """The scenarios of all files of `folder`, by the files' names.

    Raises:
        MalformedError: If a line is none of the kinds above, or in the wrong place.
    """
    return [each for path in sorted(folder.glob("*.txt")) for each in parse(path.read_text(encoding="utf-8"))]


def parse(text: str) -> list[Scenario]:
    """The scenarios in `text`.

    Raises:
        MalformedError: See `read`.
    """
    found: list[Scenario] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("# "):
            continue
        try:
            _take(line, found)
        except (ValueError, IndexError) as error:
            raise MalformedError(f"line {number} cannot be read ({error}): {line!r}") from error
    return found


def _take(line: str, found: list[Scenario]) -> None:
    if match := _TITLE.fullmatch(line.strip()):
        found.append(Scenario(match["name"], match["kind"], ()))
    elif line.startswith("    "):
        *before, call = found[-1].calls
        found[-1] = replace(found[-1], calls=(*before, _noted(call, line.strip())))
    else:
        found[-1] = _with_message(found[-1], _message(line))


def _with_message(scenario: Scenario, message: Message) -> Scenario:
    """`scenario` with `message` in its last call, or in a new one if that has its notes already."""
    *before, last = scenario.calls or (Call(()),)
    if last.answers:
        return replace(scenario, calls=(*before, last, Call((message,))))
    return replace(scenario, calls=(*before, replace(last, messages=(*last.messages, message))))


def _message(line: str) -> Message:
    match = _MESSAGE.fullmatch(line)
    if match is None:
        raise ValueError("neither a title, a message nor an indented note")
    at = match["at"] if "T" in match["at"] else match["at"] + _NOON
    said_at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Message(match["role"], match["text"], name=match["name"], timestamp=said_at)


def _noted(call: Call, note: str) -> Call:
    kind, _, rest = note.partition(" ")
    noted = replace(call, answers={**dict.fromkeys(MODELS, ()), **call.answers})
    if kind in ("want", "may"):
        return replace(noted, wanted=(*call.wanted, _wanted(rest, optional=kind == "may")))
    if kind == "never" and rest:
        return replace(noted, never=(*call.never, rest))
    if kind in (*MODELS, "both"):
        models = MODELS if kind == "both" else (kind,)
        added = {model: (*noted.answers[model], _recorded(rest)) for model in models}
        return replace(noted, answers={**noted.answers, **added})
    if note == "nothing" and not any(not each.optional for each in call.wanted):
        return noted
    raise ValueError(f"no such note: {kind}")


def _wanted(note: str, *, optional: bool) -> Wanted:
    match = _WANTED.fullmatch(note)
    if match is None:
        raise ValueError("an operation looks like `ADD key: words`")
    events = match["events"].split("|")
    if unknown := set(events) - set(get_args(Event)):
        raise ValueError(f"no such event: {min(unknown)}")
    if not match["pattern"] and events != ["DELETE"]:
        raise ValueError("only a DELETE needs no words")
    return Wanted(cast("tuple[Event, ...]", tuple(events)), match["key"], match["pattern"] or "", optional)


def _recorded(note: str) -> Recorded:
    fields = [field.strip() for field in note.split("|")]
    event, _, target = fields[0].partition(" ")
    text, slot, quote, when, subject = (*fields[1:], *[""] * 5)[:5]
    if event in ("ADD", "UPDATE", "CONFLICT") and not text:
        raise ValueError(f"{event} needs a text")
    return Recorded(event, target, text, slot, quote or None, when, subject or None)


def lines(scenario: Scenario) -> Iterator[str]:
    """The messages of `scenario`, one a line."""
    for call in scenario.calls:
        for message in call.messages:
            yield f"{message.timestamp:%Y-%m-%d} {message.name or message.role}: {message.content}"
