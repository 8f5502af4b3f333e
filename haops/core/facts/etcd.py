"""Facts about etcd: its members by their own Status, and what lies in the data directories of their hosts."""

from collections.abc import Iterator

from haops.core.facts.registry import Seen, fact, host_fact
from haops.core.observations import EtcdData, EtcdMember, Kind
from haops.core.quorum import quorum

_MEMBERS = Kind.ETCD_MEMBER
_DATA = Kind.ETCD_DATA
SMALLEST_BUMP = 1_000_000_000
"""Revisions added on restore at least, so that no watcher ever saw them (OpenShift's cluster-restore.sh)."""
CLOSE_ENOUGH = 100
"""Raft entries that a member may lag behind without being called behind."""


def is_healthy(member: EtcdMember) -> bool:
    """Return whether a member that answered is a voter that knows a leader and reports no error."""
    return bool(member.leader_id) and not member.errors and not member.is_learner


@fact("etcd.members_expected", "members in the inventory")
def _members_expected(seen: Seen) -> int | None:
    return len(seen.inventory.etcd.members) if seen.inventory.etcd else None


@fact("etcd.quorum", "members that must agree: a majority of those expected")
def _quorum(seen: Seen) -> int | None:
    return quorum(len(seen.inventory.etcd.members)) if seen.inventory.etcd else None


@fact("etcd.members_known", "members that the cluster has by what its answering members say themselves", _MEMBERS)
def _members_known(seen: Seen) -> int | None:
    # They differ while membership changes; the largest number is the most careful.
    # 0 is a learner's: it answers Status, but no MemberList.
    return max((member.members_known for _, member in seen.etcd_members() if member.members_known), default=None)


@fact("etcd.members_unasked", "members that could not be asked: no key here, or they refuse who we are", _MEMBERS)
def _members_unasked(seen: Seen) -> int | None:
    return seen.unasked(_MEMBERS) if seen.looked_at(_MEMBERS) else None


def _member_names(seen: Seen) -> tuple[str, ...]:
    """Return the names of the members expected."""
    return tuple(member.name for member in seen.inventory.etcd.members) if seen.inventory.etcd else ()


def _is_open_question(seen: Seen, sure: int) -> bool:
    """Return whether members of which nothing is known may make the difference between quorum and none."""
    unknown = seen.unknown(_MEMBERS, _member_names(seen))
    return unknown > 0 and sure < (_quorum(seen) or 0) <= sure + unknown


@fact("etcd.members_answering", "members that answer Status", _MEMBERS)
def _members_answering(seen: Seen) -> int | None:
    answering = len(seen.etcd_members())
    return None if not seen.looked_at(_MEMBERS) or _is_open_question(seen, answering) else answering


@fact("etcd.members_healthy", "members that answer, know a leader, report no error and are voters", _MEMBERS)
def _members_healthy(seen: Seen) -> int | None:
    healthy = sum(is_healthy(member) for _, member in seen.etcd_members())
    return None if not seen.looked_at(_MEMBERS) or _is_open_question(seen, healthy) else healthy


@fact("etcd.members_led", "members that answer, know a leader and are voters, whatever alarms they report", _MEMBERS)
def _members_led(seen: Seen) -> int | None:
    # An alarm stops writes, not elections, and comes back with a snapshot that was taken under it.
    led = sum(bool(member.leader_id) and not member.is_learner for _, member in seen.etcd_members())
    return None if not seen.looked_at(_MEMBERS) or _is_open_question(seen, led) else led


@fact("etcd.has_quorum", "whether a majority of the members expected is healthy", _MEMBERS)
def _has_quorum(seen: Seen) -> bool | None:
    healthy = _members_healthy(seen)
    needed = _quorum(seen)
    return None if healthy is None or needed is None else healthy >= needed


@fact("etcd.learners", "members that answer and are learners", _MEMBERS)
def _learners(seen: Seen) -> int | None:
    return sum(member.is_learner for _, member in seen.etcd_members()) if seen.looked_at(_MEMBERS) else None


@fact("etcd.leaders", "different leaders that answering members name", _MEMBERS)
def _leaders(seen: Seen) -> int | None:
    if not seen.looked_at(_MEMBERS):
        return None
    return len({member.leader_id for _, member in seen.etcd_members() if member.leader_id})


