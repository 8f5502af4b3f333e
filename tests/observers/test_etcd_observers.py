"""What is seen of etcd: its members over the wire, and what lies on the hosts' disks. Shown on real members."""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from etcd_cluster import Cluster, programs, running
from real_connections import RealConnections, ScriptShell
from waiting import until

from haops.core.inventory import Host, Inventory, Layout
from haops.core.observations import Kind, Observation
from haops.observers import new_observers
from haops.observers.observer import Observer
from haops.runtime.clock import SystemClock

pytestmark = pytest.mark.slow
CLOCK = SystemClock()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three members for one test, in a directory whose name no script may stumble over."""
    found = programs()
    if not found:
        pytest.skip("no etcd here")
    directory = tmp_path / 'it\'s a "$(touch oops)" directory'
    directory.mkdir()
    with running(directory, list(found.values())[-1]) as cluster:
        yield cluster


@pytest.fixture
def connections(cluster: Cluster) -> Iterator[RealConnections]:
    """Connections to the members, and a shell for the host of the first."""
    path = f"{cluster.bin}:/usr/bin:/bin"
    access = replace(cluster.access, backup_directory=str(cluster.directory / "backups"))
    hosts = tuple(Host(name=member.host, address="127.0.0.1") for member in cluster.members)
    inventory = Inventory(cluster="test", layout=Layout.SYSTEMD, hosts=hosts, etcd=access)
    made = RealConnections(inventory, {"h-m1": ScriptShell(path)})
    yield made
    made.close()


def _look(observer: Observer, connections: RealConnections, group: str, *, thorough: bool = False) -> Observation:
    """Return the one observation of a group."""
    (seen,) = observer.observe(connections, group, timeout_s=2.0, clock=CLOCK, thorough=thorough)
    return seen


def test_members_are_seen_one_by_one_with_where_and_when(cluster: Cluster, connections: RealConnections) -> None:
    """Each is a group of its own; its observation has its address, its time and its own words."""
    observer = new_observers()["etcd.members"]
    assert observer.groups(connections.inventory) == ("m1", "m2", "m3")
    seen = [_look(observer, connections, name) for name in ("m1", "m2", "m3")]
    assert [each.subject for each in seen] == ["m1", "m2", "m3"]
    assert [each.source for each in seen] == [member.client_url for member in cluster.members]
    assert {each.kind for each in seen} == {Kind.ETCD_MEMBER}
    assert len({each.value.leader_id for each in seen}) == 1
    assert len({(each.value.hash, each.value.hash_revision) for each in seen}) == 1


def test_hashes_compare_while_writes_go_on(cluster: Cluster, connections: RealConnections) -> None:
    """Asked one after the other under load, all three still show a hash at the same revision, and the same hash."""
    observer = new_observers()["etcd.members"]
    stop = threading.Event()
    writer_client = cluster.connect("m2")

    def write() -> None:
        while not stop.is_set():
            writer_client.put("load", "x" * 1000, timeout_s=5)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [_look(observer, connections, name, thorough=True).value for name in ("m1", "m2", "m3")]
    finally:
        stop.set()
        writer.join()
    assert len({each.revision for each in seen}) > 1, "nothing was written meanwhile"
    assert len({(each.hash, each.hash_revision, each.compact_revision) for each in seen}) == 1
    assert seen[0].hash is not None


def test_hashes_from_before_a_restore_are_forgotten(tmp_path: Path, connections: RealConnections) -> None:
    """Another cluster at the same addresses: its members show their own hash at once, and never the old one."""
    observer = new_observers()["etcd.members"]
    before = _look(observer, connections, "m1").value
    etcd = connections.inventory.etcd
    assert etcd
    with running(tmp_path, list(programs().values())[-1]) as other:
        members = tuple(
            replace(member, client_url=new.client_url) for member, new in zip(etcd.members, other.members, strict=True)
        )
        moved = replace(other.access, members=members)
        restored = RealConnections(replace(connections.inventory, etcd=moved))
        written = other.connect("m1").put("restored", "yes", timeout_s=2)
        after = _look(observer, restored, "m1").value
        restored.close()
    assert after.cluster_id != before.cluster_id
    assert after.hash_revision == written
    assert after.hash not in (None, before.hash)


def test_a_dead_member_is_refused_and_a_frozen_one_timed_out(cluster: Cluster, connections: RealConnections) -> None:
    """Both are errors in a few words; the member that is left says that it has no leader, which is a value."""
    observer = new_observers()["etcd.members"]
    for name in ("m1", "m2", "m3"):
        _look(observer, connections, name)
    cluster.kill("m2")
    cluster.freeze("m3")
    assert until(lambda: _look(observer, connections, "m2").error == "refused")
    assert _look(observer, connections, "m3").error == "timed out 2.0 s"
    alone = until(lambda: _without_leader(_look(observer, connections, "m1")))
    assert alone.ok
    assert alone.value.hash is not None


def _without_leader(seen: Observation) -> Observation | None:
    """Return the observation if the member knows no leader."""
    return seen if seen.ok and not seen.value.leader_id else None


def test_a_member_with_a_missing_certificate_says_which_file(connections: RealConnections) -> None:
    """The file's path is part of the few words, because the address beside them does not tell."""
    etcd = connections.inventory.etcd
    assert etcd
    broken = RealConnections(replace(connections.inventory, etcd=replace(etcd, key="/no/such/key.pem")))
    seen = _look(new_observers()["etcd.members"], broken, "m1")
    assert (seen.value, seen.error) == (None, "client key missing (/no/such/key.pem)")


