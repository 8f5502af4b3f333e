"""No API server is ready."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    ready, expected = facts.get("api.ready"), facts.get("api.expected", 0)
    if ready is None or not expected or ready > 0:
        return None
    return Signal(
        name=RULE.name,
        severity=Severity.CRITICAL,
        sentence=f"API fails on {expected} of {expected}",
        still_works="running pods keep running",
    )


RULE = SignalRule(
    name="api-down",
    title="no API server is ready",
    reads=("api.ready", "api.expected", "api.answering"),
    judge=judge,
    threshold_source="Kubernetes health checks: /readyz",
    # Behind etcd's: without quorum the API servers fail as well, and are not the cause.
    rank=30,
)
