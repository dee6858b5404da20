"""The description of the server is true: what it says may be asked is answered as it says, and never by a failure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks as openapi

from memx_server import Limits
from tests.serving import application

load_all_checks()
CHECKS = [
    not_a_server_error,
    openapi.response_schema_conformance,
    openapi.content_type_conformance,
    openapi.status_code_conformance,
]
EXAMPLES = 3


def test_nothing_that_may_be_asked_is_answered_by_a_failure_or_otherwise_than_described(tmp_path: Path):
    app, keys = application(tmp_path, limits=Limits(rate=1e6, burst=10**6))
    bearer = {"Authorization": f"Bearer {keys.create().key}"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    asked: list[str] = []
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # it raises where there is none
        if operation.path != "/metrics":  # which a key like this one does not open
            _ask(operation, bearer, asked)
    assert len(asked) >= EXAMPLES * 40


def _ask(operation: Any, headers: dict[str, str], asked: list[str]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        asked.append(operation.path)
        case.validate_response(case.call(headers=headers), checks=CHECKS, headers=headers)

    ask()
