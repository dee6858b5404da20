"""The command `memx`: which commands there are."""

from __future__ import annotations

import typer

from memx_cli.commands import (
    controlling,
    demo,
    doctor,
    inspecting,
    keeping,
    learning,
    moving,
    reading,
    serving,
    talking,
)
from memx_cli.options import command

app = typer.Typer(
    name="memx",
    help="A long-term memory for LLM applications, at a terminal.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help is quicker, and right on every terminal
    pretty_exceptions_enable=False,
)
database = typer.Typer(help="Look after a database.", no_args_is_help=True, rich_markup_mode=None)
keys = typer.Typer(help="The keys that open a server.", no_args_is_help=True, rich_markup_mode=None)

command(app, "demo")(demo.demo)
command(app, "chat")(talking.chat)
command(app, "add")(learning.add)
command(app, "search")(reading.search)
command(app, "recall")(reading.recall)
command(app, "list")(reading.list_)
command(app, "show")(reading.show)
command(app, "undo")(controlling.undo)
command(app, "diff")(reading.diff)
command(app, "review")(controlling.review)
command(app, "flush")(learning.flush)
command(app, "import")(moving.import_)
command(app, "export")(moving.export)
command(app, "backfill")(moving.backfill)
command(app, "erase")(controlling.erase)
command(app, "scopes")(keeping.scopes)
command(app, "usage")(keeping.usage)
command(app, "doctor")(doctor.doctor)
command(app, "rebuild")(keeping.rebuild)
app.add_typer(database, name="db")
command(database, "upgrade", of="db")(keeping.upgrade)
command(database, "copy", of="db")(keeping.copy)
command(app, "serve")(serving.serve)
command(app, "inspect")(inspecting.inspect)
app.add_typer(keys, name="keys")
command(keys, "create", of="keys")(serving.create)
command(keys, "list", of="keys")(serving.list_)
command(keys, "revoke", of="keys")(serving.revoke)
