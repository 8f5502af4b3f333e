"""Nodes are not Ready."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    ready, total = facts.get("nodes.ready"), facts.get("nodes.total", 0)
    if ready is None or ready >= total:
        return None
    sentence = f"{total - ready} of {total} nodes not Ready"
    # A notice: nodes follow what went wrong elsewhere, by 40 to 50 s (node-monitor-grace-period).
    return Signal(name=RULE.name, severity=Severity.NOTICE, sentence=sentence)


RULE = SignalRule(
    name="nodes-not-ready",
    title="nodes are not Ready",
    reads=("nodes.ready", "nodes.total"),
    judge=judge,
    threshold_source="Kubernetes node conditions",
    rank=70,
)
