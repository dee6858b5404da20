"""How much disk and memory, and how long a recall takes, from one million memories to a hundred million.

    python sizing.py                                   # weighs a ledger in an SQLite file
    python sizing.py postgresql://me@localhost/empty   # or in a PostgreSQL database with nothing in it

What a row and a point weigh is measured here, on a small ledger and on points as `QdrantIndex` makes
them. How many there are of each, what memory costs, and how long a disk or a network takes, is assumed:
it is all in the constants below, so put in yours. No cluster of that size was run for this.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qdrant_client import QdrantClient
from sqlalchemy import Connection, create_engine, text

from memx_core import Memory
from memx_core.embedders import HashingEmbedder
from memx_core.index import QdrantIndex

MILLION = 1_000_000
GB = 1e9

# Assumed: what comes with one memory, by long conversations with a model that learns from them.
MIX: Mapping[str, float] = {
    "memx_operations": 0.5,  # calls that learned
    "memx_memories": 1,
    "memx_versions": 1.3,
    "memx_version_vectors": 1.3,
    "memx_changes": 1.3,
    "memx_evidence": 1.5,
    "memx_messages": 2,
    "memx_message_vectors": 2,
}
POINTS = MIX["memx_versions"] + MIX["memx_messages"]
OF_USER = 300  # memories of somebody who has used it for long

# Assumed: how Qdrant keeps a point (its defaults), and how many copies there are.
LINKS = 16 * 2 * 4 * 1.1  # bytes of the graph: 32 neighbours, and a tenth for the upper layers
OF_WORD = 2 * 8  # bytes: stored with the point, and in the lists of the words' index
PAYLOAD_INDEX = 1.5  # times the payload: its indexes, and what a store of records adds
SPARE = 1.5  # times, while segments are optimised, and for growth
COPIES = 2
NODE = 64.0  # GB of memory of one node, of which this part may be filled:
FILLED = 0.7

# Assumed: prices a month in dollars, of nobody in particular.
MEMORY_PRICE, DISK_PRICE = 3.5, 0.10  # of a GB
INPUT_PRICE, OUTPUT_PRICE = 0.25, 2.00  # of a million tokens, once
CALL = (1_900, 150)  # tokens of a call that learns, asked and answered

# Assumed: times in milliseconds, each the median of a lognormal distribution and its spread.
EMBED = (6.0, 0.3)  # one short query on one core
STATEMENT = (0.4, 0.5)  # one round trip to PostgreSQL and back
STATEMENTS = 5  # of a recall
READ = 60  # rows read back by number
MISS = (0.12, 0.6)  # one page from an NVMe disk
REQUEST = (0.6, 0.5)  # one round trip to Qdrant and back
SHARD = (1.5, 0.7)  # one shard's part, its graph in memory
POINT = 0.0006  # one point of the user, compared
CACHED = {1: 1.0, 10: 0.97, 100: 0.85}  # of the rows that are read back, by million memories
SHARDS = {1: 6, 10: 6, 100: 24}


@dataclass(frozen=True)
class Weights:
    """What was measured, with two digits that count.

    Attributes:
        database: Which one.
        rows: Bytes of a row with its part of the indexes, by table.
        words: Of a point, all different.
        payload: Bytes of a point's payload as JSON.
    """

    database: str
    rows: Mapping[str, float]
    words: float
    payload: float


def weigh(url: str | None = None, *, calls: int = 300) -> Weights:
    """Measures a small ledger, written by so many calls, and some points of an index."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(url or f"sqlite:///{Path(folder) / 'memx.db'}")
        try:
            with Memory(embedder=HashingEmbedder(), database=engine, background=False) as memory:
                before = _sizes(engine.connect())
                fill(memory, calls=calls)
                after = _sizes(engine.connect())
        finally:
            engine.dispose()
        rows = {
            name: float(_round((after[name][0] - before[name][0]) / after[name][1]).replace(",", "")) for name in MIX
        }
        return Weights(engine.dialect.name, rows, *_points())


def fill(memory: Memory, *, calls: int) -> None:
    """As many calls, each with four turns that are all kept as memories; half as many turns more that are not."""
    spoken = _turns()
    for number in range(calls):
        user = memory.scoped(user_id=f"user-{number % 50:032}", agent_id="assistant")
        user.add([next(spoken) for _ in range(4)], infer=False, session_id=f"session-{number:032}")
        user.put_messages(f"other-{number:032}", [next(spoken) for _ in range(2)], learn=False)


def _turns() -> Iterator[dict[str, str]]:
    """About twenty words each, no two alike."""
    chosen = random.Random(0)
    words = ["".join(chosen.choices("abcdefghijklmnoprstuvw", k=chosen.randint(3, 9))) for _ in range(5_000)]
    for number in itertools.count():
        yield {"role": "user", "content": f"{' '.join(chosen.choices(words, k=19))} {number}."}


def _sizes(connection: Connection) -> dict[str, tuple[int, int]]:
    """Bytes on disk with indexes, and rows, by table."""
    with connection:
        if connection.dialect.name == "sqlite":
            asked = "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = :of)"
        else:
            asked = "SELECT pg_total_relation_size(CAST(:of AS regclass))"
        return {
            name: (
                int(connection.execute(text(asked), {"of": name}).scalar_one() or 0),
                int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()),
            )
            for name in MIX
        }


