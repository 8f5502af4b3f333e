"""Fewer etcd members than a majority are left."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    answering, expected, needed = (
        facts.get(name) for name in ("etcd.members_answering", "etcd.members_expected", "etcd.quorum")
    )
    # By those that answer: members that run and know no leader have another cause.
    if answering is None or not expected or answering >= needed:
        return None
    who = (
        "no member answers"
        if answering == 0
        else f"{answering} of {expected} members answer{'s' if answering == 1 else ''}"
    )
    # An inventory may name an etcd alone, without a cluster that has pods.
    pods = "running pods keep running; nothing can change" if facts.get("api.expected") else "nothing can be written"
    return Signal(
        name=RULE.name,
        severity=Severity.CRITICAL,
        sentence=f"{who}, {needed} needed",
        still_works=pods,
    )


RULE = SignalRule(
    name="etcd-quorum-lost",
    title="etcd has lost its quorum",
    reads=("etcd.members_answering", "etcd.members_expected", "etcd.quorum", "api.expected"),
    judge=judge,
    threshold_source="etcd FAQ: a majority of the members must agree",
    rank=10,
)
