"""Reading: `search`, `recall`, `list`, `show`, `diff`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from memx_cli import moments, naming, plain
from memx_cli.commands import arguments
from memx_cli.desk import Desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from memx_core import MemoryItem, Page, Provenance

Filter = Annotated[list[str] | None, Option("--filter", "-f", help="On metadata: key=value, or JSON.")]
AsOf = Annotated[str | None, Option("--as-of", help="Only what was true then.")]
KnownAt = Annotated[str | None, Option("--known-at", help="Only what was believed then.")]
Limit = Annotated[int, Option("--limit", "-n", help="At most so many.")]
Threshold = Annotated[float | None, Option("--threshold", help="Least score, 0 to 1.")]


def search(
    desk: Desk,
    query: Annotated[list[str] | None, Argument(help="What is asked; - or nothing: from stdin.")] = None,
    limit: Limit = 10,
    threshold: Threshold = None,
    filter: Filter = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    messages: Annotated[bool, Option("--messages", help="Also turns of conversations.")] = False,
    explain: Annotated[bool, Option("--explain", help="Say how each score came about.")] = False,
) -> None:
    """The nearest memories, best first."""
    from memx_cli import showing

    ids, asked = desk.somebody, arguments.text(query)
    with desk.memory("embeds") as memory:
        found = memory.search(
            asked,
            limit=limit,
            threshold=threshold,
            filters=arguments.filters(filter),
            as_of=arguments.moment(as_of),
            known_at=arguments.moment(known_at),
            include_messages=messages,
            explain=explain,
            **ids,
        )
    desk.answer(found, lambda: [showing.hits(found) if found else showing.dim("nothing was found")])


def recall(
    desk: Desk,
    query: Annotated[list[str] | None, Argument(help="What the next prompt is about; - or nothing: stdin.")] = None,
    max_tokens: Annotated[int, Option("--max-tokens", help="Size of the block.")] = 1000,
    threshold: Threshold = None,
    filter: Filter = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    messages: Annotated[bool, Option("--messages/--no-messages", help="Also turns of conversations.")] = True,
) -> None:
    """The block for the next prompt."""
    from rich.text import Text

    ids, asked = desk.somebody, arguments.text(query)
    with desk.memory("embeds") as memory:
        recalled = memory.recall(
            asked,
            max_tokens=max_tokens,
            threshold=threshold,
            filters=arguments.filters(filter),
            as_of=arguments.moment(as_of),
            known_at=arguments.moment(known_at),
            include_messages=messages,
            **ids,
        )
    desk.answer(recalled, lambda: [Text(plain.block(recalled.text))] if recalled.text else [])
    if not desk.json:
        desk.note(f"{recalled.tokens} of {max_tokens} tokens" if recalled.text else "nothing is known about that")


def list_(
    desk: Desk,
    limit: Limit = 100,
    all: Annotated[bool, Option("--all", help="However many there are.")] = False,
    cursor: Annotated[str | None, Option(help="The next page, as the page before says.")] = None,
    filter: Filter = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    superseded: Annotated[bool, Option("--superseded", help="Also versions that newer ones replaced.")] = False,
) -> None:
    """Memories, newest first."""
    from memx_cli import showing
    from memx_core import Page

    ids = desk.somebody
    items, following = list["MemoryItem"](), cursor
    with desk.memory() as memory:
        while True:
            page: Page = memory.get_all(
                limit=10_000 if all else limit,
                cursor=following,
                filters=arguments.filters(filter),
                as_of=arguments.moment(as_of),
                known_at=arguments.moment(known_at),
                include_superseded=superseded,
                **ids,
            )
            items, following = [*items, *page], page.next_cursor
            if not (all and following):
                break
    desk.answer(
        Page(tuple(items), following),
        lambda: [showing.memories(items) if items else showing.dim("nothing is remembered")],
    )
    if following and not desk.json:
        desk.note(f"there are more: memx list --cursor {following} (or --all)")


def show(desk: Desk, memory_id: Annotated[str, Argument(help="Its id, or the start of it.", metavar="MEMORY")]) -> None:
    """One memory: its history, and what it rests on."""
    with desk.memory() as memory:
        why = memory.why(naming.memory(desk, memory, memory_id), **desk.anybody)
    desk.answer(why, lambda: _shown(why))


def _shown(why: Provenance) -> Iterator[RenderableType]:
    from rich.text import Text

    from memx_cli import showing

    item = why.memory
    yield showing.title(item.text or "(deleted)")
    facts = {
        "id": item.id,
        "status": item.status,
        "whose": ", ".join(
            f"{name} {whose!r}"
            for name, whose in (("user", item.user_id), ("agent", item.agent_id), ("run", item.run_id))
            if whose is not None
        ),
        "about": " · ".join(each for each in (item.subject, item.slot) if each),
        "true since": moments.both(item.valid_from),
        "until": moments.both(item.valid_to),
        "expires": moments.both(item.expires_at),
        "metadata": ", ".join(f"{key}={value!r}" for key, value in item.metadata.items()),
    }
    yield showing.Rows(
        [(showing.dim(name), Text(plain.line(each))) for name, each in facts.items() if each not in ("", "-")]
    )
    for version in why.versions:
        yield Text()
        made = version.change
        sign, said = showing.change(made, version.memory)
        yield Text.assemble((f"{version.memory.version}. ", "bold"), sign, " ", said)
        by = f"   by {plain.line(version.model)}, {moments.both(made.at)}, call {plain.short(made.operation_id)}"
        yield Text(by, style="dim")
        for source in version.sources:
            when, name = moments.minute(source.message.timestamp), source.message.name or source.message.role
            yield Text.assemble((f"   {when} {plain.line(name)}: ", "dim"), f'"{plain.line(source.quote)}"')


def diff(
    desk: Desk,
    since: Annotated[str, Argument(help="After this moment: 2026-03-09, 3d, yesterday.")] = "1d",
    until: Annotated[str | None, Argument(help="Up to this one; without: now.")] = None,
) -> None:
    """What changed between two moments."""
    from memx_cli import showing

    with desk.memory() as memory:
        made = memory.diff(moments.read(since), arguments.moment(until), **desk.somebody)
    desk.answer(
        made, lambda: [showing.changes(made) if made else showing.dim(f"nothing has changed since {plain.line(since)}")]
    )