def _points() -> tuple[float, float]:
    """Words and bytes of payload of a point, as `QdrantIndex` makes them."""
    client = QdrantClient(":memory:")
    with (
        warnings.catch_warnings(),
        Memory(
            embedder=HashingEmbedder(), database=":memory:", index=QdrantIndex(client=client), background=False
        ) as memory,
    ):
        warnings.simplefilter("ignore")  # that the local mode does without indexes
        fill(memory, calls=20)
        (collection,) = client.get_collections().collections
        points, _ = client.scroll(collection.name, limit=1_000, with_payload=True, with_vectors=["bm25"])
    client.close()
    words = [len(point.vector["bm25"].indices) for point in points if isinstance(point.vector, dict)]  # type: ignore[union-attr]  # sparse
    payloads = [len(json.dumps(point.payload)) for point in points]
    return round(sum(words) / len(words)), round(sum(payloads) / len(payloads), -1)


def held(weights: Weights, dimensions: int = 384) -> dict[str, tuple[float, float]]:
    """What a million memories take, each thing once: GB on disk, and of that best in memory."""
    tables = {name: weights.rows[name] * MIX[name] * MILLION / GB for name in MIX}
    vectors = tables.pop("memx_version_vectors") + tables.pop("memx_message_vectors")
    turns = tables.pop("memx_messages")
    rows = sum(tables.values())
    points = POINTS * MILLION / GB
    return {
        "database: memories, versions, history": (rows, rows * 0.25),
        "database: turns": (turns, turns * 0.25),
        "database: vectors, to build an index from": (vectors, 0.0),
        "Qdrant: vectors": (points * 4 * dimensions, points * 4 * dimensions),
        "Qdrant: graph": (points * LINKS, points * LINKS),
        "Qdrant: words": (points * OF_WORD * weights.words, points * OF_WORD * weights.words),
        "Qdrant: payload and its indexes": (points * weights.payload * (1 + PAYLOAD_INDEX), points * weights.payload),
    }


def cluster(millions: int, parts: Mapping[str, tuple[float, float]]) -> tuple[float, float, float, int, float]:
    """For so many memories: GB of database, of Qdrant on disk and in memory, its nodes, dollars a month."""
    database = sum(disk for name, (disk, _) in parts.items() if name.startswith("database")) * millions
    hot = sum(memory for name, (_, memory) in parts.items() if name.startswith("database")) * millions
    disk = sum(disk for name, (disk, _) in parts.items() if name.startswith("Qdrant")) * millions * COPIES * SPARE
    memory = sum(memory for name, (_, memory) in parts.items() if name.startswith("Qdrant")) * millions * COPIES
    nodes = max(3, int(np.ceil(memory / (NODE * FILLED))))
    price = (hot * 2 + memory / FILLED) * MEMORY_PRICE + (database * 2 * SPARE + disk) * DISK_PRICE  # with a standby
    return database, disk, memory, nodes, price


def latencies(millions: int, *, sharded: bool, draws: int = 20_000) -> tuple[float, float]:
    """Median and 99th percentile of a recall in ms; `sharded`: by user, so that only one shard is asked."""
    drawn = np.random.default_rng(0)

    def times(what: tuple[float, float], count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return drawn.lognormal(np.log(what[0]), what[1], (draws, count))

    shards = 1 if sharded else SHARDS[millions]
    points = drawn.lognormal(np.log(OF_USER * POINTS), 1.0, draws)
    misses = drawn.binomial(READ, 1 - CACHED[millions], draws)
    database = times(STATEMENT, STATEMENTS).sum(axis=1) + misses * times(MISS, 1)[:, 0]
    slowest = (times(SHARD, shards) + points[:, None] / shards * POINT).max(axis=1)
    total = times(EMBED, 1)[:, 0] + database + times(REQUEST, 1)[:, 0] + slowest
    middle, late = np.percentile(total, [50, 99])
    return float(middle), float(late)


def report(weights: Weights) -> Iterator[str]:
    """Three tables, line by line."""
    parts = held(weights)
    yield "| Table | Bytes of a row | Rows for each memory |\n|---|---:|---:|"
    for name, each in MIX.items():
        yield f"| `{name}` | {_round(weights.rows[name])} | {each:g} |"
    rows = sum(weights.rows[name] * MIX[name] for name in MIX)
    yield f"\nIn {weights.database} a memory with its turns and history takes {_round(rows)} bytes."
    yield f"A point has {weights.words:g} words and {weights.payload:g} bytes of payload; a vector 384 dimensions.\n"
    yield "| One million memories, each thing once | GB on disk | of that in memory |\n|---|---:|---:|"
    for name, (disk, memory) in parts.items():
        yield f"| {name} | {_round(disk)} | {_round(memory)} |"
    asked, answered = (tokens * MIX["memx_operations"] * MILLION / MILLION for tokens in CALL)
    bill = f"${_round(asked * INPUT_PRICE + answered * OUTPUT_PRICE)}"
    spent = f"{_round(asked)} million tokens asked and {_round(answered)} million answered"
    yield f"\nTo learn a million takes {spent}: {bill}, once.\n"
    yield "| Memories | Database GB | Qdrant GB on disk | in memory | nodes | $ a month | a recall, ms | 99 % within |"
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|"
    for millions in SHARDS:
        database, disk, memory, nodes, price = cluster(millions, parts)
        spread, by_user = (latencies(millions, sharded=sharded) for sharded in (False, True))
        middle, late = (f"{_round(spread[at])}, by user {_round(by_user[at])}" for at in (0, 1))
        figures = " | ".join(map(_round, (database, disk, memory)))
        yield f"| {millions} million | {figures} | {nodes} | {_round(price)} | {middle} | {late} |"


def _round(value: float) -> str:
    """Two digits that count: there are no more."""
    return f"{float(f'{value:.2g}'):,.10g}"


def main() -> None:
    """Measures and prints."""
    print("\n".join(report(weigh(*sys.argv[1:2]))))


if __name__ == "__main__":
    main()
