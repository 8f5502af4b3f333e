"""A member reports an alarm."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    alarms = facts.get("etcd.alarms")
    if not alarms:
        return None
    sentence = ", ".join(alarms)
    return Signal(name=RULE.name, severity=Severity.CRITICAL, sentence=sentence, still_works="reads work")


RULE = SignalRule(
    name="etcd-alarm",
    title="etcd reports an alarm",
    reads=("etcd.alarms",),
    judge=judge,
    threshold_source="etcd maintenance guide: NOSPACE and CORRUPT",
    rank=15,
)
