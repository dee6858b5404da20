"""Learning: `add`, and `flush` for what waits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from memx_cli.commands import arguments
from memx_cli.desk import Desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from memx_core import AddResult, Memory, Plan


def add(
    desk: Desk,
    text: Annotated[list[str] | None, Argument(help="What was said; - or nothing: from stdin.")] = None,
    role: Annotated[str, Option(help="Who said it: user or assistant.")] = "user",
    session: Annotated[str | None, Option(help="The conversation it belongs to.")] = None,
    at: Annotated[str | None, Option("--at", help="When it was said, if not now.")] = None,
    expires: Annotated[str | None, Option(help="From when on it is not returned any more.")] = None,
    metadata: Annotated[list[str] | None, Option("--metadata", "-m", help="key=value, to filter by.")] = None,
    instructions: Annotated[str | None, Option(help="What to notice or to ignore, for the model.")] = None,
    key: Annotated[str | None, Option(help="A second call with it does nothing.")] = None,
    verbatim: Annotated[bool, Option("--verbatim", help="Keep the text as it is, as one memory.")] = False,
    later: Annotated[bool, Option("--later", help="Only queue it; `memx flush` learns.")] = False,
    review: Annotated[bool, Option("--review", help="Hold back what would change or delete a memory.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Show what would be learned, and change nothing.")] = False,
) -> None:
    """Learn from what was said."""
    ids, said = desk.somebody, [{"role": role, "content": arguments.text(text)}]
    with desk.memory("makes", policy="review" if review else "auto") as memory:
        if dry_run:
            _shown_plan(
                desk,
                memory.plan(
                    said,
                    session_id=session,
                    metadata=arguments.metadata(metadata),
                    timestamp=arguments.moment(at),
                    expires_at=arguments.moment(expires),
                    infer=not verbatim,
                    instructions=instructions,
                    key=key,
                    **ids,
                ),
            )
            return
        result = memory.add(
            said,
            session_id=session,
            metadata=arguments.metadata(metadata),
            timestamp=arguments.moment(at),
            expires_at=arguments.moment(expires),
            infer=not verbatim,
            instructions=instructions,
            key=key,
            wait=not later,
            **ids,
        )
        desk.answer(result, lambda: learned(memory, result))


def learned(memory: Memory, result: AddResult) -> Iterator[RenderableType]:
    """What a call came to."""
    from memx_cli import plain, showing

    if result.changes:
        made = [(each, memory.get(each.memory_id, version=each.version)) for each in result.changes]
        yield showing.Rows([showing.change(*each) for each in made])
    elif result.status == "done":
        yield showing.dim("nothing new was learned")
    if result.status == "queued":
        yield showing.dim("queued: memx flush learns from it")
    if result.status == "review":
        yield showing.dim("something waits to be approved: memx review")
    yield from map(showing.warning, result.warnings)
    if result.changes:
        yield showing.dim(f"call {plain.short(result.operation_id)}: memx undo {plain.short(result.operation_id)}")


def _shown_plan(desk: Desk, plan: Plan) -> None:
    from memx_cli import showing

    def lines() -> Iterator[RenderableType]:
        if plan.operations:
            yield showing.Rows([showing.operation(each) for each in plan.operations])
        else:
            yield showing.dim("nothing would change")
        yield from map(showing.warning, plan.warnings)

    desk.answer(plan, lines)


def flush(
    desk: Desk,
    timeout: Annotated[float | None, Option(help="Seconds after which nothing further is begun.")] = None,
) -> None:
    """Learn from everything that waits."""
    from memx_cli import showing

    with desk.memory("embeds") as memory:
        before = len(memory.pending(**desk.anybody))
        with desk.working("learning"):
            memory.flush(timeout, **desk.anybody)
        waiting = memory.pending(**desk.anybody)
        desk.answer(
            {"waited": before, "waiting": waiting},
            lambda: [showing.dim(f"{before} waited, {len(waiting)} still do")],
        )
