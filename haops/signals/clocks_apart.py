"""The hosts' clocks differ."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule

# From there on etcd itself warns about its peers ("prober found high clock drift").
LIMIT_S = 1


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    spread_s = facts.get("hosts.clock_spread_s", 0)
    if spread_s <= LIMIT_S:
        return None
    sentence = f"clocks of the hosts are {spread_s:.1f} s apart (limit {LIMIT_S} s)"
    return Signal(name=RULE.name, severity=Severity.WARNING, sentence=sentence)


RULE = SignalRule(
    name="clocks-apart",
    title="the hosts' clocks differ",
    reads=("hosts.clock_spread_s",),
    judge=judge,
    threshold_source="certificates, leases and timelines rest on clocks within 1 s of each other",
    rank=80,
)
