"""The writer against real clusters: what it calls acknowledged is there, and what is gone it names."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from etcd_cluster import Cluster, running
from waiting import until

from haops.errors import HaopsError, LabError
from haops.lab.programs import locate_programs
from haops.lab.writer.record import Outage, Write, WriteRecord, outages
from haops.lab.writer.remote import Writer


def write(number: int, *, acknowledged: bool) -> Write:
    """Return the write of that second."""
    return Write(f"w-{number}", acknowledged, f"2026-01-01T00:00:{number:02d}+00:00", float(number))


def test_record_is_on_file_before_the_next_write(tmp_path: Path) -> None:
    """Each write is a whole line in the file as soon as its outcome is known: a kill loses none."""
    path = tmp_path / "writes.jsonl"
    record = WriteRecord(path)
    record.add(write(1, acknowledged=True))
    assert json.loads(path.read_text())["key"] == "w-1"
    record.close()


def test_record_is_continued_after_a_kill(tmp_path: Path) -> None:
    """A line that a kill has cut in half is passed over, and what comes after it is read."""
    path = tmp_path / "writes.jsonl"
    first = WriteRecord(path)
    first.add(write(1, acknowledged=True))
    first.close()
    with path.open("a") as file:
        file.write('{"key": "w-2", "ackn')
    second = WriteRecord(path)
    second.add(write(3, acknowledged=True))
    second.close()
    third = WriteRecord(path)
    third.close()
    assert [each.key for each in third.writes] == ["w-1", "w-3"]


def test_outage_lasts_from_the_first_failure_to_the_first_success() -> None:
    """Each run of failures is one outage; one without an end is still on."""
    writes = [write(n, acknowledged=n in {1, 4, 5}) for n in range(1, 8)]
    first, second = outages(writes)
    assert (first.began_monotonic_s, first.ended_monotonic_s) == (2.0, 4.0)
    assert second == Outage("2026-01-01T00:00:06+00:00", 6.0)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three real members on loopback."""
    (tmp_path / "etcd").mkdir()
    with running(tmp_path / "etcd", locate_programs("etcd")[0].path.parent) as cluster:
        yield cluster


@pytest.fixture
def inventory(tmp_path: Path, cluster: Cluster) -> Path:
    """The inventory file of the cluster."""
    access = cluster.access
    members = [
        {"name": m.name, "host": m.host, "client_url": m.client_url, "peer_url": m.peer_url} for m in cluster.members
    ]
    content = {
        "apiVersion": "haops/v1",
        "kind": "Inventory",
        "cluster": "test",
        "layout": "systemd",
        "hosts": [
            {"name": m.host, "address": f"127.0.1.{n}", "roles": ["etcd"]} for n, m in enumerate(cluster.members)
        ],
        "etcd": {"ca": access.ca, "certificate": access.certificate, "key": access.key, "members": members},
    }
    path = tmp_path / "inventory.yaml"
    path.write_text(json.dumps(content))
    return path


Start = Callable[[], Writer]


@pytest.fixture
def start(tmp_path: Path, inventory: Path) -> Iterator[Start]:
    """Return a function that starts a writer on one record; all are stopped in the end."""
    writers: list[Writer] = []

    def start_writer() -> Writer:
        writers.append(Writer.start(inventory, tmp_path / "writes.jsonl", rate_per_s=40))
        return writers[-1]

    yield start_writer
    for writer in writers:
        writer.stop()


@pytest.mark.slow
def test_nothing_is_lost_on_a_healthy_cluster(start: Start) -> None:
    """Every write of a calm cluster is acknowledged and there."""
    writer = start()
    writer.await_acknowledged(40)
    verdict = writer.check()
    assert verdict.acknowledged >= 40
    assert (verdict.lost, verdict.unknown, verdict.outages, verdict.outage_s) == ((), 0, (), None)


