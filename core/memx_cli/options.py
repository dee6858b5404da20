"""The options that all commands share, and the decorator that gives them to a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from memx_cli.desk import Desk, nobody_reads

P = ParamSpec("P")
_DATABASE = "memx.db"  # as of `memx_core.Memory`


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the memories are, whose they are, what they are made and found with, and how to answer."""

    database: str = _DATABASE
    namespace: str = "default"
    user: str | None = None
    agent: str | None = None
    run: str | None = None
    model: str | None = None
    embedder: str | None = None
    index: str | None = None
    json: bool = False

    def desk(self, command: str) -> Desk:
        """For a command of this name."""
        return Desk(
            command=command,
            database=self.database,
            namespace=self.namespace,
            ids={
                name: value
                for name, value in (("user_id", self.user), ("agent_id", self.agent), ("run_id", self.run))
                if value is not None
            },
            model=self.model or None,
            embedder=self.embedder or None,
            index=self.index or None,
            json=self.json,
        )


def _common(
    *,
    user: Annotated[str | None, typer.Option("--user", "-u", envvar="MEMX_USER", help="Whose memories.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", envvar="MEMX_AGENT", help="Which agent's.")] = None,
    run: Annotated[str | None, typer.Option("--run", envvar="MEMX_RUN", help="Which run's.")] = None,
    database: Annotated[
        str, typer.Option("--database", "-d", envvar="MEMX_DATABASE", help="A file, or a SQLAlchemy URL.")
    ] = _DATABASE,
    namespace: Annotated[
        str, typer.Option("--namespace", envvar="MEMX_NAMESPACE", help="The application that shares the database.")
    ] = "default",
    model: Annotated[
        str | None,
        typer.Option("--model", envvar="MEMX_MODEL", help="provider:name, as LangChain knows it. Without: rules."),
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(
            "--embedder",
            envvar="MEMX_EMBEDDER",
            help="local, hashing, or provider:name. Without: what the database was made with, else local.",
        ),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option("--index", envvar="MEMX_INDEX", help="URL of a Qdrant server (key: QDRANT_API_KEY)."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """The signature is what counts: its parameters are those of `Settings`."""


COMMON = inspect.signature(_common, eval_str=True).parameters


def command(
    app: typer.Typer, name: str, *, of: str = ""
) -> Callable[[Callable[Concatenate[Desk, P], None]], Callable[Concatenate[Desk, P], None]]:
    """Makes a function a command, with the common options after its own.

    Args:
        app: Where to put it.
        name: The command's.
        of: The command that it is part of, as in `db upgrade`.
    """

    def made(function: Callable[Concatenate[Desk, P], None]) -> Callable[Concatenate[Desk, P], None]:
        _, *own = inspect.signature(function, eval_str=True).parameters.values()
        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *COMMON.values())]

        def called(**given: Any) -> None:  # noqa: ANN401  # what typer parsed
            settings = Settings(**{each: given.pop(each) for each in COMMON})
            call: Callable[..., None] = function
            try:
                call(settings.desk(f"{of} {name}".strip()), **given)
            except BrokenPipeError as error:  # before typer makes something else of it
                raise typer.Exit(nobody_reads()) from error

        called.__doc__ = function.__doc__
        called.__annotations__ = {each.name: each.annotation for each in parameters}
        vars(called)["__signature__"] = inspect.Signature(parameters)
        app.command(name)(called)
        return function

    return made
