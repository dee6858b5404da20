"""Every campaign at a small size; `make faults` runs them at their full one."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from faults.__main__ import main
from faults.bounds import bounds
from faults.campaigns import Campaign
from faults.canaries import canaries
from faults.cancelling import Stepped, cancellations
from faults.injection import injection
from faults.isolation import DOORS, METHODS, Call, Trial, isolation
from faults.kills import kills
from faults.neighbours import IDS, Town, build, opened, others
from faults.outcomes import Outcome, Tally
from faults.providers import providers
from faults.races import races
from faults.serving import crowd
from faults.speaking import ADA, learning, said
from faults.storage import storage
from memx_core import Memory, ScopedMemory
from memx_core.background import Background
from memx_core.testing import FakeEmbedder, ScriptedLLM


def test_nothing_is_lost_or_half_done_by_kills() -> None:
    outcome = kills(4, seed=1)
    assert outcome.broken == ()
    assert outcome.points >= 3
    assert outcome.figures["acknowledged"] > 5


def test_nothing_is_lost_or_half_done_by_kills_on_a_server(postgresql: Engine) -> None:
    outcome = kills(2, seed=1, database=postgresql.url.render_as_string(hide_password=False))
    assert outcome.broken == ()
    assert outcome.points >= 2
    assert outcome.figures["acknowledged"] > 5


def test_nothing_is_lost_or_half_done_by_failing_providers() -> None:
    outcome = providers(40, seed=1)
    assert outcome.broken == ()
    assert {"faults of the model", "faults of the embedder", "faults of the index"} <= outcome.figures.keys()
    assert outcome.figures["calls that failed"] >= 10


def test_storage_that_fails_says_so_and_leaves_nothing_half_done() -> None:
    outcome = storage(1, seed=1)
    assert outcome.broken == ()
    assert outcome.figures["clear errors"] >= 10


def test_whoever_races_nothing_comes_out_differently() -> None:
    outcome = races(1, seed=1, processes=1, tasks=40)
    assert outcome.broken == ()
    assert outcome.figures["memories made of them"] == 1
    assert outcome.figures["updates of one memory"] == 9


def test_whoever_races_on_a_server_nothing_comes_out_differently(postgresql: Engine) -> None:
    url = postgresql.url.render_as_string(hide_password=False)
    outcome = races(1, seed=1, database=url, processes=1, tasks=20)
    assert outcome.broken == ()
    assert outcome.figures["updates of one memory"] == 9


def test_a_crowd_at_a_server_is_answered_and_each_with_their_own() -> None:
    outcome = crowd(1, seed=1, clients=7)
    assert outcome.broken == ()
    assert outcome.points >= 20


def test_a_call_that_is_cancelled_is_done_whole_or_not_at_all() -> None:
    outcome = cancellations(4)
    assert outcome.broken == ()
    assert outcome.points >= 12


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_what_was_queued_by_a_call_that_was_cancelled_is_learned_in_the_background(tmp_path: Path, stop: int) -> None:
    """The worker sleeps until it is told, and whoever is cancelled cannot tell it any more."""

    async def cut(memory: Memory) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await Stepped(memory.aadd(said("it"), wait=False, **ADA), stop)

    settings = Background(poll=3600, idle=0)
    with Memory(ScriptedLLM(default=learning), FakeEmbedder(64), tmp_path / "m.db", background=settings) as memory:
        with asyncio.Runner() as runner:
            runner.run(cut(memory))
        kept = memory.messages(None, **ADA)  # the runner has waited for all threads
        while memory.pending():
            time.sleep(0.01)
        assert len(memory.get_all(**ADA)) == len(kept)


def test_nobody_is_answered_otherwise_for_others_being_there() -> None:
    outcome = isolation(40, seed=1)
    assert outcome.broken == ()
    assert outcome.points >= 40
    assert outcome.figures["with names of others"] > 5


def test_every_method_that_a_person_calls_is_tried() -> None:
    methods = {name for name in dir(ScopedMemory) if not name.startswith("_")}
    methods -= {f"a{name}" for name in methods}
    tried = {make("name", 0, "word", Path("file"))[0] for make in METHODS.values()}
    assert methods - tried == {"memory", "revision", "scope", "warm_up"}  # `revision` counts everybody's writes


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return build(tmp_path_factory.mktemp("town"))


@pytest.fixture
def town(people: Town, tmp_path: Path) -> Town:
    """One whose people may be harmed."""
    return replace(people, folder=Path(shutil.copytree(people.folder, tmp_path / "town")))


@pytest.mark.parametrize("blocking", [True, False], ids=["sync", "async"])
def test_every_door_answers_and_to_nobody_otherwise_for_others_being_there(town: Town, blocking: bool) -> None:
    tally = Tally()
    with asyncio.Runner() as runner:
        Trial(town, runner, tally).attempt(1, [Call(door, "get", None, 0, blocking) for door in DOORS])
    assert tally.broken == []
    assert tally.points == len(DOORS)


def test_an_answer_that_depends_on_others_would_be_noticed(town: Town) -> None:
    with opened(town.folder / "all.db") as memory:  # as if something of another's came through
        memory.add("I keep the secret of somebody else", infer=False, user_id=IDS[1])
    tally = Tally()
    with asyncio.Runner() as runner:
        Trial(town, runner, tally).attempt(1, [Call("scoped", "get_all", None, 0, True)])
    assert len(tally.broken) == 1


def test_what_is_changed_of_others_would_be_noticed(town: Town) -> None:
    before = others(town.folder / "all.db", 1)
    with opened(town.folder / "all.db") as memory:
        memory.delete_all(user_id=IDS[0])
    assert others(town.folder / "all.db", 1) != before


def test_what_is_remembered_is_data_wherever_it_is_shown() -> None:
    outcome = injection(25, seed=1)
    assert outcome.broken == ()
    assert outcome.figures["said by tools"] == 50


def test_no_secret_is_in_a_log_a_repr_an_error_or_an_export() -> None:
    outcome = canaries(1)
    assert outcome.broken == ()
    assert outcome.figures["errors"] >= 10
    assert outcome.figures["characters of logs"] > 1000


def test_a_process_stays_as_it_was() -> None:
    outcome = bounds(1)
    assert outcome.broken == ()
    assert outcome.points > 1000


def test_the_command_prints_a_table_and_says_by_its_status_that_everything_held(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["providers", "--scale", "0.005"]) == 0
    said = capsys.readouterr().out
    assert "providers" in said
    assert "calls that failed" in said
    with pytest.raises(SystemExit):
        main(["unheard"])


def test_what_did_not_hold_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = Outcome(7, {"walnuts": 1200}, ("it fell",))
    monkeypatch.setattr("faults.__main__.CAMPAIGNS", ["nuts"])
    monkeypatch.setattr("faults.campaigns.CAMPAIGNS", {"nuts": Campaign(lambda size, seed: outcome, 10)})
    assert main(["nuts"]) == 1
    said = capsys.readouterr().out
    assert "1,200 walnuts" in said
    assert "nuts: it fell" in said
