"""Taking back, approving, removing: `undo`, `review`, `erase`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from memx_cli import moments, naming, plain
from memx_cli.desk import Desk
from memx_core.errors import InvalidInputError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from memx_core import AddResult, Job, Memory
    from memx_core.reports import ErasureReport

Reason = Annotated[str | None, Option(help="For the history.")]


def undo(
    desk: Desk,
    call: Annotated[str | None, Argument(help="The call's id, or the start of it, as add, show and diff tell.")] = None,
    last: Annotated[bool, Option("--last", help="The newest call that changed something.")] = False,
    cascade: Annotated[bool, Option("--cascade", help="Take back later changes of the same memories too.")] = False,
    reason: Reason = None,
) -> None:
    """Take back what a call changed."""
    from memx_cli import showing

    if (call is None) != last:
        raise InvalidInputError("which call? Give its id, or --last")
    with desk.memory() as memory:
        id = naming.last_operation(desk, memory) if call is None else naming.operation(desk, memory, call)
        made = memory.undo(id, cascade=cascade, reason=reason, **desk.anybody)
    desk.answer(
        {"undone": id, "changes": made},
        lambda: [
            showing.Rows([showing.change(each) for each in made]) if made else showing.dim("no memory changed by it"),
            showing.dim(f"call {plain.short(id)} is undone"),
        ],
    )


def review(
    desk: Desk,
    action: Annotated[Literal["list", "approve", "reject"], Argument(help="What to do.")] = "list",
    ids: Annotated[list[str] | None, Argument(help="What waits, or the calls that it came with.")] = None,
    all: Annotated[bool, Option("--all", help="Everything that waits.")] = False,
    reason: Reason = None,
) -> None:
    """What waits to be approved: see, approve or reject it."""
    from memx_cli import showing

    with desk.memory("embeds" if action == "approve" else "reads") as memory:
        jobs = [job for job in memory.pending(**desk.anybody) if job.status == "review"]
        if action == "list":
            desk.answer(jobs, lambda: [_waiting(jobs) if jobs else showing.dim("nothing waits to be approved")])
            return
        chosen = _chosen(desk, memory, jobs, ids, all=all)
        if action == "approve":
            result = memory.approve(*chosen, **desk.anybody)
            desk.answer(result, lambda: _approved(memory, result))
            return
        count = memory.reject(*chosen, reason=reason, **desk.anybody)
        desk.answer({"rejected": count}, lambda: [showing.dim(f"{count} rejected")])


def _chosen(desk: Desk, memory: Memory, jobs: Sequence[Job], ids: list[str] | None, *, all: bool) -> list[str]:
    if bool(ids) == all:
        raise InvalidInputError("which? Give the ids that `memx review` shows, or --all")
    if all and not jobs:
        raise InvalidInputError("nothing waits to be approved")
    return [job.id for job in jobs] if all else naming.waiting(desk, memory, ids or [])


def _waiting(jobs: Sequence[Job]) -> RenderableType:
    from rich.text import Text

    from memx_cli import showing

    return showing.Rows(
        [
            (
                Text(plain.short(job.id), style="cyan"),
                showing.dim(moments.minute(job.created_at)),
                *showing.operation(job.operation),
            )
            for job in jobs
            if job.operation is not None
        ]
    )


def _approved(memory: Memory, result: AddResult) -> Iterator[RenderableType]:
    from memx_cli.commands.learning import learned

    yield from learned(memory, result)


def erase(
    desk: Desk,
    yes: Annotated[bool, Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove everything of a scope for good."""
    whose = ", ".join(f"{name.removesuffix('_id')} {id!r}" for name, id in desk.somebody.items())
    with desk.memory() as memory:
        if not yes and not desk.confirm(f"Erase everything of {whose} in {memory.database}, for good?"):
            raise InvalidInputError("nothing was erased")
        report = memory.erase(**desk.somebody)
    desk.answer(report, lambda: _erased(report))


def _erased(report: ErasureReport) -> Iterator[RenderableType]:
    from memx_cli import showing

    yield showing.title(
        f"erased: {report.memories} memories in {report.versions} versions, {report.messages} messages, "
        f"{report.embeddings} vectors, {report.jobs + report.reviews} that waited"
    )
    yield showing.dim("verified: nothing of it was found afterwards" if report.verified else "not verified")
    yield from map(showing.warning, report.remains)
