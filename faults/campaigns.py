"""The campaigns by name, each with its full size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from faults.bounds import bounds
from faults.canaries import canaries
from faults.cancelling import CALLS, cancellations
from faults.injection import injection
from faults.isolation import isolation
from faults.kills import kills
from faults.outcomes import Outcome
from faults.providers import providers
from faults.races import races
from faults.serving import crowd
from faults.storage import storage


class Campaign(NamedTuple):
    """A campaign.

    Attributes:
        run: Of its size and a seed.
        full: The size that `make faults` runs.
    """

    run: Callable[..., Outcome]
    full: int


def _on_postgresql(campaign: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """The same on a real server: one that is started for it, or the one that the tests are told of."""

    def run(size: int, *, seed: int = 0) -> Outcome:
        from tests import postgres_server  # not where the driver is missing, and nobody asks for it

        with postgres_server.database() as url:
            return campaign(size, seed=seed, database=url.render_as_string(hide_password=False))

    return run


CAMPAIGNS: Mapping[str, Campaign] = MappingProxyType(
    {
        "kills": Campaign(kills, 240),
        "kills-postgresql": Campaign(_on_postgresql(kills), 72),
        "providers": Campaign(providers, 1_500),
        "storage": Campaign(storage, 25),
        "races": Campaign(races, 10),
        "races-postgresql": Campaign(_on_postgresql(races), 10),
        "cancellations": Campaign(cancellations, len(CALLS)),
        "isolation": Campaign(isolation, 10_200),
        "injection": Campaign(injection, 600),
        "canaries": Campaign(canaries, 9),
        "bounds": Campaign(bounds, 100),
        "server": Campaign(crowd, 600),
    }
)


def run(name: str, *, scale: float = 1.0, seed: int = 0) -> Outcome:
    """What a campaign comes to, at that part of its full size."""
    campaign = CAMPAIGNS[name]
    return campaign.run(max(1, round(campaign.full * scale)), seed=seed)
