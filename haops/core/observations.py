"""Measured facts: what was seen, when, and from where.

Owns the shape of every observation and of the picture made of them. Must never decide what an observation means
(`core.facts` derives, `signals` judge) and never measure (`observers` do).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an observation is about. The subject beside it says which one."""

    # Each value is also the name of the observer, as a runbook's `check` writes it.
    ETCD_MEMBER = "etcd.members"
    """subject: member name; value: EtcdMember."""
    ETCD_DATA = "etcd.data_directories"
    """subject: host name; value: EtcdData."""
    API_ENDPOINT = "api.endpoints"
    """subject: endpoint name; value: ApiEndpoint."""
    HOST = "hosts.reachable"
    """subject: host name; value: HostState."""
    LEASE = "kubernetes.leases"
    """subject: lease name; value: Lease."""
    NODE = "kubernetes.nodes"
    """subject: node name; value: Node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdMember:
    """Maintenance.Status of one member, plus HashKV when it was asked for (source: etcd's rpc.proto).

    Ids are etcd's 64-bit ids as hexadecimal text without 0x. `leader_id` is empty when the member knows no leader.
    `hash` is comparable only with the same `hash_revision` and the same `compact_revision`.
    """

    member_id: str
    cluster_id: str
    leader_id: str
    term: int
    raft_index: int
    applied_index: int
    revision: int
    size_bytes: int
    size_in_use_bytes: int
    version: str
    # Status tells it from etcd 3.6 on; older members leave it 0.
    quota_bytes: int = 0
    is_learner: bool = False
    errors: tuple[str, ...] = ()
    hash: int | None = None
    hash_revision: int | None = None
    compact_revision: int | None = None
    members_known: int = 0
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdData:
    """What lies in a host's etcd data directory, looked at over SSH.

    `intact` says that `member/snap/db` and at least one WAL file are there and readable. `revision` is known only for
    a stopped member (read from a copy by etcdutl). `restore_can_bump` says whether etcdutl knows --bump-revision.
    """

    intact: bool
    running: bool
    size_bytes: int
    wal_files: int
    modified_at_s: float
    free_bytes: int
    revision: int | None = None
    etcdutl_version: str = ""
    restore_can_bump: bool = False
    backups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiEndpoint:
    """The answer of one API server's /readyz?verbose. `failed_checks` are the names after [-].

    `http_status` 0: it answered only when not asked about etcd, which it waits for.
    """

    http_status: int
    ready: bool
    live: bool
    failed_checks: tuple[str, ...] = ()
    version: str = ""
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """What a host says over SSH. `reaches` maps other hosts to whether a TCP connection to them got an answer."""

    clock_offset_s: float = 0.0
    boot_id: str = ""
    uptime_s: float = 0.0
    reaches: Mapping[str, bool] = field(default_factory=dict)
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A coordination.k8s.io Lease: who holds it, and how old its renewal was when it was read."""

    namespace: str
    holder: str
    renewed_age_s: float
    duration_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Kubernetes node's Ready condition ("True", "False", "Unknown") and what it says about it."""

    ready: str
    reason: str = ""
    kubelet_version: str = ""
    roles: tuple[str, ...] = ()
    unschedulable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One look at one thing. Exactly one of `value` and `error` is set.

    `source` is the address or command that was asked; `error` is in the field's words ("refused", "timed out 1.0 s").
    `unasked` says that the error is between us and it (a key is missing here, it refused who we are): it may well be
    healthy.
    `monotonic_s` is the observing process's monotonic clock, for ages.
    """

    kind: Kind
    subject: str
    observed_at: datetime
    monotonic_s: float
    source: str
    value: Any = None
    error: str = ""
    unasked: bool = False

    @property
    def ok(self) -> bool:
        """Whether the thing answered."""
        return self.error == ""


@dataclass(frozen=True, slots=True)
class Sight:
    """The newest observation of one thing and the newest that had a value (they differ when it stopped answering)."""

    newest: Observation
    last_good: Observation | None


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything seen so far, per kind and subject. Immutable: `with_observations` returns the next one.

    `highest_revision` is the highest of etcd's revisions in anything ever seen; 0 before the first.
    """

    sights: Mapping[tuple[Kind, str], Sight] = field(default_factory=dict)
    highest_revision: int = 0

    def with_observations(self, observations: Iterable[Observation]) -> "Picture":
        """Return a picture in which the observations are the newest; an older one than is known changes nothing."""
        sights, highest = dict(self.sights), self.highest_revision
        for seen in observations:
            # A late look counts as well: watchers may have seen what it shows.
            highest = max(highest, getattr(seen.value, "revision", None) or 0)
            key = (seen.kind, seen.subject)
            before = sights.get(key)
            # Looks end in another order than they began: a slow one must not hide a newer one.
            if before is not None and before.newest.monotonic_s > seen.monotonic_s:
                continue
            last_good = seen if seen.ok else before.last_good if before else None
            sights[key] = Sight(seen, last_good)
        return Picture(sights, highest)

    def of(self, kind: Kind) -> Iterator[tuple[str, Sight]]:
        """Yield (subject, sight) of one kind in the order in which the subjects were first seen."""
        return ((subject, sight) for (seen, subject), sight in self.sights.items() if seen == kind)

    def get(self, kind: Kind, subject: str) -> Sight | None:
        """Return what was seen of one thing, or None."""
        return self.sights.get((kind, subject))

    def value(self, kind: Kind, subject: str) -> Any:
        """Return the value of the newest observation, or None if it was never seen or did not answer."""
        sight = self.get(kind, subject)
        return sight.newest.value if sight else None
