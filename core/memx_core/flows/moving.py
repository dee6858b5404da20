"""`export` and `load`: files from the ledger, and files into it.

All embedding is done before the transaction of a load begins; vectors that it will need are kept aside, on disk when
there are many, so that neither a transaction nor memory is held for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from memx_core._io import IO, Steps
from memx_core.errors import EmbeddingMismatchError, PlanConflictError
from memx_core.flows import learning
from memx_core.flows.room import Room
from memx_core.ledger import Load, Loaded, Outdated, Write, mem0_history
from memx_core.moving import chatgpt, files, foreign, formats, jsonl, mem0, readings
from memx_core.moving.formats import Format, Kind
from memx_core.moving.jsonl import Numbered
from memx_core.moving.lines import Header, Line, MessageLine, VersionLine
from memx_core.moving.reports import LoadReport, Warnings
from memx_core.moving.screened import LineScreen
from memx_core.moving.spool import VectorSpool
from memx_core.screening import Screening
from memx_core.types import Scope

EMBEDDED = 128
"""Texts embedded in one call."""
AT_ONCE = 500
"""Lines that are looked up together."""
TRIES = 4
"""How often a load begins anew because what it found here went away meanwhile."""


async def export(io: IO, room: Room, path: Path, scope: Scope, *, embeddings: bool) -> int:
    """Writes everything of `scope` to a file; how many memories."""
    header = Header(
        type="memx",
        version=jsonl.VERSION,
        namespace=room.namespace,
        user_id=scope.user_id,
        agent_id=scope.agent_id,
        run_id=scope.run_id,
        at=room.clock(),
        fingerprint=io.fingerprint,
        embeddings=embeddings,
    )
    return await io.call(_write, room, path, header, scope)


def _write(room: Room, path: Path, header: Header, scope: Scope) -> int:
    memories = 0
    with files.replacing(path) as file:
        file.write(jsonl.encode(header))

        def take(line: Line) -> None:
            nonlocal memories
            memories += line.type == "memory"
            file.write(jsonl.encode(line))

        room.ledger.dump(room.namespace, scope, take, embedder=header.fingerprint if header.embeddings else None)
    return memories


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked call of `load`.

    Attributes:
        scope: Whose the memories are where the file does not say, and beyond whom none may be.
        results: mem0's results, which say what a history does not.
    """

    path: Path
    format: Format | None
    scope: Scope
    results: Path | None = None


@dataclass(slots=True)
class _Loading:
    """One try of a load: its file, and what every reading of it needs."""

    room: Room
    wanted: Wanted
    source: files.Source
    write: Write
    kind: Kind
    spool: VectorSpool = field(default_factory=VectorSpool)
    made_with: str | None = None  # the embedder of the file's own vectors
    screen: LineScreen | None = None

    def vector(self, number: int, line: Line) -> bytes | None:
        """Of a line: its own, if it is of this memory's embedder, or the one that was made."""
        return self.own(line) or self.spool.get(number)

    def own(self, line: Line) -> bytes | None:
        """The vector that stands in the line, if it is of this memory's embedder."""
        usable = self.made_with == self.write.fingerprint and isinstance(line, MessageLine | VersionLine)
        return line.vector if usable and isinstance(line, MessageLine | VersionLine) else None


async def load(io: IO, room: Room, wanted: Wanted) -> LoadReport:
    """Takes in a file, all of it or nothing.

    Raises:
        InvalidInputError: If it is damaged, or says something else than what is here.
        ScopeError: If something in it belongs to another scope, or nobody says to which.
    """
    for _ in range(TRIES):
        loading = await io.call(_open, io, room, wanted)
        try:
            await _embed(io, loading)
            loaded = await io.call(_take_in, loading)
        except Outdated:
            continue  # what was here when its vectors were made is gone
        except EmbeddingMismatchError as error:
            io = await io.renewed(error)
            continue
        finally:
            await io.call(_close, loading)
        if loaded.revision:
            await learning.publish(io, room, loaded.revision)
        return loaded.report
    raise PlanConflictError(f"what is in the file kept being taken away here through {TRIES} tries; call again")


def _open(io: IO, room: Room, wanted: Wanted) -> _Loading:
    source = files.Source(wanted.path)
    try:
        with readings.readable():
            kind = formats.kind(source.rewound(), wanted.format)
            header = jsonl.header(source.rewound()) if kind == "memx" else None
    except BaseException:
        source.close()
        raise
    write = Write(
        id=room.new_id(),
        kind="load",
        namespace=room.namespace,
        scope=wanted.scope,
        at=room.clock(),
        actor="user",
        fingerprint=io.fingerprint,
    )
    screen = None if room.screen is None else LineScreen(Screening(room.screen))
    made_with = None if header is None else header.fingerprint
    return _Loading(room, wanted, source, write, kind, made_with=made_with, screen=screen)


def _close(loading: _Loading) -> None:
    loading.source.close()
    loading.spool.close()


async def _embed(io: IO, loading: _Loading) -> None:
    """Reads, and thereby checks, the whole file; makes the vectors that it will need."""
    reader = Steps(_to_embed(loading))
    try:
        while texts := await io.call(reader.next):
            vectors = await io.embed_documents([text for _, text in texts])
            await io.call(loading.spool.add, [number for number, _ in texts], vectors)
    finally:
        await io.call(reader.close)


def _to_embed(loading: _Loading) -> Generator[list[tuple[int, str]]]:
    waiting: list[tuple[int, str]] = []
    with _lines(loading, Warnings()) as lines:
        for batch in jsonl.batches(lines, AT_ONCE):
            lacking = [(number, line) for number, line in batch if loading.own(line) is None]
            waiting += loading.room.ledger.to_embed(loading.room.namespace, lacking)
            while len(waiting) >= EMBEDDED:
                yield waiting[:EMBEDDED]
                waiting = waiting[EMBEDDED:]
    if waiting:
        yield waiting


def _take_in(loading: _Loading) -> Loaded:
    warnings = Warnings()
    asked = Load(loading.write, foreign=loading.kind != "memx", warnings=warnings)
    with _lines(loading, warnings) as lines:
        loaded = loading.room.ledger.load(asked, lines, loading.vector)
    if loaded.revision:
        loading.room.queued()  # here, and not by the caller, who may be cancelled before
    return loaded


@contextlib.contextmanager
def _lines(loading: _Loading, warnings: Warnings) -> Generator[Iterator[Numbered]]:
    """The file as lines, from its beginning, as they may be kept."""
    with _found(loading, warnings) as lines:
        yield lines if loading.screen is None else loading.screen.through(lines, warnings)


@contextlib.contextmanager
def _found(loading: _Loading, warnings: Warnings) -> Generator[Iterator[Numbered]]:
    """The file as lines, from its beginning."""
    write, wanted, file = loading.write, loading.wanted, loading.source.rewound()
    reading = mem0.Reading(wanted.scope, write.at, write.id, warnings)
    with readings.readable(), contextlib.ExitStack() as stack:
        match loading.kind:
            case "memx":
                jsonl.header(file)
                yield jsonl.lines(file)
            case "chatgpt":
                yield enumerate(readings.turns(chatgpt.conversations(file), reading), 1)
            case "results":
                found = (memory for _, memory in mem0.of_results(readings.items(file), reading))
                yield enumerate(foreign.lines(found, write.id, actor=mem0.ACTOR), 1)
            case "history":
                known = None if wanted.results is None else readings.known(wanted.results, reading)
                rows = stack.enter_context(mem0_history(wanted.path))
                yield enumerate(foreign.lines(mem0.of_history(rows, reading, known), write.id, actor=mem0.ACTOR), 1)
