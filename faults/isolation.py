"""Isolation: every method of every door answers one person as if nobody else were there, and changes nothing of theirs.

The same calls are made in two databases: in one the person lives alone, in the other with others whose ids look
like wildcards, quotes or the person's own. The ids, sessions and keys in the calls are the person's, somebody else's,
or nobody's. So nothing has to be known about what a right answer is: it only must not depend on the others.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from faults import langchain_doors, llama_index_doors
from faults.doors import Caller, Door
from faults.neighbours import IDS, Town, build, canary, opened, others, plain, same_ids
from faults.outcomes import Outcome, Tally
from faults.speaking import said
from memx_core import MemxError, Operation, Page, Plan, Scope, ScopedMemory, Usage
from memx_core.testing import ManualClock

_CALLS = 20  # in one example


class Call(NamedTuple):
    """A call of a method, in symbols.

    Attributes:
        door: By which it comes.
        method: Its name in `METHODS`.
        whose: Whose names it uses; `None`: the caller's own.
        which: Which of their names.
        blocking: The colour.
    """

    door: str
    method: str
    whose: int | None
    which: int
    blocking: bool


_TIMES = datetime(2025, 1, 1, tzinfo=UTC), ManualClock()()
_WIDE: tuple[Mapping[str, Any], ...] = (
    {"user_id": {"exists": False}},
    {"OR": [{"user_id": {"exists": False}}, {"NOT": {"user_id": "alice"}}]},
    {"NOT": {"k": "nothing"}},
    {"AND": []},
    {"k": {"contains": "canary"}},
    {"namespace": {"ne": "x"}, "address": {"exists": False}},
)
Method = Callable[[str, int, str, Path], tuple[str, tuple[Any, ...], Mapping[str, Any]]]
METHODS: Mapping[str, Method] = {
    "get": lambda name, at, word, path: ("get", (name,), {}),
    "get a version": lambda name, at, word, path: ("get", (name,), {"version": 1}),
    "get_all": lambda name, at, word, path: ("get_all", (), {"filters": _WIDE[at % len(_WIDE)]}),
    "get_all, old": lambda name, at, word, path: ("get_all", (), {"include_superseded": True, "limit": 2}),
    "get_all, on": lambda name, at, word, path: ("get_all", (), {"cursor": f"{10 + 20 * at}.1"}),  # numbers count all
    "search": lambda name, at, word, path: ("search", (f"{word} secret",), {"include_messages": True, "explain": True}),
    "search, wide": lambda name, at, word, path: ("search", ("secret",), {"filters": _WIDE[at % len(_WIDE)]}),
    "recall": lambda name, at, word, path: ("recall", (f"{word} seen hello",), {"exclude_messages": [name]}),
    "search, past": lambda name, at, word, path: (
        "search",
        ("secret",),
        {"as_of": _TIMES[at % 2], "known_at": _TIMES[1]},
    ),
    "get_all, past": lambda name, at, word, path: ("get_all", (), {"known_at": _TIMES[at % 2]}),
    "diff": lambda name, at, word, path: ("diff", (_TIMES[0],), {}),
    "sessions": lambda name, at, word, path: ("sessions", (), {}),
    "history": lambda name, at, word, path: ("history", (name,), {}),
    "why": lambda name, at, word, path: ("why", (name,), {}),
    "update": lambda name, at, word, path: ("update", (name, "taken over"), {"reason": "mine now"}),
    "update metadata": lambda name, at, word, path: ("update", (name,), {"metadata": {"user_id": IDS[at % len(IDS)]}}),
    "delete": lambda name, at, word, path: ("delete", (name,), {}),
    "revert": lambda name, at, word, path: ("revert", (name,), {"to": 1}),
    "undo": lambda name, at, word, path: ("undo", (name,), {"cascade": True}),
    "approve": lambda name, at, word, path: ("approve", (name,), {}),
    "reject": lambda name, at, word, path: ("reject", (name,), {}),
    "messages": lambda name, at, word, path: ("messages", ("stu"[at % 3],), {}),
    "put": lambda name, at, word, path: ("put_messages", ("t", {"role": "user", "content": "hi", "id": name}), {}),
    "clear": lambda name, at, word, path: ("clear_messages", ("stu"[at % 3],), {}),
    "pending": lambda name, at, word, path: ("pending", (), {}),
    "flush": lambda name, at, word, path: ("flush", (), {}),
    "usage": lambda name, at, word, path: ("usage", (), {}),
    "scopes": lambda name, at, word, path: ("scopes", (), {}),
    "owners": lambda name, at, word, path: ("owners", ("user",), {}),
    "versions": lambda name, at, word, path: ("versions", (), {}),
    "learned": lambda name, at, word, path: ("learned", ("s",), {}),
    "delete_all": lambda name, at, word, path: ("delete_all", (), {}),
    "erase": lambda name, at, word, path: ("erase", (), {}),
    "note": lambda name, at, word, path: ("add", (f"I keep {word} very secret",), {"infer": False, "session_id": "s"}),
    "add": lambda name, at, word, path: ("add", (said(word),), {"session_id": "s", "metadata": {"user_id": name}}),
    "add later": lambda name, at, word, path: ("add", (said(word),), {"wait": False, "session_id": "u"}),
    "add by key": lambda name, at, word, path: ("add", (f"I keep {word} secret",), {"infer": False, "key": "k"}),
    "plan": lambda name, at, word, path: ("plan", (said(f"new{word}"),), {"session_id": "s"}),
    "apply": lambda name, at, word, path: ("apply", (_plan(name, at),), {}),
    "export": lambda name, at, word, path: ("export", (path,), {}),
    "load": lambda name, at, word, path: ("load", (path.parent / "foreign.jsonl",), {}),
    "backfill": lambda name, at, word, path: (
        "backfill",
        ([_turn(word)],),
        {"progress": False},
    ),
}


def _plan(name: str, at: int) -> Plan:
    """One that was tampered with: of anybody's scope, about anybody's memory."""
    version = 1 + at % 2
    change = Operation("UPDATE", name, "taken over by a plan", expected_version=version, reason="mine now")
    return Plan(f"plan of {name}", (change,), (), Usage(), Scope(IDS[at % len(IDS)]), _TIMES[1], ())


def _turn(word: str) -> dict[str, str]:
    return {"role": "user", "content": said(word), "session_id": "s"}


DOORS: Mapping[str, Door] = {**langchain_doors.DOORS, **llama_index_doors.DOORS}
_DOORS = (*["scoped"] * 8, *["memory"] * 6, *DOORS)
CALLS = st.builds(
    Call,
    door=st.sampled_from(_DOORS),
    method=st.sampled_from(sorted(METHODS)),
    whose=st.none() | st.integers(0, len(IDS) - 1),
    which=st.integers(0, 7),
    blocking=st.booleans(),
)


def isolation(size: int, *, seed: int = 0) -> Outcome:
    """What came of `size` attempts, about.

    Args:
        size: How many calls.
        seed: Of what is called.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        town = build(Path(folder))
        with opened(town.copy(None, Path(folder) / "exporting.db")) as memory:
            memory.export(Path(folder) / "foreign.jsonl", user_id=IDS[0])
        trial = Trial(town, runner, tally)
        _given(trial, max(1, size // _CALLS), seed)
    return tally.outcome()


def _given(trial: Trial, examples: int, chance: int) -> None:
    @seed(chance)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(1, len(IDS) - 1), st.lists(CALLS, min_size=_CALLS, max_size=_CALLS))
    def attempt(me: int, calls: list[Call]) -> None:
        trial.attempt(me, calls)

    attempt()


class Trial:
    """The same calls among others and alone."""

    def __init__(self, town: Town, runner: asyncio.Runner, tally: Tally) -> None:
        self._town = town
        self._runner = runner
        self._tally = tally

    def attempt(self, me: int, calls: list[Call]) -> None:
        """Notes each call whose answer depends on others, and whether anything of theirs changed."""
        folder = self._town.folder
        crowd = self._town.copy(None, folder / "crowd.db")
        before = others(crowd, me)
        among = self._made(me, calls, crowd, alone=False)
        alone = self._made(me, calls, self._town.copy(me, folder / "alone.db"), alone=True)
        for call, one, other in zip(calls, among, alone, strict=True):
            self._tally.points += 1
            self._tally.figures[f"by {call.door}"] += 1
            self._tally.figures["with names of others"] += call.whose not in (None, me)
            self._tally.expect(one == other, f"{call} by {IDS[me][:20]!r}: {_apart(one, other)}")
        self._tally.expect(others(crowd, me) == before, f"something of others was changed by {calls}")

    def _made(self, me: int, calls: list[Call], path: Path, *, alone: bool) -> list[str]:
        foreign = [name for number, names in enumerate(self._town.names) if number != me for name in names]
        with opened(path) as memory, same_ids(len(IDS)):
            own = memory.scoped(user_id=IDS[me])
            names = _own_names(own)
            return [self._answer(own, call, me, names, foreign) for call in calls]

    def _answer(self, own: ScopedMemory, call: Call, me: int, names: list[str], foreign: list[str]) -> str:
        whose = me if call.whose is None else call.whose
        name = (names if whose == me else self._town.names[whose])[call.which]
        path = self._town.folder / "export.jsonl"
        method, args, options = METHODS[call.method](name, call.which, canary(whose), path)
        if method == "apply" and call.which % 2:
            args = (replace(args[0], scope=own.scope),)
        door = DOORS.get(call.door)
        try:
            if door is not None:
                found = self._through(door, Caller(own, IDS[me], canary(whose), name), call.blocking)
            elif call.door == "memory":
                found = self._called(own._memory, method, call.blocking, args, {**options, "user_id": IDS[me]})
            else:
                found = self._called(own, method, call.blocking, args, options)
        except MemxError as error:  # an answer too
            found = error
        except Exception as error:  # noqa: BLE001  # no answer
            self._tally.broken.append(f"{call} by {IDS[me][:20]!r} raised {error!r}")
            found = error
        if call.method == "get_all, on" and isinstance(found, Page):
            found = [item for item in found if item.user_id != IDS[me]]
        if method == "export" and path.exists():
            found = (found, path.read_text())
            path.unlink()
        return plain(found, foreign)

    def _called(self, memory: object, method: str, blocking: bool, args: Any, options: Any) -> Any:  # noqa: ANN401  # any call
        if blocking:
            return getattr(memory, method)(*args, **options)

        return self._awaited(lambda: getattr(memory, f"a{method}")(*args, **options))

    def _through(self, door: Door, caller: Caller, blocking: bool) -> object:
        if blocking and door.blocking is not None:
            return door.blocking(caller)
        return self._awaited(lambda: door.awaiting(caller))

    def _awaited(self, call: Callable[[], Awaitable[object]]) -> object:
        async def awaited() -> object:
            return await call()

        return self._runner.run(awaited())


def _apart(one: str, other: str) -> str:
    pairs = zip(one, other, strict=False)
    at = max(0, next((at for at, (here, there) in enumerate(pairs) if here != there), 0) - 60)
    return f"among others …{one[at : at + 300]}, alone …{other[at : at + 300]}"


def _own_names(own: ScopedMemory) -> list[str]:
    """The caller's own names, in the order of `Town.names`."""
    items = sorted(own.get_all(), key=lambda item: item.kind, reverse=True)
    waiting = [name for job in own.pending() for name in (job.id, job.operation_id)]
    return [*(item.id for item in items), own.history(items[0].id)[0].operation_id, *waiting, "m", "x"]
