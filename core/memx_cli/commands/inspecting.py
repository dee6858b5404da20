"""The inspector: a page on which a person sees all that is remembered, and why."""

from __future__ import annotations

import tempfile
import webbrowser
from html import escape
from pathlib import Path
from typing import Annotated

from typer import Option

from memx_cli import shapes
from memx_cli.desk import Desk


def inspect(
    desk: Desk,
    port: Annotated[int, Option(min=0, max=65535, help="The port to listen on; 0 for a free one.")] = 0,
    open_: Annotated[bool, Option("--open/--no-open", help="Open it in the browser.")] = True,
) -> None:
    """Look at all that is remembered, and why, in the browser; until Ctrl-C."""
    from memx_server import inspect

    with tempfile.TemporaryDirectory(prefix="memx-inspect-") as folder, desk.memory("embeds") as memory:

        def ready(address: str) -> None:
            desk.note("memx: the inspector is at the address below, for whoever knows it; Ctrl-C ends it")
            desk.write(shapes.document(desk.command, {"address": address}) if desk.json else address)
            if open_:
                webbrowser.open(_door(Path(folder), address).as_uri())

        inspect(memory, port=port, ready=ready)


def _door(folder: Path, address: str) -> Path:
    """A page of this user's alone that leads there: an address on a command line is seen by who lists processes."""
    door = folder / "inspect.html"
    door.touch(mode=0o600)
    leads = f'<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={escape(address)}">'
    door.write_text(f"{leads}\n<title>memx inspector</title>\n", encoding="utf-8")
    return door
