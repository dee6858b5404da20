"""What is counted, for Prometheus. Labels are methods, routes and statuses: no id, no key, no text."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The setting by which processes of one server count together; the Prometheus client reads it."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "memx_http_requests", "Requests answered.", ("method", "route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "memx_http_request_seconds", "How long answers took.", ("method", "route"), registry=self._registry
        )
        self._now = Gauge(
            "memx_http_requests_under_way",
            "Requests being answered.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    @contextmanager
    def under_way(self) -> Generator[None, None, None]:
        """One more request, as long as it lasts."""
        self._now.inc()
        try:
            yield
        finally:
            self._now.dec()

    def done(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; 0 stands for one that nobody waited for."""
        method = method if method in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def shown(self) -> bytes:
        """All of it, as Prometheus reads it; of several processes together where they share a folder."""
        if SHARED not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # it has no types
        return generate_latest(together)
