"""The command's arguments: which models, with which options, on which part of the data."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.live import models, rows
from benchmarks.live.report import Price

_SECRET = ("key", "secret", "password", "header")


def arguments(description: str | None) -> argparse.Namespace:
    """What the command was given; it ends with a message if that makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=description)
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="PATH", help="LoCoMo, LongMemEval (JSON) or BEAM (folder)")
    for role in models.CHATS:
        add(f"--{role}", metavar="PROVIDER:MODEL", help="as for LangChain's init_chat_model: openai:gpt-5-mini")
    add("--embedder", default="minilm", metavar="PROVIDER:MODEL", help="or minilm (bundled) or hashing")
    add(
        "--set",
        action="append",
        default=[],
        metavar="ROLE.NAME=VALUE",
        help="an option of a model's: judge.temperature=0",
    )
    add("--row", action="append", choices=rows.ALL, help=f"may be repeated; by default {', '.join(rows.USUAL)}")
    add("--budget", type=_count, default=1_000, metavar="TOKENS", help="of what is recalled for a question")
    add("--window", type=_count, metavar="TOKENS", help="of a full context: the newest that fit; by default all")
    add(
        "--journal",
        type=Path,
        default=Path("live.jsonl"),
        metavar="FILE",
        help="what was asked; memx's databases lie beside it",
    )
    add("--limit", type=_count, metavar="N", help="a sample of so many questions")
    add("--conversations", type=_count, metavar="N", help="a sample of so many conversations, drawn first")
    add("--seed", type=int, default=0, help="of the samples")
    add("--concurrency", type=_count, default=1, metavar="N", help="calls of models at the same time")
    add("--price", action="append", default=[], metavar="ROLE=ASKED/ANSWERED", help="money for a million tokens")
    asked = parser.parse_args()
    asked.row = list(dict.fromkeys(asked.row or rows.USUAL))
    asked.set = _options(parser, asked.set)
    asked.price = _prices(parser, asked.price)
    missing = [f"--{role}" for role in rows.needed(asked.row) if getattr(asked, role) is None]
    if missing:
        parser.error(f"{', '.join(missing)}: which model? Write it as provider:name, like openai:gpt-5-mini")
    return asked


def _count(given: str) -> int:
    number = int(given)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{given} is no number from 1")
    return number


def _options(parser: argparse.ArgumentParser, given: Sequence[str]) -> dict[str, dict[str, Any]]:
    options: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for each in given:
        name, _, value = each.partition("=")
        role, _, option = name.partition(".")
        if role not in models.ROLES or not option or not value:
            parser.error(f"--set {each}: write ROLE.NAME=VALUE, with a role of {', '.join(models.ROLES)}")
        if any(word in option.lower() for word in _SECRET):
            parser.error(
                f"--set {name}: the journal keeps options; secrets belong in the environment, where providers look"
            )
        try:
            options[role][option] = json.loads(value)
        except ValueError:
            options[role][option] = value
    return dict(options)


def _prices(parser: argparse.ArgumentParser, given: Sequence[str]) -> dict[str, Price]:
    prices: dict[str, Price] = {}
    for each in given:
        role, _, both = each.partition("=")
        try:
            if role not in models.ROLES:
                raise ValueError(role)
            prices[role] = Price(*map(float, both.split("/")))
        except (TypeError, ValueError):
            parser.error(f"--price {each}: write ROLE=ASKED/ANSWERED, such as judge=0.25/2")
    return prices
