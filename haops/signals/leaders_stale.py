"""The leader of the controller-manager or the scheduler does not renew its lease."""

from collections.abc import Mapping
from typing import Any

from haops.core.signal import Severity, Signal, SignalRule

LIMIT_S = 15


def judge(facts: Mapping[str, Any]) -> Signal | None:
    """Return the signal while it is true."""
    # Without an API server nobody can renew a lease, and nobody can read one.
    if not facts.get("api.ready"):
        return None
    names = {"controller-manager": "leases.controller_manager_age_s", "scheduler": "leases.scheduler_age_s"}
    stale = [name for name, fact in names.items() if facts.get(fact, 0) > LIMIT_S]
    if not stale:
        return None
    sentence = f"no leader for {' and '.join(stale)} for more than {LIMIT_S} s"
    return Signal(name=RULE.name, severity=Severity.WARNING, sentence=sentence, still_works="running pods keep running")


RULE = SignalRule(
    name="leaders-stale",
    title="controller-manager or scheduler has no leader",
    reads=("leases.controller_manager_age_s", "leases.scheduler_age_s", "api.ready"),
    judge=judge,
    threshold_source="kube-controller-manager: lease duration 15 s",
    rank=60,
)