def _data(connections: RealConnections, **etcd_fields: Any) -> Observation:
    """Return what is seen of the first host's data directory."""
    etcd = connections.inventory.etcd
    assert etcd
    inventory = replace(connections.inventory, etcd=replace(etcd, **etcd_fields))
    observer = new_observers()["etcd.data_directories"]
    assert observer.groups(inventory) == ("h-m1", "h-m2", "h-m3")
    (seen,) = observer.observe(RealConnections(inventory, connections.shells), "h-m1", timeout_s=30, clock=CLOCK)
    return seen


def test_a_member_at_work_is_running_frozen_or_not(cluster: Cluster, connections: RealConnections) -> None:
    """Its lock on the database tells, whatever a unit says; its revision is asked over the wire, not read from disk."""
    data = _data(connections).value
    assert (data.intact, data.running, data.revision) == (True, True, None)
    assert data.size_bytes == (cluster.directory / "m1/member/snap/db").stat().st_size
    assert data.wal_files >= 1
    assert data.free_bytes > 0
    assert data.modified_at_s > 0
    cluster.freeze("m1")
    assert _data(connections).value.running


def test_a_stopped_members_revision_is_read_from_a_copy(cluster: Cluster, connections: RealConnections) -> None:
    """The database is not touched, the copy is gone afterwards, and the revision is what was committed."""
    written = cluster.connect("m1").put("last", "words", timeout_s=2)
    cluster.processes["m1"].terminate()
    cluster.processes["m1"].wait()
    database = cluster.directory / "m1/member/snap/db"
    before = (hashlib.sha256(database.read_bytes()).digest(), database.stat().st_mtime_ns)
    copies = set(Path("/var/tmp").glob("haops-look.*"))
    data = _data(connections).value
    assert (data.intact, data.running, data.revision) == (True, False, written)
    assert set(Path("/var/tmp").glob("haops-look.*")) <= copies
    assert (hashlib.sha256(database.read_bytes()).digest(), database.stat().st_mtime_ns) == before
    assert data.etcdutl_version.startswith("3.")
    assert data.restore_can_bump == (data.etcdutl_version >= "3.5.10" and not data.etcdutl_version.startswith("3.5.1."))


