"""Facts about what the API server knows: leases of the control plane's leaders, and nodes."""

from haops.core.facts.registry import Seen, fact
from haops.core.observations import Kind, Lease

_LEASE = Kind.LEASE
_NODE = Kind.NODE


def _age(seen: Seen, name: str) -> float | None:
    """Return the age of a lease's renewal in seconds."""
    lease: Lease | None = seen.picture.value(_LEASE, name)
    return lease.renewed_age_s if lease else None


@fact("leases.controller_manager_age_s", "seconds since the controller-manager's leader renewed its lease", _LEASE)
def _controller_manager_age(seen: Seen) -> float | None:
    # Each program names its lease after itself unless told otherwise (--leader-elect-resource-name).
    return _age(seen, "kube-controller-manager")


@fact("leases.scheduler_age_s", "seconds since the scheduler's leader renewed its lease", _LEASE)
def _scheduler_age(seen: Seen) -> float | None:
    return _age(seen, "kube-scheduler")


@fact("nodes.total", "nodes that the API knows", _NODE)
def _total(seen: Seen) -> int | None:
    return sum(1 for _ in seen.values(_NODE)) if seen.looked_at(_NODE) else None


@fact("nodes.ready", "nodes whose Ready condition is True", _NODE)
def _ready(seen: Seen) -> int | None:
    if not seen.looked_at(_NODE):
        return None
    return sum(bool(node.ready == "True") for _, node in seen.values(_NODE))
