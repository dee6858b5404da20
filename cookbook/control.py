"""Staying in control of what is remembered: look first, take back, look into the past, ask why, erase.

Run it with `.venv/bin/python cookbook/control.py`; it works offline, with rules for a model. Each
step prints the call and what came of it, and checks what it says.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from memx_core import Memory, Plan, PlanConflictError, ScopedMemory, SearchHit

JANUARY = datetime(2026, 1, 12, 9, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, 9, tzinfo=UTC)
MARCH = datetime(2026, 3, 9, 9, tzinfo=UTC)
HOME = "Where does she live?"
console = Console(highlight=False, markup=False, soft_wrap=True)


def main() -> None:
    """Goes through it all with one user; a second one is there to stay untouched."""
    with TemporaryDirectory() as folder:
        database = Path(folder) / "memx.db"
        with Memory(database=database) as everyone:
            alice, bob = everyone.scoped(user_id="alice"), everyone.scoped(user_id="bob")
            bob.add("I live in Lisbon.")
            preview(alice)
            before = datetime.now(UTC)
            moved = contradict(alice)
            travel(alice, before)
            undo(alice, moved)
            explain(alice)
            erase(alice, bob, database)
        with Memory(database=database, policy="review") as careful:
            review(careful.scoped(user_id="carol"))


def preview(memory: ScopedMemory) -> None:
    """A plan shows what a call would do; `apply` does exactly that, also after a detour through JSON."""
    title("Look first: plan, then apply")
    plan = memory.plan("I live in Bergen, and I'm allergic to peanuts.", timestamp=JANUARY)
    console.print(str(plan))
    assert not memory.get_all()
    console.print("nothing is remembered yet")

    memory.apply(Plan.from_json(plan.to_json()))
    show(memory)

    late = memory.plan("I live in Oslo now.", timestamp=FEBRUARY)
    (home,) = [item for item in memory.get_all() if "Bergen" in item.text]
    memory.update(home.id, metadata={"checked": True}, reason="seen in the address book")
    try:
        memory.apply(late)
    except PlanConflictError as error:
        console.print(f"a plan that came too late is refused: {error}")


def contradict(memory: ScopedMemory) -> str:
    """What is said later replaces what was said before; the operation is what `undo` takes."""
    title("Something changes")
    result = memory.add("Guess what: I moved to Oslo last week!", timestamp=MARCH)
    for change in result.changes:
        console.print(f"{change.event}: {change.old_text} -> {change.new_text}")
    return result.operation_id


def travel(memory: ScopedMemory, before: datetime) -> None:
    """Two clocks: what was true then, and what memx believed then."""
    title("Look into the past")
    now = best(memory.search(HOME))
    then = best(memory.search(HOME, as_of=FEBRUARY))
    believed = best(memory.search(HOME, known_at=before))
    console.print(f"now:                      {now}")
    console.print(f"true on 1 February:       {then}")
    console.print(f"believed a moment ago:    {believed}")
    assert "Oslo" in now
    assert "Bergen" in then
    assert "Bergen" in believed
    for change in memory.diff(before):
        console.print(f"changed since: {change.event} {change.new_text}")


def undo(memory: ScopedMemory, operation_id: str) -> None:
    """A call is taken back by new changes; that can be taken back too."""
    title("Take it back")
    (taken,) = memory.undo(operation_id)
    console.print(f"after undo:   {best(memory.search(HOME))}")
    assert "Bergen" in best(memory.search(HOME))
    memory.undo(taken.operation_id)
    console.print(f"undone again: {best(memory.search(HOME))}")
    assert "Oslo" in best(memory.search(HOME))
    console.print(f"the history keeps all of it: {[change.event for change in memory.history(taken.memory_id)]}")
    memory.revert(taken.memory_id, to=1)
    console.print(f"back to the first version: {best(memory.search(HOME))}")


def explain(memory: ScopedMemory) -> None:
    """Where a memory comes from: every version, the messages, and the exact words."""
    title("Ask why")
    (home,) = [item for item in memory.get_all() if "Bergen" in item.text]
    console.print(str(memory.why(home.id)))


def erase(alice: ScopedMemory, bob: ScopedMemory, database: Path) -> None:
    """Gone for good: rows, vectors, and the bytes in the files. Nobody else notices."""
    title("Erase")
    report = alice.erase()
    console.print(f"{report.memories} memories, {report.versions} versions, {report.messages} messages")
    console.print(f"verified: {report.verified}")
    files = [path for path in database.parent.iterdir() if path.name.startswith(database.name)]
    assert not any(b"peanuts" in path.read_bytes() for path in files)
    assert not alice.get_all()
    console.print(f"bob still has: {[item.text for item in bob.get_all()]}")


def review(memory: ScopedMemory) -> None:
    """With `policy="review"` new memories are kept at once, and what would change one waits."""
    title("Let nothing change unseen")
    memory.add("I live in Porto.", timestamp=JANUARY)
    result = memory.add("I moved to Faro last week.", timestamp=MARCH)
    console.print(f"the call came to: {result.status}")
    for job in memory.pending():
        if job.operation is not None:
            console.print(f"waits: {job.operation.event} {job.operation.old_text} -> {job.operation.text}")
            memory.approve(job.id)
    show(memory)


def best(hits: list[SearchHit]) -> str:
    """The first hit's text."""
    return hits[0].memory.text if hits else "(nothing)"


def show(memory: ScopedMemory) -> None:
    """What is remembered."""
    for item in memory.get_all():
        console.print(f"remembered: {item.text}")


def title(text: str) -> None:
    """A line above a step."""
    console.print(f"\n{text}", style="bold")


if __name__ == "__main__":
    main()
