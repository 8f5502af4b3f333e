"""A host does not answer over SSH."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    reachable, expected = facts.get("hosts.reachable"), facts.get("hosts.expected", 0)
    if reachable is None or reachable >= expected:
        return None
    sentence = f"SSH reaches {reachable} of {expected} hosts"
    # A warning: a host that SSH does not reach may serve all the same.
    return Signal(name=RULE.name, severity=Severity.WARNING, sentence=sentence)


RULE = SignalRule(
    name="hosts-unreachable",
    title="a host does not answer over SSH",
    reads=("hosts.reachable", "hosts.expected"),
    judge=judge,
    threshold_source="SSH from the bastion",
    rank=45,
)
