"""Faults of providers: a third of all calls of the model, the embedder and the index fail, in every way they can."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from faults.agreement import disagreements, everything, unfound
from faults.outcomes import Outcome, Tally
from faults.speaking import ADA, fact, learning, said
from faults.weather import FailingEmbedder, FailingLLM, Weather, failing_index
from memx_core import Memory, MemxError

RATE = 0.3
"""Of calls that fail."""
SESSIONS = "stuv"


def providers(size: int, *, seed: int = 0, rate: float = RATE) -> Outcome:
    """What is there after `size` calls of which many met a fault, once the faults are over.

    Args:
        size: Calls of every kind together.
        seed: Of what is called and what fails.
        rate: Of calls to a provider that fail.
    """
    weather = Weather(rate, seed)
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        engine = create_engine(f"sqlite:///{Path(folder) / 'memx.db'}")
        model, embedder = FailingLLM(weather, learning), FailingEmbedder(weather)
        with Memory(model, embedder, engine, index=failing_index(weather), background=False) as memory:
            storm = _Storm(memory, runner, random.Random(seed))
            for number in range(size):
                storm.call(number)
            weather.rate = 0
            memory.flush()
            storm.look()
            storm.tally.broken += unfound(memory, [ADA])
        storm.tally.broken += disagreements(engine)
        engine.dispose()
    storm.tally.figures.update({f"faults of the {name}": count for name, count in weather.struck.items()})
    return storm.tally.outcome()


class _Storm:
    """Calls in bad weather, and what has to be there when it is over."""

    def __init__(self, memory: Memory, runner: asyncio.Runner, chance: random.Random) -> None:
        self._memory = memory
        self._runner = runner
        self._chance = chance
        self.tally = Tally()
        self._kept: dict[str, str] = {}  # messages that have to be there, and whether their facts have to
        self._perhaps: set[str] = set()  # verbatim memories that were refused, or not
        self._versions: dict[str, set[str]] = {}  # texts that a memory may have by now

    def call(self, number: int) -> None:
        """One call of any kind, in either colour."""
        work = self._chance.choice([self._learn, self._learn, self._later, self._put, self._verbatim, self._change])
        work(number)
        if number % 5 == 0:
            self._try("search", lambda: self._memory.search(said(number), include_messages=True, **ADA), None)
        if number % 20 == 0:
            self._try("flush", self._memory.flush, self._memory.aflush)

    def _learn(self, number: int) -> None:
        self._kept[said(number)] = fact(number)
        arguments: Any = {"session_id": self._session(), **ADA}
        self._try(
            "learn",
            lambda: self._memory.add(said(number), **arguments),
            lambda: self._memory.aadd(said(number), **arguments),
        )

    def _later(self, number: int) -> None:
        self._kept[said(number)] = fact(number)
        arguments: Any = {"session_id": self._session(), "wait": False, **ADA}
        self._try(
            "queue",
            lambda: self._memory.add(said(number), **arguments),
            lambda: self._memory.aadd(said(number), **arguments),
        )

    def _put(self, number: int) -> None:
        self._kept[said(number)] = fact(number)
        message = {"role": "user", "content": said(number), "id": str(number)}
        session = self._session()
        self._try(
            "put",
            lambda: self._memory.put_messages(session, message, **ADA),
            lambda: self._memory.aput_messages(session, message, **ADA),
        )

    def _verbatim(self, number: int) -> None:
        text = f"note {number}"
        arguments: Any = {"infer": False, "session_id": self._session(), **ADA}
        done = self._try(
            "note", lambda: self._memory.add(text, **arguments), lambda: self._memory.aadd(text, **arguments)
        )
        if done is None:
            self._perhaps.add(text)
        else:
            self._kept[text] = text
            self._versions[done.changes[0].memory_id] = {text}

    def _change(self, number: int) -> None:
        if not self._versions:
            return
        id = self._chance.choice(list(self._versions))
        text = f"note changed {number}"
        former = self._versions[id]
        done = self._try("update", lambda: self._memory.update(id, text), lambda: self._memory.aupdate(id, text))
        self._versions[id] = {text} if done is not None else former | {text}

    def _session(self) -> str:
        return self._chance.choice(SESSIONS)

    def _try(
        self, name: str, blocking: Callable[[], Any], awaiting: Callable[[], Coroutine[Any, Any, Any]] | None
    ) -> Any:  # noqa: ANN401  # what a call returns
        """What the call returns; `None` when it says that it failed."""
        self.tally.points += 1
        try:
            if awaiting is None or self._chance.random() < 0.5:
                return blocking()
            return self._runner.run(awaiting())
        except (MemxError, ConnectionError, TimeoutError):
            self.tally.figures["calls that failed"] += 1
        except Exception as error:  # noqa: BLE001  # that is what is looked for
            self.tally.broken.append(f"{name} raised {error!r}")
        return None

    def look(self) -> None:
        """Whether each call's word was kept: what was said is kept and known once, and nothing else."""
        memory, tally = self._memory, self.tally
        tally.expect(memory.pending() == [], f"{len(memory.pending())} jobs are left")
        there = Counter(message.content for session in SESSIONS for message in memory.messages(session, **ADA))
        items = {item.id: item.text for item in everything(memory, ADA)}
        known = Counter(items.values())
        changed = {text for texts in self._versions.values() for text in texts}
        for message, text in self._kept.items():
            tally.figures["messages"] += 1
            tally.expect(there[message] == 1, f"{message!r} is kept {there[message]} times")
            wanted = 1 if text.startswith("Ada") else known[text]
            tally.expect(known[text] == wanted, f"{text!r} is known {known[text]} times")
        for id, texts in self._versions.items():
            tally.expect(items.get(id) in texts, f"memory {id} says {items.get(id)!r}, and not one of {texts}")
        strange = set(known) - set(self._kept.values()) - self._perhaps - changed
        tally.expect(not strange, f"known is {strange}, which nobody said")
