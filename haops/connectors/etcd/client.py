"""One etcd member, asked one thing at a time.

Owns the calls behind `seam.EtcdClient`; each has its own deadline and is sent once. Must never turn to another member:
what a member says about itself is only true of itself.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import grpc

from haops.connectors.etcd.calls import CALLS
from haops.connectors.etcd.certificates import expired
from haops.connectors.etcd.failures import CLIENT_REJECTED, translate
from haops.connectors.etcd.library import open_client, rpc
from haops.connectors.etcd.snapshot import save
from haops.connectors.seam import MemberEntry
from haops.core.inventory import EtcdAccess, EtcdMemberAddress
from haops.core.observations import EtcdMember
from haops.errors import ConnectorError, RemoteFailed


class MemberClient:
    """A `seam.EtcdClient`. Safe to use from several threads."""

    def __init__(self, member: EtcdMemberAddress, access: EtcdAccess) -> None:
        self._where = f"etcd member {member.name} ({member.client_url})"
        self._certificate = access.certificate
        self._client = open_client(member, access)

    def status(self, *, timeout_s: float) -> EtcdMember:
        """Return what the member says of itself, and how many members it knows."""
        started = time.monotonic()
        answer = self.ask("maintenance", "Status", rpc.StatusRequest(), timeout_s=timeout_s)
        took_s = time.monotonic() - started
        known = self._count_members(answer, timeout_s - took_s)
        return EtcdMember(**_status_fields(answer), members_known=known, latency_ms=took_s * 1000)

    def hash_at(self, revision: int, *, timeout_s: float) -> tuple[int, int]:
        """Return (hash, compact_revision) of HashKV at a revision; RemoteFailed if that is compacted or not there."""
        answer = self.ask("maintenance", "HashKV", rpc.HashKVRequest(revision=revision), timeout_s=timeout_s)
        return answer.hash, answer.compact_revision

    def members(self, *, timeout_s: float, linearizable: bool = False) -> tuple[MemberEntry, ...]:
        """Return the member list as this member knows it; a linearizable one times out without quorum."""
        # Linearizable is etcd's own default, which would wait 12 s for a quorum that is not there.
        request = rpc.MemberListRequest(linearizable=linearizable)
        answer = self.ask("cluster", "MemberList", request, timeout_s=timeout_s)
        return tuple(_entry(member) for member in answer.members)

    def snapshot(self, path: str, *, timeout_s: float) -> int:
        """Save a snapshot there, whole and verified or not at all; return its size in bytes."""
        chunks = self.ask("maintenance", "Snapshot", rpc.SnapshotRequest(), timeout_s=timeout_s)
        try:
            return save((chunk.blob for chunk in chunks), path, where=self._where)
        except grpc.RpcError as error:
            raise self._failure(error, timeout_s) from None
        finally:
            # Else etcd keeps the old revision of its database open for as long as the stream may go on.
            chunks.cancel()

    def call(self, name: str, arguments: Mapping[str, Any], *, timeout_s: float) -> Mapping[str, Any]:
        """Make the changing call of that name (see `calls.CALLS`) and return what etcd answered.

        RemoteFailed if there is no such call, or if its arguments cannot be meant.
        """
        ends_s = time.monotonic() + timeout_s
        try:
            make = CALLS[name]
        except KeyError:
            raise RemoteFailed(f"no such call: {name!r}", where=self._where, remedy=", ".join(CALLS)) from None

        def ask(service: str, method: str, request: Any) -> Any:
            """Ask within what is left: the requests of one call share its deadline."""
            return self.ask(service, method, request, timeout_s=ends_s - time.monotonic())

        try:
            return make(ask, rpc, arguments)
        except (KeyError, ValueError, TypeError) as error:
            raise RemoteFailed(f"{name}: wrong arguments: {error}", where=self._where) from None

    def put(self, key: str, value: str, *, timeout_s: float) -> int:
        """Write one key and return its revision; needs quorum."""
        request = rpc.PutRequest(key=key.encode(), value=value.encode())
        return int(self.ask("kv", "Put", request, timeout_s=timeout_s).header.revision)

    def get(self, key: str, *, timeout_s: float) -> str | None:
        """Return a key's value, read linearizably; needs quorum. Bytes that are not UTF-8 are replaced."""
        answer = self.ask("kv", "Range", rpc.RangeRequest(key=key.encode()), timeout_s=timeout_s)
        return answer.kvs[0].value.decode(errors="replace") if answer.kvs else None

    def close(self) -> None:
        """Drop the channel. What is under way fails with ConnectionLost."""
        self._client.close()

    def ask(self, service: str, method: str, request: Any, *, timeout_s: float) -> Any:
        """Send one request to one of python-etcd3's stubs; raises ConnectorErrors only."""
        stub = getattr(self._client, f"{service}stub")
        call: Callable[..., Any] = getattr(stub, method)
        try:
            # python-etcd3 has no deadline of its own: a frozen member would hold the caller for ever.
            return call(request, timeout=max(timeout_s, 0.001))
        except (grpc.RpcError, ValueError) as error:
            raise self._failure(error, timeout_s) from None

    def _failure(self, error: Exception, timeout_s: float) -> ConnectorError:
        """Return what the error means."""
        failure = translate(error, where=self._where, timeout_s=timeout_s)
        if failure.message == CLIENT_REJECTED:
            return expired(self._certificate) or failure
        return failure

    def _count_members(self, status: Any, timeout_s: float) -> int:
        """Return how many members this one knows; 0 if it will not say (a learner will not)."""
        try:
            return 0 if status.isLearner else len(self.members(timeout_s=timeout_s))
        except RemoteFailed:
            return 0


def _status_fields(answer: Any) -> dict[str, Any]:
    """Return the fields of EtcdMember that Maintenance.Status fills."""
    return {
        "member_id": f"{answer.header.member_id:x}",
        "cluster_id": f"{answer.header.cluster_id:x}",
        "leader_id": f"{answer.leader:x}" if answer.leader else "",
        "term": answer.raftTerm,
        "raft_index": answer.raftIndex,
        "applied_index": answer.raftAppliedIndex,
        "revision": answer.header.revision,
        "size_bytes": answer.dbSize,
        "size_in_use_bytes": answer.dbSizeInUse,
        "version": answer.version,
        "quota_bytes": answer.dbSizeQuota,
        "is_learner": answer.isLearner,
        "errors": tuple(answer.errors),
    }


def _entry(member: Any) -> MemberEntry:
    """Return a line of the member list."""
    return MemberEntry(
        member_id=f"{member.ID:x}",
        name=member.name,
        peer_urls=tuple(member.peerURLs),
        client_urls=tuple(member.clientURLs),
        is_learner=member.isLearner,
    )