@fact("etcd.cluster_ids", "different cluster ids that answering members name", _MEMBERS)
def _cluster_ids(seen: Seen) -> int | None:
    return len({member.cluster_id for _, member in seen.etcd_members()}) if seen.looked_at(_MEMBERS) else None


@fact("etcd.cluster_id", "the cluster id, when all answering members name the same", _MEMBERS)
def _cluster_id(seen: Seen) -> str | None:
    ids = {member.cluster_id for _, member in seen.etcd_members()}
    return ids.pop() if len(ids) == 1 else None


@fact("etcd.newest_revision", "the highest revision that an answering member has", _MEMBERS)
def _newest_revision(seen: Seen) -> int | None:
    return max((member.revision for _, member in seen.etcd_members()), default=None)


@fact("etcd.newest_host", "the host of the answering member with the highest revision", _MEMBERS)
def _newest_host(seen: Seen) -> str | None:
    voters = [(address, member) for address, member in seen.etcd_members() if not member.is_learner]
    # Members of an idle cluster have equal revisions: the longer log decides.
    newest = max(voters, key=lambda pair: (pair[1].revision, pair[1].raft_index), default=None)
    return newest[0].host if newest else None


@fact(
    "etcd.watermark_revision",
    "the highest revision that a member or its data ever showed while haops looked",
    _MEMBERS,
    _DATA,
)
def _watermark_revision(seen: Seen) -> int | None:
    # Of all looks, not of the last ones: a member that was restored shows less than watchers have seen.
    return seen.picture.highest_revision or None


