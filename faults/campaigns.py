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
from faults.storage import storage


class Campaign(NamedTuple):
    """A campaign.

    Attributes:
        run: Of its size, a seed, and, where it can use one, the URL of a database.
        full: The size that `make faults` runs.
        served: It can use a database server.
    """

    run: Callable[..., Outcome]
    full: int
    served: bool = False


CAMPAIGNS: Mapping[str, Campaign] = MappingProxyType(
    {
        "kills": Campaign(kills, 240, served=True),
        "providers": Campaign(providers, 1_500),
        "storage": Campaign(storage, 25),
        "races": Campaign(races, 10, served=True),
        "cancellations": Campaign(cancellations, len(CALLS)),
        "isolation": Campaign(isolation, 10_200),
        "injection": Campaign(injection, 600),
        "canaries": Campaign(canaries, 9),
        "bounds": Campaign(bounds, 100),
    }
)


def run(name: str, *, scale: float = 1.0, seed: int = 0, database: str | None = None) -> Outcome:
    """What a campaign comes to, at that part of its full size."""
    campaign = CAMPAIGNS[name]
    size = max(1, round(campaign.full * scale))
    return campaign.run(size, seed=seed, database=database) if campaign.served else campaign.run(size, seed=seed)
