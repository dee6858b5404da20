"""Running a command line: what goes wrong is one plain line on stderr and an exit code, never a traceback.

0: done; 1: it did not work; 2: the command line is wrong; 130: Ctrl-C; 141: whoever read the output is gone.
`MEMX_DEBUG=1` shows the traceback after all.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import typer
from typer.main import get_command

from memx_cli import desk, plain
from memx_cli.app import app
from memx_core.errors import MemxError

_INTERRUPTED = 130
_LONGEST = 2_000
_ClickError = typer.BadParameter.__mro__[2]  # typer brings click along in later versions, and under another name


def run(arguments: Sequence[str]) -> int:
    """The exit code."""
    _tolerate()
    try:
        code: object = _command().main(args=list(arguments), prog_name="memx", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("\n")
        return _INTERRUPTED
    except BrokenPipeError:
        return desk.nobody_reads()
    except Exception as error:
        if os.environ.get("MEMX_DEBUG") == "1":
            raise
        return _failed(error)


@cache
def _command() -> Any:  # noqa: ANN401  # typer's, which names its type otherwise in each version
    return get_command(app)


def _failed(error: Exception) -> int:
    """Says what went wrong; the exit code."""
    if isinstance(error, _ClickError):
        sys.stderr.write(f"memx: {plain.line(_usage(error))}\n")
        return int(getattr(error, "exit_code", 2))
    sys.stderr.write(f"memx: {plain.line(message(error))}\n")
    return 1


def message(error: BaseException) -> str:
    """What an error says, and where it happened if a note tells."""
    said = str(error)
    if not isinstance(error, MemxError | ImportError) or not said:
        said = f"{type(error).__name__}: {said}" if said else type(error).__name__
    whole = "; ".join([said, *getattr(error, "__notes__", ())])
    return whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}…"


def _usage(error: Exception) -> str:
    said: str = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", "memx")
    return f"{said.rstrip('.')} (see {path} --help)"


def _tolerate() -> None:
    """A terminal that cannot show a letter shows a question mark, and is no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
