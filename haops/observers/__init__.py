"""Observers: each measures one kind of thing and says when and from where. What it means, signals judge.

`OBSERVERS` names them all; a session makes its own with `new_observers`, because some remember what they saw last.
"""

from collections.abc import Callable, Mapping

from haops.observers.api_endpoints import ApiEndpoints
from haops.observers.etcd_members import EtcdMembers
from haops.observers.observer import Observer

__all__ = ["OBSERVERS", "Observer", "new_observers"]

OBSERVERS: Mapping[str, Callable[[], Observer]] = {
    EtcdMembers.name: EtcdMembers,
    ApiEndpoints.name: ApiEndpoints,
}
"""By the name that a runbook's `check` list uses."""


def new_observers() -> Mapping[str, Observer]:
    """Return a set of observers for one session."""
    return {name: make() for name, make in OBSERVERS.items()}
