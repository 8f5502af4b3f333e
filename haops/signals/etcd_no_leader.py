"""Enough members answer, yet none leads."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    answering, needed = facts.get("etcd.members_answering"), facts.get("etcd.quorum")
    # Not known counts as led: there is no accusation without a look.
    if answering is None or needed is None or answering < needed or facts.get("etcd.leaders", 1) > 0:
        return None
    sentence = f"{answering} members answer, but none leads: they may not reach each other"
    return Signal(name=RULE.name, severity=Severity.CRITICAL, sentence=sentence)


RULE = SignalRule(
    name="etcd-no-leader",
    title="etcd has no leader",
    reads=("etcd.members_answering", "etcd.leaders", "etcd.quorum"),
    judge=judge,
    threshold_source="etcd mixin: etcdNoLeader",
    rank=20,
)
