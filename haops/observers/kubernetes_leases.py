"""The leases of the controller-manager and the scheduler: who leads, and how long ago it said so.

Must never compare the bastion's clock with a host's where the API server's own time is known.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

from haops.connectors.kubernetes import reads
from haops.connectors.seam import Connections
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.observations import Kind, Lease, Observation
from haops.errors import HaopsError, RemoteFailed
from haops.observers.answering_endpoint import AnsweringEndpoint
from haops.observers.observer import look

_NAMESPACE = "kube-system"
_LEADERS = ("kube-controller-manager", "kube-scheduler")


class KubernetesLeases:
    """Both leases in one read, from the first API server that answers."""

    name = Kind.LEASE.value
    interval_s = 2.0

    def __init__(self) -> None:
        self._endpoint = AnsweringEndpoint()

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return the namespace, if there is anybody to ask."""
        return (_NAMESPACE,) if inventory.kubernetes and inventory.kubernetes.endpoints else ()

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Return an observation of each lease."""
        del thorough  # there is no cheaper look
        leases: dict[str, Lease] = {}
        missing: HaopsError = RemoteFailed("no such lease")
        try:
            leases = self._read(connections, group, timeout_s=timeout_s, clock=clock)
        except HaopsError as error:
            missing = error

        def measure(name: str) -> Lease:
            """Return the lease, or raise why it is not known."""
            if name not in leases:
                raise missing
            return leases[name]

        source = f"leases in {group}"
        return tuple(
            look(Kind.LEASE, name, source=source, clock=clock, measure=partial(measure, name)) for name in _LEADERS
        )

    def _read(self, connections: Connections, namespace: str, *, timeout_s: float, clock: Clock) -> dict[str, Lease]:
        """Return the namespace's leases by name."""
        found, date = self._endpoint.ask(
            connections,
            lambda api, left_s: reads.leases(api, namespace, timeout_s=left_s),
            timeout_s=timeout_s,
            clock=clock,
        )
        # By the server's own clock: this machine's may be off by more than a lease lasts.
        now = _server_time(date) or clock.now()
        # One that was never renewed has had no holder.
        return {lease.metadata.name: _lease(namespace, lease.spec, now) for lease in found if lease.spec.renew_time}


def _lease(namespace: str, spec: reads.LeaseSpec, now: datetime) -> Lease:
    """Return a renewed lease with its age."""
    age_s = (now - (spec.renew_time or now)).total_seconds()
    return Lease(
        namespace=namespace,
        holder=spec.holder_identity or "",
        # The API server's time is told in whole seconds.
        renewed_age_s=max(age_s, 0.0),
        duration_s=spec.lease_duration_seconds or 0,
    )


def _server_time(date: str) -> datetime | None:
    """Return the time of a Date header, or None."""
    try:
        told = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    # "-0000" says that the zone is not known; HTTP knows only one.
    return told if told.tzinfo else told.replace(tzinfo=UTC)
