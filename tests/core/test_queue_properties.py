"""Any order of queueing, failing, parking and removing: every turn is learned from once, or seen to wait."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import Engine

from memx_core import ExtractionError, Memory, Message
from memx_core.background import Background
from memx_core.testing import FakeEmbedder, ManualClock, ScriptedLLM
from tests.answers import NOTHING
from tests.machines import Machine, run_on

USERS = st.sampled_from(["ada", "bob"])
SESSIONS = st.sampled_from(["s", "t"])
TRIES = 3


class Turn:
    """What the model of the queue knows of a turn that waits."""

    def __init__(self, number: int, poison: bool) -> None:
        self.number = number
        self.poison = poison


class Queues(Machine):
    """Turns have numbers; a poisonous one makes the model's answer unusable. Every call queues one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.llm = ScriptedLLM(default=self.answer)
        self.down = False
        self.shown: list[int] = []  # numbers, as answers that could be used went by
        self.batches: list[list[int]] = []  # likewise, of the present step
        self.count = 0
        self.queues: dict[tuple[str, str], list[Turn]] = {}
        self.gone: set[int] = set()  # cleared or deleted before they were learned from
        self.waiting_by_id: dict[tuple[str, str, str], Turn] = {}

    @initialize()
    def open(self) -> None:
        self.memory = Memory(
            self.llm,
            FakeEmbedder(),
            Path(self.folder.name, "memx.db") if self.server is None else self.server,
            clock=self.clock,
            background=Background(tries=TRIES),
        )
        assert self.memory._worker is not None
        self.memory._worker.dismiss()  # its turns are taken here, one by one
        self.worker = self.memory._worker

    def teardown(self) -> None:
        self.memory.close()
        self.folder.cleanup()
        super().teardown()

    def answer(self, messages: Any, schema: Any) -> Any:
        if self.down:
            raise ConnectionError("down")
        numbers = [int(found) for found in re.findall(r"turn-(\d+)", messages[-1].content.rsplit("<messages>", 1)[1])]
        if "poison" in messages[-1].content.rsplit("<messages>", 1)[1]:
            return "I'd rather not."
        self.shown += numbers
        self.batches.append(numbers)
        return NOTHING

    def _put(self, user: str, session: str, poison: bool, id: str | None) -> Turn:
        self.count += 1
        turn = Turn(self.count, poison)
        text = f"turn-{turn.number} {'poison' if poison else 'food'}"
        self.memory.put_messages(session, Message("user", text, id=id), user_id=user)
        return turn

    @rule(
        user=USERS, session=SESSIONS, poisonous=st.lists(st.sampled_from([False, False, True]), min_size=1, max_size=4)
    )
    def queue(self, user: str, session: str, poisonous: list[bool]) -> None:
        turns = [self._put(user, session, poison, None) for poison in poisonous]
        self.queues.setdefault((user, session), []).extend(turns)

    @rule(user=USERS, session=SESSIONS, id=st.sampled_from("xy"))
    def put_again(self, user: str, session: str, id: str) -> None:
        turn = self._put(user, session, False, id)
        former = self.waiting_by_id.get((user, session, id))
        line = self.queues.setdefault((user, session), [])
        if former in line:
            line.remove(former)
            self.gone.add(former.number)
        line.append(turn)
        self.waiting_by_id[user, session, id] = turn

    @rule(down=st.sampled_from([False, False, True]))
    def provider(self, down: bool) -> None:
        self.down = down

    @rule()
    def work(self) -> None:
        """What the worker's thread does, which is never begun here."""
        self.worker._stopping.clear()
        self.worker._quietly(self.worker._look)
        self.worker._stopping.set()
        self._settle()

    @rule(seconds=st.sampled_from([1, 6, 700, 7 * 3600]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @rule(user=USERS | st.none())
    def flush(self, user: str | None) -> None:
        try:
            self.memory.flush(user_id=user)
        except ConnectionError:
            assert self.down
        except ExtractionError:
            assert any(turn.poison for line in self.queues.values() for turn in line)
        else:
            assert self.down or not [job for job in self.memory.pending(user_id=user) if user]
        self._settle()

    @rule(user=USERS, session=SESSIONS)
    def clear(self, user: str, session: str) -> None:
        self.memory.clear_messages(session, user_id=user)
        self.gone |= {turn.number for turn in self.queues.pop((user, session), [])}

    @rule(user=USERS)
    def delete_all(self, user: str) -> None:
        self.memory.delete_all(user_id=user)
        for session in "st":
            self.gone |= {turn.number for turn in self.queues.pop((user, session), [])}

    def _settle(self) -> None:
        """Takes what was learned out of the model, in order but for what is parked."""
        learned = set(self.shown)
        for (user, session), line in self.queues.items():
            jobs = [job for job in self.memory.pending(user_id=user) if job.session_id == session]
            parked = sum(job.status == "parked" for job in jobs)
            mine = {turn.number for turn in line}
            batches = [batch for batch in self.batches if mine & set(batch)]
            assert all(max(earlier) < min(later) for earlier, later in pairwise(batches)), "not in order"
            done = [turn.number in learned for turn in line]
            if True in done:
                last = len(done) - 1 - done[::-1].index(True)
                assert done[:last].count(False) <= parked, "something was passed over that is not parked"
            self.queues[user, session] = [turn for turn in line if turn.number not in learned]
        self.batches.clear()

    @invariant()
    def nothing_is_learned_twice_or_after_it_was_removed(self) -> None:
        counts = Counter(self.shown)
        assert max(counts.values(), default=1) == 1
        assert not self.gone & set(self.shown)

    @invariant()
    def what_is_not_learned_is_seen_to_wait(self) -> None:
        for user in ("ada", "bob"):
            jobs = self.memory.pending(user_id=user)
            waiting = Counter(job.session_id for job in jobs)
            assert waiting == Counter({s: len(line) for (u, s), line in self.queues.items() if u == user and line})
            assert all(job.attempts >= TRIES and job.error for job in jobs if job.status == "parked")

    @invariant()
    def everything_is_somewhere(self) -> None:
        waiting = {turn.number for line in self.queues.values() for turn in line}
        assert set(range(1, self.count + 1)) == waiting | self.gone | set(self.shown)


TestQueues = pytest.mark.filterwarnings("ignore")(Queues.TestCase)
TestQueues.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.databases("postgresql")
def test_so_it_is_on_postgresql(place: Engine) -> None:
    run_on(place, Queues, examples=10)
