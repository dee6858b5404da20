"""memx at a terminal: the command `memx`.

Importing this is light; typer is imported by `main`, and SQLAlchemy and what else a memory needs by the
command that opens one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

_OF_THE_EXTRA = frozenset({"typer", "rich", "click", "shellingham"})


def main(arguments: Sequence[str] | None = None) -> None:
    """Does what the command line says, and ends the process with its exit code.

    Args:
        arguments: Instead of those that the process was started with.

    Raises:
        SystemExit: Always: 0 if it worked, 1 if it did not, 2 if the command line is wrong, 130 after Ctrl-C.
    """
    try:
        from memx_cli import running
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] not in _OF_THE_EXTRA:
            raise
        sys.stderr.write('memx: the command line needs its extra: pip install "memx-core[cli]"\n')
        sys.exit(1)
    sys.exit(running.run(sys.argv[1:] if arguments is None else arguments))
