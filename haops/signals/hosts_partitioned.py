"""Hosts that haops reaches do not reach each other."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    cut = facts.get("hosts.pairs_cut")
    if not cut:
        return None
    pairs = "1 pair of hosts does" if cut == 1 else f"{cut} pairs of hosts do"
    return Signal(name=RULE.name, severity=Severity.CRITICAL, sentence=f"{pairs} not reach each other")


RULE = SignalRule(
    name="hosts-partitioned",
    title="hosts are cut off from each other",
    reads=("hosts.pairs_cut", "hosts.reachable"),
    judge=judge,
    threshold_source="a TCP connection between hosts that both answer over SSH",
    # Before a missing leader: members that do not reach each other elect none.
    rank=12,
)
