"""What a call costs on PostgreSQL beside SQLite: statements, this process's time, and the time that goes by.

The server is the tests' own, on this machine, and neither database waits for a disk: what is compared is
the work, not the hardware. Both are asked in turn, so that a busy machine is as busy for the one as for the other.
"""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from sqlalchemy import Engine, create_engine, event

from benchmarks import costs, timing
from memx_core import Memory

SIZES = (1_000, 10_000)
ROUNDS, RUNS = 6, 10
Call = Callable[[], object]


def comparing() -> Iterator[str]:
    """See `benchmarks.__main__`."""
    from tests import postgres_server  # which needs the driver and the server's programs

    with postgres_server.database() as url:
        server = create_engine(url)
        for size in SIZES:
            with tempfile.TemporaryDirectory() as folder:
                file = create_engine(f"sqlite:///{Path(folder, 'memx.db')}")
                with _opened(file, size) as on_sqlite, _opened(server, size) as on_postgresql:
                    yield from _compared(size, (file, on_sqlite), (server, on_postgresql))
                file.dispose()
            postgres_server.empty(server)
        server.dispose()


@contextmanager
def _opened(engine: Engine, size: int) -> Iterator[Memory]:
    """A memory of one user with `size` facts."""
    costs.fill(engine, scopes=1, each=size)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "checkout", costs.unsynchronised)
    else:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
    with costs.memory(engine) as memory:
        yield memory


def _compared(size: int, first: tuple[Engine, Memory], second: tuple[Engine, Memory]) -> Iterator[str]:
    calls = [_calls(memory) for _, memory in (first, second)]
    for name in calls[0]:
        pair = [each[name] for each in calls]
        for call in pair:
            timing.wall(call, runs=20, warm=0)
        counts = [_statements(engine, call) for (engine, _), call in zip((first, second), pair, strict=True)]
        used, passed = (_in_turn(pair, clock) for clock in (timing.cpu, timing.wall))
        asked = f"{counts[0]} and {counts[1]} statements"
        yield (
            f"{size:>6,} memories, {name:<6}: {asked}; CPU {_ratio(used)} ({_milliseconds(used)}); "
            f"by the clock {_ratio(passed)} ({_milliseconds(passed)})"
        )


def _calls(memory: Memory) -> dict[str, Call]:
    queries = itertools.cycle(("Who bought the violin?", "where is the lantern", "What did Hana paint near the river?"))
    return {
        "add": costs.turns(memory, 1),
        "search": lambda: memory.search(next(queries), user_id="user-0"),
        "recall": lambda: memory.recall(next(queries), user_id="user-0"),
    }


def _statements(engine: Engine, call: Call) -> int:
    """Of one call, as it is usually: the median of some. What begins a transaction is no statement on PostgreSQL."""
    seen = Counter[int]()
    number = 0

    def hear(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        seen[number] += not sql.startswith("BEGIN")

    event.listen(engine, "before_cursor_execute", hear)
    for number in range(9):  # noqa: B007  # `hear` reads it
        call()
    event.remove(engine, "before_cursor_execute", hear)
    return int(median(seen[each] for each in range(9)))


def _in_turn(pair: list[Call], clock: Callable[..., list[float]]) -> list[list[float]]:
    taken: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for into, call in zip(taken, pair, strict=True):
            into.extend(clock(call, runs=RUNS, warm=1))
    return taken


def _ratio(taken: list[list[float]]) -> str:
    return f"{median(taken[1]) / median(taken[0]):.1f} times"


def _milliseconds(taken: list[list[float]]) -> str:
    return f"{median(taken[1]) * 1e3:.1f} over {median(taken[0]) * 1e3:.1f} ms"
