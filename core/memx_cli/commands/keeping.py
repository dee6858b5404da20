"""Looking after a database: `scopes`, `usage`, `rebuild`, `db upgrade`, `db copy`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from memx_cli import moments, plain
from memx_cli.commands import arguments
from memx_cli.desk import Desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from memx_core import CopyReport, Scope, ScopeReport, Usage, UsageReport


def scopes(desk: Desk) -> None:
    """Who is remembered, and how much of each."""
    from memx_cli import showing

    with desk.memory() as memory:
        found = memory.scopes(**desk.anybody)
    desk.answer(found, lambda: [_scopes(found) if found else showing.dim("nobody is remembered")])


def _scopes(found: Sequence[ScopeReport]) -> RenderableType:
    from rich.text import Text

    from memx_cli import showing

    return showing.Rows(
        [
            (
                Text(plain.line(_whose(each.scope))),
                Text(f"{each.memories:,} memories"),
                showing.dim(f"{each.messages:,} messages"),
                showing.dim(f"changed {moments.ago(each.updated_at)}"),
            )
            for each in found
        ]
    )


def usage(
    desk: Desk,
    since: Annotated[str | None, Option(help="From this day on.")] = None,
    until: Annotated[str | None, Option(help="Up to this moment.")] = None,
) -> None:
    """What was spent: in all, by model, day and scope."""
    with desk.memory() as memory:
        spent = memory.usage(since=arguments.moment(since), until=arguments.moment(until), **desk.anybody)
    desk.answer(spent, lambda: _spent(spent))


def _spent(spent: UsageReport) -> Iterator[RenderableType]:
    from rich.text import Text

    from memx_cli import showing

    yield showing.title(showing.usage(spent))
    for name, parts in (
        ("by model", [(each or "-", cost) for each, cost in spent.by_model.items()]),
        ("by day", [(str(each), cost) for each, cost in sorted(spent.by_day.items())]),
        ("by scope", [(_whose(each), cost) for each, cost in spent.by_scope.items()]),
    ):
        if parts:
            yield Text()
            yield showing.dim(name)
            yield _table(parts)


def _table(parts: Iterable[tuple[str, Usage]]) -> RenderableType:
    from rich.text import Text

    from memx_cli import showing

    return showing.Rows([(Text(plain.line(name)), showing.dim(showing.usage(cost))) for name, cost in parts])


def _whose(scope: Scope) -> str:
    ids = (("user", scope.user_id), ("agent", scope.agent_id), ("run", scope.run_id))
    return ", ".join(f"{name} {id!r}" for name, id in ids if id is not None) or "nobody's any more"


def rebuild(
    desk: Desk,
    to: Annotated[
        str | None,
        Option("--to", help="Another embedder, which takes the present one's place: local, hashing, or provider:name."),
    ] = None,
) -> None:
    """Derive the index anew, or change the embedder."""
    from memx_cli import opening, showing

    new = None if to is None else opening.embedder_named(to)
    with desk.memory("embeds" if new is None else "reads") as memory:  # the former one may be gone
        count = memory.rebuild_index(embedder=new, progress=True)
    desk.answer({"embedded": count}, lambda: [showing.title(f"the index is made anew; {count:,} texts were embedded")])


def upgrade(desk: Desk) -> None:
    """Make the tables, or bring them to this release."""
    from memx_cli import showing
    from memx_core import upgrade_database

    with desk.working("upgrading"):
        version = upgrade_database(desk.database)
    desk.answer({"schema": version}, lambda: [showing.title(f"the database has schema {version}")])


def copy(
    desk: Desk,
    target: Annotated[str, Argument(help="A file that is not there, or the URL of an empty database.")],
    only: Annotated[bool, Option("--only", help="Only the application that --namespace names.")] = False,
) -> None:
    """Copy everything to an empty database, and compare."""
    from memx_cli import opening
    from memx_core import copy_database

    opening.check_there(desk.database)
    with desk.counting("copying") as told:
        report = copy_database(desk.database, target, namespace=desk.namespace if only else None, progress=told)
    desk.answer(report, lambda: _copied(report))


def _copied(report: CopyReport) -> Iterator[RenderableType]:
    from memx_cli import showing

    yield showing.title(f"copied, and compared: {report.rows:,} rows")
    yield showing.dim(f"{report.memories:,} memories, {report.messages:,} messages, {report.jobs:,} jobs")