def test_a_killed_members_revision_is_at_most_what_was_written(cluster: Cluster, connections: RealConnections) -> None:
    """What was only in the log when it died is not in the database: the number is a lower bound."""
    written = cluster.connect("m1").put("last", "words", timeout_s=2)
    cluster.kill("m1")
    assert 0 <= _data(connections).value.revision <= written


def test_a_damaged_database_has_no_revision(cluster: Cluster, connections: RealConnections) -> None:
    """The files are there, but etcdutl cannot read them; that is known as not known."""
    cluster.kill("m1")
    (cluster.directory / "m1/member/snap/db").write_bytes(b"garbage" * 10_000)
    data = _data(connections).value
    assert (data.intact, data.revision) == (True, None)


@pytest.mark.parametrize("lost", ["member/snap/db", "member/wal", "member", ""])
def test_a_lost_data_directory_is_not_intact(cluster: Cluster, connections: RealConnections, lost: str) -> None:
    """Without the database or without a log there is nothing to start."""
    cluster.kill("m1")
    place = cluster.directory / "m1" / lost
    place.rename(cluster.directory / "aside")
    data = _data(connections).value
    assert (data.intact, data.running, data.revision) == (False, False, None)
    assert data.free_bytes > 0


def test_an_empty_database_is_not_intact(cluster: Cluster, connections: RealConnections) -> None:
    """A file of no bytes is what a full disk leaves behind."""
    cluster.kill("m1")
    (cluster.directory / "m1/member/snap/db").write_bytes(b"")
    assert not _data(connections).value.intact


def test_backups_are_listed_newest_first_and_odd_names_left_out(cluster: Cluster, connections: RealConnections) -> None:
    """A name with a line break could otherwise say anything about the host."""
    backups = cluster.directory / "backups"
    backups.mkdir()
    names = ["old.db", "new.db", "readme.txt", "x\nintact=no.db", "a b.db"]
    for at_s, name in enumerate(names, start=1):
        (backups / name).write_text("")
        os.utime(backups / name, (at_s, at_s))
    data = _data(connections).value
    assert data.backups == (str(backups / "new.db"), str(backups / "old.db"))
    assert data.intact


def test_a_host_without_etcdutl_still_tells_what_it_has(cluster: Cluster, connections: RealConnections) -> None:
    """No version, no bump, no revision; the rest is as true as before."""
    cluster.kill("m1")
    connections.shells["h-m1"].path = "/usr/bin:/bin"
    data = _data(connections).value
    assert (data.intact, data.revision, data.etcdutl_version, data.restore_can_bump) == (True, None, "", False)


def test_a_revision_that_takes_too_long_to_read_hides_nothing_else(
    cluster: Cluster, connections: RealConnections, tmp_path: Path
) -> None:
    """A large database on a slow disk is whole all the same; calling it lost would open the way to an old snapshot."""
    cluster.kill("m1")
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "etcdutl").write_text('#!/bin/sh\n[ "$1" != snapshot ] || [ "$2" != status ] || sleep 60\n')
    (slow / "etcdutl").chmod(0o755)
    connections.shells["h-m1"].path = f"{slow}:/usr/bin:/bin"
    observer = new_observers()["etcd.data_directories"]
    (seen,) = observer.observe(connections, "h-m1", timeout_s=4, clock=CLOCK)
    assert seen.ok, seen.error
    assert (seen.value.intact, seen.value.revision) == (True, None)


def test_a_host_that_says_something_else_is_an_error(connections: RealConnections) -> None:
    """A login banner, a cut answer or a script that fails is not taken for facts about etcd."""
    for program, words in (("true", "lacks intact"), ("false", "ended with 1"), ("echo", "lacks size_bytes")):
        connections.shells["h-m1"].program = program
        assert words in _data(connections).error


def test_a_host_that_is_not_reached_is_an_error(connections: RealConnections) -> None:
    """The connector's words come through."""
    connections.shells["h-m1"].broken = True
    assert _data(connections).error == "refused"
