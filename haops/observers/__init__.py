"""Observers: each measures one kind of thing and says when and from where. What it means, signals judge.

`OBSERVERS` names them all; a session makes its own with `new_observers`, because some remember what they saw last.
"""

from collections.abc import Callable, Mapping

from haops.observers.api_endpoints import ApiEndpoints
from haops.observers.etcd_data_directories import EtcdDataDirectories
from haops.observers.etcd_members import EtcdMembers
from haops.observers.hosts_reachable import HostsReachable
from haops.observers.kubernetes_leases import KubernetesLeases
from haops.observers.kubernetes_nodes import KubernetesNodes
from haops.observers.observer import Observer

__all__ = ["OBSERVERS", "Observer", "new_observers"]

_ALL: tuple[Callable[[], Observer], ...] = (
    EtcdMembers,
    EtcdDataDirectories,
    ApiEndpoints,
    HostsReachable,
    KubernetesLeases,
    KubernetesNodes,
)

OBSERVERS: Mapping[str, Callable[[], Observer]] = {make().name: make for make in _ALL}
"""By the name that a runbook's `check` list uses."""


def new_observers() -> Mapping[str, Observer]:
    """Return a set of observers for one session."""
    return {name: make() for name, make in OBSERVERS.items()}
