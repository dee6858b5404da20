"""`backfill`: learning from old conversations, in the order of time over all of them.

Every batch is an `add` with a key that stands for its turns and their place, so that a second run finds what the first
one did. A batch that fails stops the run; its turns are kept and queued, and the next run has them learned from first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from memx_core._io import IO
from memx_core.extraction import pieces, prompts
from memx_core.flows import adding, working
from memx_core.flows.batches import Batch, is_learned
from memx_core.flows.room import Room
from memx_core.flows.working import Hold
from memx_core.ledger import JobRequest
from memx_core.moving.parcels import Parcel, conversations, packed, parcels, unpacked
from memx_core.moving.reports import BackfillEstimate, BackfillReport, Warnings
from memx_core.moving.spool import LineSpool
from memx_core.text import estimate_tokens
from memx_core.types import AddResult, Message, Scope

LEAST_TOKENS, MOST_TOKENS = 100, 2_000
"""Bounds of what a model sees at once; beyond, it loses details."""
KNOWN = 600
"""Tokens of known memories and earlier turns that a call shows beside the new ones, roughly."""
Told = Callable[[int, int], object]
"""Hears how many batches are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked call of `backfill`."""

    scope: Scope
    request: JobRequest
    tokens_per_call: int


class _Head(NamedTuple):
    """What is held of a batch: when it began, and where it lies."""

    at: datetime
    order: int
    place: int


@dataclass(slots=True)
class _Run:
    """One run: its batches, and what came of them."""

    room: Room
    wanted: Wanted
    spool: LineSpool = field(default_factory=LineSpool)
    heads: list[_Head] = field(default_factory=list[_Head])
    estimate: BackfillEstimate = field(default_factory=BackfillEstimate)
    report: BackfillReport = field(default_factory=lambda: BackfillReport(BackfillEstimate()))
    warnings: Warnings = field(default_factory=Warnings)

    def batch(self, head: _Head) -> Batch:
        """The batch, with times for turns of which none is known."""
        parcel = unpacked(self.spool.get(head.place))
        beside = self.wanted.request.metadata
        now = self.room.clock()
        turns = tuple(
            replace(turn, timestamp=turn.timestamp or now, metadata={**beside, **turn.metadata})
            for turn in parcel.messages
        )
        return Batch(
            scope=self.wanted.scope,
            messages=turns,
            session_id=parcel.session,
            request=self.wanted.request,
            key=f"backfill:{parcel.digest}",
            digest=parcel.digest,
        )


async def backfill(
    io: IO,
    room: Room,
    wanted: Wanted,
    given: object,
    shown: Callable[[str], AbstractContextManager[Told]],
    hold: Hold,
    *,
    dry_run: bool,
) -> BackfillReport | BackfillEstimate:
    """Learns from what was given, or says what that would take.

    Args:
        io: Awaits or blocks.
        room: Where.
        wanted: How.
        given: Conversations, or a path.
        shown: Shows how far it is, under a title.
        hold: Keeps leases of jobs that an earlier run left.
        dry_run: Only say what it would take.
    """
    run = _Run(room, wanted)
    try:
        await io.call(_collect, run, given)
        if dry_run:
            return run.estimate
        run.report = BackfillReport(run.estimate)
        with shown(_title(run.estimate)) as told:
            await _learn(io, run, told, hold)
        return replace(run.report, warnings=run.warnings.all())
    finally:
        await io.call(run.spool.close)


def _title(estimate: BackfillEstimate) -> str:
    if not estimate.calls:
        return "learning"
    return f"learning: {estimate.calls:,} calls, about {estimate.input_tokens:,} tokens"


def _collect(run: _Run, given: object) -> None:
    """Reads everything once: puts the batches aside, in order, and counts what they will take."""
    room, wanted = run.room, run.wanted
    now = room.clock()
    sessions: dict[str, datetime] = {}  # when the last batch of each began
    last = datetime.min.replace(tzinfo=now.tzinfo)
    for order, parcel in enumerate(parcels(conversations(given, now), wanted.scope, most=wanted.tokens_per_call)):
        began = next((turn.timestamp for turn in parcel.messages if turn.timestamp is not None), last)
        last = max(began, sessions.get(parcel.session, began))
        sessions[parcel.session] = last
        head = _Head(last, order, run.spool.add(packed(parcel)))
        run.heads.append(head)
        run.estimate = _with(run.estimate, run, parcel)
    run.heads.sort()
    run.estimate = replace(run.estimate, conversations=len(sessions))


def _with(estimate: BackfillEstimate, run: _Run, parcel: Parcel) -> BackfillEstimate:
    room, wanted = run.room, run.wanted
    text = sum(estimate_tokens(turn.content) for turn in parcel.messages)
    estimate = replace(estimate, messages=estimate.messages + len(parcel.messages), tokens=estimate.tokens + text)
    done = room.ledger.replay(room.namespace, wanted.scope, f"backfill:{parcel.digest}", parcel.digest)
    if done is not None:
        return replace(estimate, done=estimate.done + 1)
    calls = 0 if room.offline else _calls([turn for turn in parcel.messages if is_learned(turn)])
    beside = estimate_tokens(prompts.SYSTEM) + estimate_tokens(wanted.request.instructions or "") + KNOWN
    tokens = calls * beside + (parcel.tokens if calls else 0)
    return replace(estimate, calls=estimate.calls + calls, input_tokens=estimate.input_tokens + tokens)


def _calls(turns: list[Message]) -> int:
    """Calls of the model that these turns need: more than one where one of them is very long."""
    return len(pieces.split(turns)) if turns else 0


async def _learn(io: IO, run: _Run, told: Told, hold: Hold) -> None:
    total = len(run.heads)
    told(0, total)
    for number, head in enumerate(run.heads, 1):
        batch = await io.call(run.batch, head)
        try:
            done = await adding.replayed(io, run.room, batch)
            if done is not None:
                await _catch_up(io, run, done, hold)
                run.report = replace(run.report, skipped=run.report.skipped + 1)
            else:
                _count(run, batch, await adding.add(io, run.room, batch))
        except Exception as error:
            error.add_note(
                f"backfill stopped at batch {number} of {total}, in conversation {batch.session_id!r}; "
                "what came before is kept, and the same call goes on from here"
            )
            raise
        told(number, total)


async def _catch_up(io: IO, run: _Run, done: AddResult, hold: Hold) -> None:
    """Learns from what an earlier run only queued, before anything that was said later."""
    if done.status != "queued":
        return
    waiting = await io.call(run.room.ledger.jobs, run.room.namespace, run.wanted.scope)
    if any(job.operation_id == done.operation_id for job in waiting):
        await working.flush(io, run.room, hold, run.wanted.scope, seconds=None)


def _count(run: _Run, batch: Batch, result: AddResult) -> None:
    run.warnings.add(*result.warnings)
    queued = result.status == "queued"
    run.report = replace(
        run.report,
        batches=run.report.batches + (not queued),
        queued=run.report.queued + queued,
        messages=run.report.messages + len(batch.messages),
        changes=run.report.changes + len(result.changes),
        usage=run.report.usage + result.usage,
    )
