"""haops cannot ask: a file is missing on the bastion, or the other side refuses who we are."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    members, servers = facts.get("etcd.members_unasked", 0), facts.get("api.unasked", 0)
    if not members and not servers:
        return None
    named = [f"{members} etcd member{'s' * (members != 1)}"] * bool(members)
    named += [f"{servers} API server{'s' * (servers != 1)}"] * bool(servers)
    sentence = f"haops cannot ask {' and '.join(named)}: see the error beside each; they may be healthy"
    return Signal(name=RULE.name, severity=Severity.CRITICAL, sentence=sentence)


RULE = SignalRule(
    name="cannot-ask",
    title="haops cannot ask",
    reads=("etcd.members_unasked", "api.unasked"),
    judge=judge,
    threshold_source="the connection's own error: a missing file, a certificate or key that was refused",
    # Before all others: what could not be asked makes everything else look worse than it may be.
    rank=1,
)
