"""`doctor`: is everything as it should be, and if not, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from typer import Exit

from memx_cli import plain
from memx_cli.desk import Desk

if TYPE_CHECKING:
    from rich.console import RenderableType

    from memx_cli.checks import Check

_STYLES = {"ok": ("ok", "green"), "warning": ("look", "yellow"), "wrong": ("wrong", "bold red")}


def doctor(desk: Desk) -> None:
    """See whether all is well, and if not, what to do."""
    from memx_cli.checks import checked

    with desk.working("looking"):
        found = list(checked(desk))
    healthy = not any(check.status == "wrong" for check in found)
    desk.answer({"healthy": healthy, "checks": found}, lambda: _shown(found))
    if not healthy:
        raise Exit(1)


def _shown(found: Sequence[Check]) -> Iterator[RenderableType]:
    from rich.text import Text

    from memx_cli import showing

    rows = list[tuple[Text, ...]]()
    for check in found:
        rows.append((Text(*_STYLES[check.status]), Text(check.name), Text(plain.line(check.found))))
        if check.advice:
            rows.append((Text(), Text(), Text(f"-> {plain.line(check.advice)}", style="dim")))
    yield showing.Rows(rows)
