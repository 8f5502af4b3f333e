"""etcd's members, each asked by itself: what it says of itself, and now and then the hash of its data.

Must never ask one member about another, nor anything that needs quorum.
"""

import dataclasses

from haops.connectors.seam import Connections, EtcdClient
from haops.core.clock import Clock
from haops.core.inventory import Inventory
from haops.core.observations import EtcdMember, Kind, Observation
from haops.errors import ConnectorError
from haops.observers.hash_rounds import ROUND_S, Hashed, HashRounds
from haops.observers.observer import look

# All that are asked within this belong to one round, and are hashed at one revision.
_ASKED_ROUND_S = 2.0


class EtcdMembers:
    """Maintenance.Status of each member every second; HashKV every ten, all at one revision, or when asked."""

    name = Kind.ETCD_MEMBER.value
    interval_s = 1.0

    def __init__(self) -> None:
        # By cluster id: hashes from before a restore, which makes a new cluster, say nothing about what it restored.
        self._rounds: dict[str, HashRounds] = {}

    def groups(self, inventory: Inventory) -> tuple[str, ...]:
        """Return the members' names."""
        return tuple(member.name for member in inventory.etcd.members) if inventory.etcd else ()

    def observe(
        self, connections: Connections, group: str, *, timeout_s: float, clock: Clock, thorough: bool = False
    ) -> tuple[Observation, ...]:
        """Return the observation of one member."""

        def measure() -> EtcdMember:
            """Ask the member once, for its hash too when a round is due."""
            client = connections.etcd(group)
            status = client.status(timeout_s=timeout_s)
            rounds = self._rounds.setdefault(status.cluster_id, HashRounds())
            max_age_s = _ASKED_ROUND_S if thorough else ROUND_S
            # Members of another cluster would never agree: each cluster id has rounds of its own.
            wanted = rounds.revision_for(group, status.revision, now_s=clock.monotonic(), max_age_s=max_age_s)
            if wanted is not None:
                _hash(client, group, wanted, rounds, timeout_s=timeout_s)
            return _with_hash(status, rounds.latest(group))

        source = _client_url(connections.inventory, group)
        return (look(Kind.ETCD_MEMBER, group, source=source, clock=clock, measure=measure),)


def _hash(client: EtcdClient, member: str, revision: int, rounds: HashRounds, *, timeout_s: float) -> None:
    """Hash the member's data; one that cannot (a learner) has no hash."""
    try:
        value, compacted = client.hash_at(revision, timeout_s=timeout_s)
    except ConnectorError:
        return
    rounds.keep(member, Hashed(value, revision, compacted))


def _client_url(inventory: Inventory, member: str) -> str:
    """Return where the member is asked."""
    members = inventory.etcd.members if inventory.etcd else ()
    return next((each.client_url for each in members if each.name == member), member)


def _with_hash(status: EtcdMember, hashed: Hashed | None) -> EtcdMember:
    """Return the status with the newest comparable hash beside it."""
    if hashed is None:
        return status
    return dataclasses.replace(
        status, hash=hashed.value, hash_revision=hashed.revision, compact_revision=hashed.compact_revision
    )
