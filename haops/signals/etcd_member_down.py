"""A member is gone while the rest still has quorum."""

from collections.abc import Mapping
from typing import Any

from haops.core.quorum import in_words
from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    healthy, expected = facts.get("etcd.members_healthy"), facts.get("etcd.members_expected", 0)
    # Below a majority another signal speaks.
    if healthy is None or healthy >= expected or healthy < facts.get("etcd.quorum", 0):
        return None
    return Signal(
        name=RULE.name,
        severity=Severity.WARNING,
        sentence=in_words(expected, healthy),
        still_works="reads and writes work",
    )


RULE = SignalRule(
    name="etcd-member-down",
    title="an etcd member is down",
    reads=("etcd.members_healthy", "etcd.members_expected", "etcd.quorum"),
    judge=judge,
    threshold_source="etcd mixin: etcdMembersDown",
    rank=25,
)
