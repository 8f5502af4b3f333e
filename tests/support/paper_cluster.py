"""A cluster on paper: an inventory for each layout, and what observers would see of it in each state."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from haops.core.inventory import (
    ApiEndpointAddress,
    EtcdAccess,
    EtcdMemberAddress,
    Host,
    Inventory,
    KubernetesAccess,
    Layout,
)
from haops.core.observations import (
    ApiEndpoint,
    EtcdData,
    EtcdMember,
    HostState,
    Kind,
    Lease,
    Node,
    Observation,
    Picture,
)

HOSTS = ("a", "b", "c")
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cluster(layout: Layout, *, with_api: bool = True) -> Inventory:
    """Return three etcd hosts; on kubeadm they are the control plane too, on systemd that is a host of its own."""
    apart = layout is Layout.SYSTEMD
    etcd_roles = ("etcd",) if apart else ("etcd", "control-plane")
    hosts = [Host(name=name, address=f"host-{name}", roles=etcd_roles) for name in HOSTS]
    masters = ["m"] if apart else list(HOSTS)
    if apart and with_api:
        hosts.append(Host(name="m", address="host-m", roles=("control-plane",)))
    endpoints = tuple(ApiEndpointAddress(name=name, host=name, url=f"https://host-{name}:6443") for name in masters)
    return Inventory(
        cluster="paper",
        layout=layout,
        hosts=tuple(hosts),
        etcd=_etcd_access(),
        kubernetes=KubernetesAccess(kubeconfig="/k", endpoints=endpoints) if with_api else None,
    )


def alone(inventory: Inventory) -> Inventory:
    """Return the inventory with its first etcd member and that member's host alone."""
    assert inventory.etcd
    assert inventory.kubernetes
    first = inventory.etcd.members[0]
    here = tuple(endpoint for endpoint in inventory.kubernetes.endpoints if endpoint.host == first.host)
    return replace(
        inventory,
        hosts=(inventory.host(first.host),),
        etcd=replace(inventory.etcd, members=(first,)),
        kubernetes=replace(inventory.kubernetes, endpoints=here),
    )


def _etcd_access() -> EtcdAccess:
    members = tuple(
        EtcdMemberAddress(
            name=name, host=name, client_url=f"https://host-{name}:2379", peer_url=f"https://host-{name}:2380"
        )
        for name in HOSTS
    )
    files = dict.fromkeys(("ca", "certificate", "key", "host_ca", "host_certificate", "host_key"), "/pki/file")
    return EtcdAccess(members=members, **files)


def seen(
    inventory: Inventory,
    *,
    answering: Iterable[str] = (),
    intact: Iterable[str] = (),
    unseen: Iterable[str] = (),
    unasked: Iterable[str] = (),
    healthy: bool = False,
    revision: int = 1,
    api: bool = False,
    clusters: Mapping[str, str] = MappingProxyType({}),
    hashes: Mapping[str, int] = MappingProxyType({}),
    known: int = 0,
    alarm: str = "",
) -> Picture:
    """Return what is seen when these members answer, at a revision, and these hosts have whole data directories.

    The data of `unseen` hosts could not be looked at; the members `unasked` refused who asks. `clusters` and `hashes`
    say which members differ in their cluster's id or in their data; `known` how many members they know, if not these;
    `alarm` what all of them report.
    """
    up, whole, hidden, refusing = set(answering), set(intact), set(unseen), set(unasked)
    names = [member.name for member in inventory.etcd.members] if inventory.etcd else []
    found = []
    for name in names:
        member = _member(revision, healthy=healthy) if name in up else None
        if member:
            cluster_id, data_hash = clusters.get(name, "2"), hashes.get(name, member.hash)
            member = replace(member, cluster_id=cluster_id, hash=data_hash, members_known=known or len(names))
            member = replace(member, errors=(alarm,) if alarm else ())
        found.append(replace(_observed(Kind.ETCD_MEMBER, name, member), unasked=name in refusing))
        data = None if name in hidden else _data(whole=name in whole, running=name in up)
        found.append(_observed(Kind.ETCD_DATA, name, data))
    found += [_observed(Kind.HOST, host.name, HostState()) for host in inventory.hosts]
    for endpoint in inventory.kubernetes.endpoints if inventory.kubernetes else ():
        answer = ApiEndpoint(http_status=200, ready=True, live=True) if api else None
        found.append(_observed(Kind.API_ENDPOINT, endpoint.name, answer))
    if api:
        leases = ("kube-controller-manager", "kube-scheduler")
        found += [
            _observed(Kind.LEASE, name, Lease(namespace="kube-system", holder="x", renewed_age_s=1)) for name in leases
        ]
        found.append(_observed(Kind.NODE, "node", Node(ready="True")))
    return Picture().with_observations(found)


def _observed(kind: Kind, subject: str, value: Any) -> Observation:
    error = "" if value is not None else "refused"
    return Observation(
        kind=kind, subject=subject, observed_at=_NOW, monotonic_s=1.0, source="paper", value=value, error=error
    )


def _member(revision: int, *, healthy: bool) -> EtcdMember:
    return EtcdMember(
        member_id="1",
        cluster_id="2",
        leader_id="1" if healthy else "",
        term=2,
        raft_index=9,
        applied_index=9,
        revision=revision,
        size_bytes=1000,
        size_in_use_bytes=900,
        version="3.6.16",
        hash=7 if healthy else None,
        hash_revision=1,
        compact_revision=1,
    )


def _data(*, whole: bool, running: bool) -> EtcdData:
    return EtcdData(
        intact=whole,
        running=running,
        size_bytes=1000 if whole else 0,
        wal_files=1,
        modified_at_s=1.0,
        free_bytes=10**9,
        revision=None if running else 1,
        etcdutl_version="3.6.16",
        restore_can_bump=True,
    )
