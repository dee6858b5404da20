"""Showing how far a long call is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.util import find_spec


@contextmanager
def shown(progress: bool | Callable[[int, int], object], what: str) -> Generator[Callable[[int, int], object]]:
    """What is to be told how much is done, and of how much: a function as it is, a bar, or nobody.

    A bar is shown where somebody may see it: `rich` is installed, and the errors go to a terminal.
    """
    if not isinstance(progress, bool):
        yield progress
    elif progress and sys.stderr.isatty() and find_spec("rich") is not None:
        with _bar(what) as told:
            yield told
    else:
        yield lambda done, total: None


@contextmanager
def _bar(what: str) -> Generator[Callable[[int, int], object]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
