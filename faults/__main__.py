"""Runs campaigns at full size, and prints what they came to: `python -m faults [campaign …] [--scale 0.1]`."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from faults.campaigns import CAMPAIGNS, run
from faults.outcomes import Outcome

_SHOWN = 20  # of what did not hold


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if everything held.

    Args:
        arguments: Of the command line; by default those of this process.
    """
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("campaigns", nargs="*", metavar="campaign", help=", ".join(CAMPAIGNS))
    parser.add_argument("--scale", type=float, default=1.0, help="of the full size")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    if unknown := set(asked.campaigns) - set(CAMPAIGNS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(CAMPAIGNS)}")
    logging.getLogger().addHandler(logging.NullHandler())  # what memx warns of is what is tried out
    table = Table("campaign", "tried", "came to", "broken", "minutes")
    broken: list[str] = []
    for name in asked.campaigns or CAMPAIGNS:
        print(f"{name} …", file=sys.stderr, flush=True)
        begun = time.monotonic()
        outcome = run(name, scale=asked.scale, seed=asked.seed)
        minutes = (time.monotonic() - begun) / 60
        table.add_row(name, f"{outcome.points:,}", _figures(outcome), f"{len(outcome.broken):,}", f"{minutes:.1f}")
        broken += [f"{name}: {each}" for each in outcome.broken]
    Console().print(table)
    for each in broken[:_SHOWN]:
        print(each)
    if len(broken) > _SHOWN:
        print(f"… and {len(broken) - _SHOWN} more")
    return 1 if broken else 0


def _figures(outcome: Outcome) -> str:
    return "\n".join(f"{number:,} {name}" for name, number in sorted(outcome.figures.items()))


if __name__ == "__main__":
    raise SystemExit(main())
