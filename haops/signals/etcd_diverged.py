"""Members tell different stories about the same data."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    if facts.get("etcd.cluster_ids", 0) > 1:
        sentence = f"members belong to {facts['etcd.cluster_ids']} different clusters"
    # False and not None: hashes that could not be compared are no evidence.
    elif facts.get("etcd.hashes_equal") is False:
        sentence = "members have different data at the same revision"
    else:
        return None
    return Signal(name=RULE.name, severity=Severity.CRITICAL, sentence=sentence)


RULE = SignalRule(
    name="etcd-diverged",
    title="etcd members disagree about their data",
    reads=("etcd.cluster_ids", "etcd.hashes_equal"),
    judge=judge,
    threshold_source="etcd data corruption guide: hashes at one revision must be equal",
    rank=5,
)
