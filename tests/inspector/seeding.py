"""A memory with something in it for every view: changes of mind, a deletion, things that wait, hostile texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from memx_core import Memory
from memx_core.embedders import HashingEmbedder
from memx_core.testing import ManualClock

HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">",
    "<script>document.title='owned'</script>",
    "\x1b[31mred\x1b[0m and \u202eright to left",
    "{{constructor.constructor('document.title=1')()}} javascript:document.title=1",
    "W" * 10_000,
    "שלום, I live in Haifa; 🚲🇳🇴👩‍👩‍👧 e\u0301",  # letters that are meant
)
MANY = 60


def seeded(database: Path, *, hostile: bool = True) -> Memory:
    """The memory, open; rules learn, and everything that would change or delete waits for approval in the end."""
    clock = ManualClock(datetime.now(UTC) - timedelta(days=60))

    def opened(policy="auto") -> Memory:
        return Memory(embedder=HashingEmbedder(), database=database, policy=policy, clock=clock, background=False)

    with opened() as memory:
        _talk(memory, clock)
        for at in range(MANY):
            memory.put_messages("hello", "Hello", user_id=f"user-{at:04}", learn=False)
        if hostile:
            for text in HOSTILE:
                memory.add(text, user_id="<b>mallory</b>", session_id="<i>session</i>", infer=False)
        memory.add("I work at a bakery.", user_id="grace", session_id="later", wait=False)
    with opened("review") as memory:
        clock.advance(days=1)
        memory.add("I moved to Trondheim last week.", user_id="ada", session_id="december")
        memory.add("I'm allergic to walnuts. I now work at the library.", user_id="ada", session_id="december")
    return Memory(embedder=HashingEmbedder(), database=database, policy="review", background=False)


def _talk(memory: Memory, clock: ManualClock) -> None:
    for days, session, said in (
        (0, "october", "Hi! I'm Ada. I live in Bergen and I work as a cartographer."),
        (1, "october", "🚲 I ride my bike to work every day, and I'm vegetarian."),
        (9, "moving", "Guess what: I moved to Oslo last week! My favorite color is green."),
        (5, "moving", "I have two cats, Plato and Hypatia. I play the cello on Thursdays."),
        (14, "november", "I'm learning Norwegian. My birthday is on 10 December."),
        (3, "november", "I now work at the national library. I love hiking in Jotunheimen."),
    ):
        clock.advance(days=days)
        memory.add(
            [
                {"role": "user", "content": said},
                {"role": "assistant", "content": "Good to know, I'll keep that in mind."},
            ],
            user_id="ada",
            session_id=session,
        )
    clock.advance(days=2)
    (found,) = memory.add("Owes Grace 20 crowns", user_id="ada", infer=False).changes
    clock.advance(hours=5)
    memory.delete(found.memory_id)
    memory.add("Prefers short answers with sources", user_id="ada", agent_id="librarian", infer=False)
    memory.add("Books a table for two", agent_id="librarian", run_id="run-7", infer=False)