@fact("etcd.revision_bump", "revisions to add on restore, so that no watcher ever saw them; 0 if etcdutl cannot", _DATA)
def _revision_bump(seen: Seen) -> int | None:
    if not seen.looked_at(_DATA):
        return None
    watermark = _watermark_revision(seen) or 0
    # A fifth more, for writes that nobody saw; in whole numbers, as a float would round large revisions.
    return max(SMALLEST_BUMP, watermark * 12 // 10) if _restore_can_bump(seen) else 0


@fact("etcd.restore_can_bump", "whether etcdutl knows --bump-revision on every etcd host that was looked at", _DATA)
def _restore_can_bump(seen: Seen) -> bool | None:
    return all(found.restore_can_bump for _, found in _data(seen)) if seen.looked_at(_DATA) else None


@fact("etcd.hashes_equal", "whether all members expected have the same hash at the same revision", _MEMBERS)
def _hashes_equal(seen: Seen) -> bool | None:
    members = [member for _, member in seen.etcd_members()]
    # The same revision is not enough: the hash covers only what compaction has left.
    points = {(member.hash_revision, member.compact_revision) for member in members}
    comparable = len(points) == 1 and all(member.hash is not None for member in members)
    if not comparable or len(members) != _members_expected(seen):
        return None
    return len({member.hash for member in members}) == 1


@fact("etcd.size_bytes", "the largest database among answering members and data directories", _MEMBERS, _DATA)
def _size_bytes(seen: Seen) -> int | None:
    sizes = [member.size_bytes for _, member in seen.etcd_members()]
    return max((*sizes, *(found.size_bytes for _, found in _data(seen))), default=None)


@fact("etcd.alarms", "alarms that answering members report (NOSPACE, CORRUPT)", _MEMBERS)
def _alarms(seen: Seen) -> tuple[str, ...] | None:
    if not seen.looked_at(_MEMBERS):
        return None
    # Status names alarms among its errors and answers without quorum; AlarmList goes through raft.
    texts = " ".join(error for _, member in seen.etcd_members() for error in member.errors)
    return tuple(alarm for alarm in ("NOSPACE", "CORRUPT") if alarm in texts)


@fact("etcd.raft_lag", "raft entries between the furthest and the last answering member", _MEMBERS)
def _raft_lag(seen: Seen) -> int | None:
    # Before etcd 3.4 Status has no applied index.
    applied = [member.applied_index or member.raft_index for _, member in seen.etcd_members()]
    return max(applied) - min(applied) if applied else None


@fact("etcd.intact", "hosts whose etcd data directory is whole (running members count)", _DATA)
def _intact(seen: Seen) -> int | None:
    return sum(found.intact for _, found in _data(seen)) if seen.looked_at(_DATA) else None


@fact("etcd.data_unknown", "hosts whose etcd data directory could not be looked at: it may be whole", _DATA)
def _data_unknown(seen: Seen) -> int | None:
    if not seen.looked_at(_DATA) or not seen.inventory.etcd:
        return None
    return len({member.host for member in seen.inventory.etcd.members} - dict(_data(seen)).keys())


@fact("etcd.intact_stopped", "hosts whose etcd data directory is whole while etcd is not running", _DATA)
def _intact_stopped(seen: Seen) -> int | None:
    return len(_stopped(seen)) if seen.looked_at(_DATA) else None


@fact("etcd.intact_silent", "hosts whose etcd data directory is whole and whose member is silent", _MEMBERS, _DATA)
def _intact_silent(seen: Seen) -> int | None:
    if not (seen.looked_at(_DATA) and seen.looked_at(_MEMBERS)):
        return None
    answering = {address.host for address, _ in seen.etcd_members()}
    return sum(found.intact and host not in answering for host, found in _data(seen))


@fact("etcd.backup_directory", "where snapshots are kept on the hosts")
def _backup_directory(seen: Seen) -> str | None:
    return seen.inventory.etcd.backup_directory if seen.inventory.etcd else None


@fact("etcd.newest_stopped_host", "the host with the newest whole data directory of a stopped etcd", _DATA)
def _newest_stopped_host(seen: Seen) -> str | None:
    stopped = _stopped(seen)
    # A revision that could not be read in time says nothing of what is newer: the last write does.
    comparable = all(found.revision is not None for _, found in stopped)
    newest = max(
        stopped, key=lambda pair: ((pair[1].revision or 0) if comparable else 0, pair[1].modified_at_s), default=None
    )
    return newest[0] if newest else None


@fact("etcd.newest_stopped_revision", "the revision in the newest whole data directory of a stopped etcd", _DATA)
def _newest_stopped_revision(seen: Seen) -> int | None:
    # One that could not be read counts as none: too old is better than made up.
    return max((found.revision or 0 for _, found in _stopped(seen)), default=None)


def _data(seen: Seen) -> Iterator[tuple[str, EtcdData]]:
    """Yield (host, data directory) of the hosts that could be looked at."""
    return seen.values(_DATA)


def _stopped(seen: Seen) -> list[tuple[str, EtcdData]]:
    """Return the hosts with a whole data directory and no etcd running."""
    return [(host, found) for host, found in _data(seen) if found.intact and not found.running]


@host_fact("host.etcd_answering", "whether this host's etcd member answers Status", _MEMBERS)
def _host_answering(seen: Seen, host: str) -> bool | None:
    if not seen.looked_at(_MEMBERS):
        return None
    return any(address.host == host for address, _ in seen.etcd_members())


@host_fact("host.etcd_healthy", "whether this host's etcd member answers and knows a leader without error", _MEMBERS)
def _host_healthy(seen: Seen, host: str) -> bool | None:
    if not seen.looked_at(_MEMBERS):
        return None
    return any(address.host == host and is_healthy(member) for address, member in seen.etcd_members())


@host_fact("host.etcd_intact", "whether this host's etcd data directory is whole", _DATA)
def _host_intact(seen: Seen, host: str) -> bool | None:
    found: EtcdData | None = seen.picture.value(_DATA, host)
    return found.intact if found else None


@host_fact("host.etcd_running", "whether an etcd process runs on this host", _DATA)
def _host_running(seen: Seen, host: str) -> bool | None:
    found: EtcdData | None = seen.picture.value(_DATA, host)
    return found.running if found else None


@host_fact("host.free_bytes", "free space where this host's etcd data lies", _DATA)
def _host_free_bytes(seen: Seen, host: str) -> int | None:
    found: EtcdData | None = seen.picture.value(_DATA, host)
    return found.free_bytes if found else None


@host_fact("host.etcd_size_bytes", "size of this host's etcd database", _DATA)
def _host_size_bytes(seen: Seen, host: str) -> int | None:
    found: EtcdData | None = seen.picture.value(_DATA, host)
    return found.size_bytes if found else None
