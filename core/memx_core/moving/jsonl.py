"""The format that `export` writes and `load` reads: UTF-8, one JSON object a line, gzipped if the path ends in `.gz`.

The first line is the header:

    {"type": "memx", "version": 1, "namespace": "default", "user_id": "ada", "at": "2026-01-31T09:30:00Z",
     "fingerprint": "minilm:…", "embeddings": false}

Every other line has one of these types. They come in this order, each type in the order in which it was written, and a
line only refers to what stands before it (but for `learned_by` and `undone_by` of operations):

| type | what it is | refers by |
|---|---|---|
| `operation` | one call that wrote something | its `id` |
| `job` | messages that still have to be learned from; who is at it is left out | `operation` |
| `message` | one turn of a conversation, in the state it is in | `operation`, `job` |
| `memory` | what all versions of a memory share; `head` is the current one | |
| `version` | one version of a memory, or its tombstone (status `deleted`) | `memory` |
| `change` | a row of history | `memory` and `version`, `operation`; `before` is a version |
| `evidence` | the words that a version rests on | `memory` and `version`, `session` and `message`, `operation` |
| `conflict` | from when to when a version contradicted `rival` | `memory` and `version`, `opened`, `closed` |
| `mark` | from when to when a turn was `withheld` or `overtaken` | ids, `session` and `message`, `opened`, `closed` |
| `review` | an operation that waits for approval, or did until a call `closed` it | `operation`, `closed` |

Memories, operations, jobs and reviews are named by their ids, turns by whose they are, their session ("" for none) and
their id; numbers of rows appear nowhere. What belongs to somebody carries `user_id`, `agent_id` and `run_id`; evidence
belongs to whom its memory belongs. Times are ISO 8601 in UTC. What is absent is null, and what is null or empty may be
left out. `vector`, of messages and versions, is base64 of little-endian float32: it is written only when embeddings are
asked for, and used only by an embedder with the `fingerprint` of the header.

An operation that reached beyond the exported scope is `partial`: it has the ids of the export instead of its own, and
neither key, cost nor warnings. The marks that erasures leave, and what calls have cost, are not exported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import BinaryIO, TypeAlias

from pydantic import TypeAdapter, ValidationError

from memx_core.errors import InvalidInputError
from memx_core.moving.lines import Header, Line

VERSION = 1
"""The version of the format that is written, and the newest that is read."""
LONGEST = 100_000_000
"""Bytes that a line may have."""
Numbered: TypeAlias = tuple[int, Line]
"""A line and its number in the file; the header is number 1."""


@cache
def _any_line() -> TypeAdapter[Line]:
    """Any line but the first; made when a file is read, as making it costs every import 30 ms."""
    return TypeAdapter(Line)


def header(file: BinaryIO) -> Header:
    """The first line.

    Raises:
        InvalidInputError: If it is none, or of a newer format.
    """
    try:
        found = Header.model_validate_json(file.readline(LONGEST).removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise _damaged(1, error) from None
    if found.version > VERSION:
        raise InvalidInputError(f"the file has version {found.version} of the format; upgrade memx to load it")
    return found


def lines(file: BinaryIO) -> Iterator[Numbered]:
    """What follows the header.

    Raises:
        InvalidInputError: At a line that is damaged, with its number.
    """
    number = 1
    while raw := file.readline(LONGEST):
        number += 1
        if not raw.strip():
            continue
        try:
            yield number, _any_line().validate_json(raw)
        except ValidationError as error:
            raise _damaged(number, error) from None


def encode(line: Header | Line) -> bytes:
    """The line as it stands in a file."""
    return line.model_dump_json(exclude_defaults=True).encode() + b"\n"


def batches(numbered: Iterable[Numbered], size: int) -> Iterator[list[Numbered]]:
    """Lines of one type that follow each other, at most `size` together."""
    batch: list[Numbered] = []
    for number, line in numbered:
        if batch and (len(batch) == size or line.type != batch[0][1].type):
            yield batch
            batch = []
        batch.append((number, line))
    if batch:
        yield batch


def _damaged(number: int, error: ValidationError) -> InvalidInputError:
    """Says where and why, not what: a line holds what somebody said in confidence."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return InvalidInputError(f"line {number} is damaged: {where + ': ' if where else ''}{first['msg']}")