@pytest.mark.slow
def test_outage_is_seen_and_unknown_writes_are_not_counted(cluster: Cluster, start: Start) -> None:
    """Without quorum no write is acknowledged; the outage ends when one goes through again, and none is lost."""
    writer = start()
    writer.await_acknowledged(20)
    cluster.kill("m2")
    cluster.kill("m3")
    until(lambda: writer.status().outages)
    during = writer.status().acknowledged
    until(lambda: writer.status().unknown >= 3)
    assert writer.status().acknowledged == during
    cluster.start("m2")
    writer.await_acknowledged(10)
    verdict = writer.check()
    assert verdict.lost == ()
    assert verdict.unknown >= 3
    assert verdict.outage_s is not None
    assert verdict.outage_s > 1.0


@pytest.mark.slow
def test_one_dead_member_of_three_stops_nothing(cluster: Cluster, start: Start) -> None:
    """Every endpoint is tried in turn: a dead one costs no acknowledged write."""
    writer = start()
    writer.await_acknowledged(10)
    cluster.kill("m1")
    writer.await_acknowledged(40)
    assert writer.check().lost == ()


@pytest.mark.slow
def test_lost_writes_are_named(cluster: Cluster, start: Start, tmp_path: Path) -> None:
    """After the data is gone and the cluster made anew, exactly the writes from before are named as lost."""
    writer = start()
    writer.await_acknowledged(25)
    for member in cluster.members:
        cluster.kill(member.name)
    acknowledged_before = writer.status().acknowledged
    for member in cluster.members:
        shutil.rmtree(tmp_path / "etcd" / member.name)
    cluster.start_all()
    writer.await_acknowledged(10)
    verdict = writer.check()
    assert len(verdict.lost) == acknowledged_before
    assert verdict.acknowledged >= acknowledged_before + 10


@pytest.mark.slow
def test_killed_writer_loses_no_acknowledged_write(cluster: Cluster, start: Start) -> None:
    """A second writer goes on with the record of one that was killed, and answers for its writes too."""
    first = start()
    first.await_acknowledged(25)
    os.kill(first._process.pid, signal.SIGKILL)
    with pytest.raises(LabError, match="the writer has ended"):
        until(lambda: first.status() is None)
    second = start()
    second.await_acknowledged(10)
    verdict = second.check()
    assert verdict.acknowledged >= 35
    assert verdict.lost == ()
    client = cluster.connect("m1")
    client.close()


@pytest.mark.slow
def test_a_writer_that_was_killed_can_be_asked_and_stopped(start: Start) -> None:
    """What could not be sent to it is no trouble on the way out: the drill still ends in order."""
    writer = start()
    writer.await_acknowledged(1)
    os.kill(writer._process.pid, signal.SIGKILL)
    writer._process.wait(20)
    with pytest.raises(LabError, match="the writer has ended"):
        writer.status()
    writer.stop()
    assert writer._process.returncode == -signal.SIGKILL


@pytest.mark.slow
def test_writer_ends_with_whoever_started_it(start: Start) -> None:
    """When nobody asks any more (a drill that was killed), the writer ends by itself."""
    writer = start()
    writer.await_acknowledged(1)
    assert writer._process.stdin
    writer._process.stdin.close()
    assert writer._process.wait(20) == 0


@pytest.mark.slow
def test_cluster_that_cannot_be_read_is_an_error(cluster: Cluster, start: Start) -> None:
    """If the writes cannot be read back, that is said; nothing is called lost or kept on a guess."""
    writer = start()
    writer.await_acknowledged(60)
    cluster.kill("m2")
    cluster.kill("m3")
    with pytest.raises(HaopsError, match="could not be read back"):
        writer.check(within_s=0.5)


@pytest.mark.slow
def test_writes_come_at_a_small_steady_pace(start: Start) -> None:
    """The writer is no load: it never writes faster than it was told."""
    began_s = time.monotonic()
    writer = start()
    writer.await_acknowledged(40)
    assert writer.status().acknowledged <= 40 * (time.monotonic() - began_s) + 1
