"""What a command works at: the settings of its call, the memory that they name, and somewhere to answer.

What a command finds goes to stdout, as lines for a person or as one JSON object; everything else that it says
goes to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from memx_cli import plain, shapes
from memx_core.errors import InvalidInputError, ScopeError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from memx_core import Memory
    from memx_core.memory.arguments import ScopeIds

Uses = Literal["reads", "embeds", "makes"]
"""What a command needs of a memory: `reads` no embedder, `embeds` one, `makes` one, and a database if there is none."""
_SIGPIPE = 141  # as shells say it of other programs
_PIPED = 1_000_000
"""Columns where no terminal is: whoever reads a pipe wants one line for one thing."""


@dataclass(frozen=True, slots=True)
class Desk:
    """See the module."""

    command: str
    database: str
    namespace: str = "default"
    ids: Mapping[str, str] = field(default_factory=dict[str, str])
    model: str | None = None
    embedder: str | None = None
    index: str | None = None
    json: bool = False

    # Whose ---------------------------------------------------------------------------------------

    @property
    def anybody(self) -> ScopeIds:
        """The ids that were given, perhaps none."""
        return cast("ScopeIds", dict(self.ids))

    @property
    def somebody(self) -> ScopeIds:
        """The ids that were given.

        Raises:
            ScopeError: If there is none.
        """
        if not self.ids:
            raise ScopeError("whose memories? Say --user NAME, or set MEMX_USER (or --agent, --run)")
        return self.anybody

    # Where ---------------------------------------------------------------------------------------

    @contextmanager
    def memory(self, uses: Uses = "reads", *, policy: Literal["auto", "review"] = "auto") -> Generator[Memory]:
        """The memory, closed at the end; nothing is learned in the background."""
        from memx_cli import opening

        with opening.memory(self, uses, policy=policy) as memory:
            yield memory

    # Answering -----------------------------------------------------------------------------------

    def answer(self, result: object, lines: Callable[[], Iterable[RenderableType]]) -> None:
        """What was found: `result` as JSON, or `lines` for a person."""
        if self.json:
            self.write(shapes.document(self.command, result))
            return
        console = self.console
        for each in lines():
            console.print(each, soft_wrap=not console.is_terminal)

    def write(self, text: str) -> None:
        """A line as it is, at once."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Something said beside the result."""
        sys.stderr.write(f"{plain.line(text)}\n")
        sys.stderr.flush()

    @property
    def console(self) -> Console:
        """Where lines are printed: no markup is read in them, and no word is coloured for what it is."""
        from rich.console import Console

        class Pipe(Console):
            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        piped = None if sys.stdout.isatty() else _PIPED
        return Pipe(markup=False, highlight=False, emoji=False, width=piped, soft_wrap=False)

    @contextmanager
    def working(self, what: str) -> Generator[None]:
        """A bar that moves while something takes its time, where somebody may see it."""
        if not sys.stderr.isatty():
            yield
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            bar.add_task(what, total=None)
            yield

    @contextmanager
    def counting(self, what: str) -> Generator[Callable[[int, int], object]]:
        """A bar that is told how much is done, and of how much, where somebody may see it."""
        from memx_core.memory.progressing import shown

        with shown(True, what) as told:
            yield told

    def confirm(self, question: str) -> bool:
        """Whether somebody at a terminal says yes.

        Raises:
            InvalidInputError: If nobody sits there.
        """
        if not sys.stdin.isatty():
            raise InvalidInputError("nobody is there to be asked: say --yes")
        sys.stderr.write(f"{plain.line(question)} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")


def nobody_reads() -> int:
    """The exit code where whoever read the output is gone; nothing is said of it, when the process ends either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _SIGPIPE
