"""Out and in: `export`, `import`, `backfill`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Argument, Option

from memx_cli.commands import arguments
from memx_cli.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from memx_core.moving import BackfillEstimate, BackfillReport

FormatName = Literal["memx", "mem0", "chatgpt"]


def export(
    desk: Desk,
    path: Annotated[Path, Argument(help="The file, gzipped if it ends in .gz.")],
    embeddings: Annotated[bool, Option("--embeddings", help="Also the vectors.")] = False,
) -> None:
    """Write everything, or one scope, to a file."""
    from memx_cli import showing

    with desk.memory() as memory, desk.working("exporting"):
        count = memory.export(path, embeddings=embeddings, **desk.anybody)
    desk.answer({"memories": count, "path": str(path)}, lambda: [showing.title(f"{count:,} memories are in {path}")])


def import_(
    desk: Desk,
    path: Annotated[Path, Argument(help="memx's export, mem0's results or history, or ChatGPT's conversations.json.")],
    format: Annotated[FormatName | None, Option(help="Which of them; without it, it is found out.")] = None,
    results: Annotated[Path | None, Option(help="With mem0's history: the file of all results.")] = None,
) -> None:
    """Take in a file, all or nothing; no model is asked."""
    from memx_cli import showing

    with desk.memory("makes") as memory, desk.working("importing"):
        report = memory.load(path, format=format, results=results, **desk.anybody)
    desk.answer(
        report,
        lambda: [
            showing.title(
                f"new: {report.memories:,} memories in {report.versions:,} versions, {report.messages:,} messages; "
                f"here already: {report.skipped:,}"
            ),
            *map(showing.warning, report.warnings),
        ],
    )


def backfill(
    desk: Desk,
    path: Annotated[Path, Argument(help="ChatGPT's conversations.json.")],
    instructions: Annotated[str | None, Option(help="What to notice or to ignore, for the model.")] = None,
    metadata: Annotated[list[str] | None, Option("--metadata", "-m", help="key=value, to filter by.")] = None,
    tokens_per_call: Annotated[int, Option("--tokens-per-call", help="About how much a model sees at once.")] = 1000,
    dry_run: Annotated[bool, Option("--dry-run", help="Only say what it would take.")] = False,
) -> None:
    """Learn from old conversations; run again, it goes on."""
    ids = desk.somebody
    with desk.memory("makes") as memory:
        if dry_run:
            estimate = memory.backfill(
                path,
                dry_run=True,
                instructions=instructions,
                metadata=arguments.metadata(metadata),
                tokens_per_call=tokens_per_call,
                progress=True,
                **ids,
            )
            desk.answer(estimate, lambda: _estimated(estimate))
            return
        report = memory.backfill(
            path,
            instructions=instructions,
            metadata=arguments.metadata(metadata),
            tokens_per_call=tokens_per_call,
            progress=True,
            **ids,
        )
    desk.answer(report, lambda: _backfilled(report))


def _estimated(estimate: BackfillEstimate) -> Iterator[RenderableType]:
    from memx_cli import showing

    yield showing.title(
        f"{estimate.conversations:,} conversations, {estimate.messages:,} messages, about {estimate.tokens:,} tokens"
    )
    done = f"; {estimate.done:,} batches are done" if estimate.done else ""
    yield showing.dim(f"about {estimate.calls:,} model calls with {estimate.input_tokens:,} input tokens{done}")


def _backfilled(report: BackfillReport) -> Iterator[RenderableType]:
    from memx_cli import showing

    yield showing.title(
        f"learned from {report.messages:,} messages in {report.batches:,} batches: {report.changes:,} changes"
    )
    yield showing.dim(f"{showing.usage(report.usage)}; done before: {report.skipped:,}; waiting: {report.queued:,}")
    yield from map(showing.warning, report.warnings)
