"""State machines whose memories lie in memory, or in a real PostgreSQL."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import Engine, StaticPool, create_engine


class Machine(RuleBasedStateMachine):
    """One with an empty database.

    Attributes:
        server: Where it is, if not in memory.
    """

    server: ClassVar[Engine | None] = None

    def __init__(self) -> None:
        super().__init__()
        if self.server is not None:
            from tests import postgres_server

            postgres_server.empty(self.server)
            self.engine = self.server
        else:
            self.engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})

    def teardown(self) -> None:
        if self.engine is not self.server:
            self.engine.dispose()


def run_on(server: Engine, machine: type[Machine], *, examples: int) -> None:
    """Runs `machine` there: a few examples, as each step is dozens of round trips."""
    there = type(machine.__name__, (machine,), {"server": server})
    few = settings(
        max_examples=examples,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    run_state_machine_as_test(there, settings=few)
