"""Some API servers are not ready."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    ready, expected = facts.get("api.ready"), facts.get("api.expected", 0)
    # None at all is another signal.
    if ready is None or ready == 0 or ready >= expected:
        return None
    sentence = f"API ready on {ready} of {expected}"
    return Signal(name=RULE.name, severity=Severity.WARNING, sentence=sentence, still_works="the API works")


RULE = SignalRule(
    name="api-degraded",
    title="some API servers are not ready",
    reads=("api.ready", "api.expected"),
    judge=judge,
    threshold_source="Kubernetes health checks: /readyz",
    rank=40,
)
