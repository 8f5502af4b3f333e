"""What the client makes of a real kube-apiserver over a real etcd."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from api_server import ApiServer, program
from etcd_cluster import Cluster, programs, running
from waiting import until

from haops.connectors.kubernetes import connect, reads
from haops.connectors.seam import ApiClient
from haops.errors import ConnectFailed, Denied, TimedOut

pytestmark = [pytest.mark.slow, pytest.mark.control_plane]


@dataclass
class Plane:
    """The server, its etcd, and a client that may do everything."""

    server: ApiServer
    etcd: Cluster
    api: ApiClient


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A ready API server."""
    found, etcds = program("kube-apiserver"), programs()
    if found is None or "lab" not in etcds:
        pytest.skip("no kube-apiserver and current etcd here; `haops lab install` brings them")
    directory = tmp_path_factory.mktemp("plane")
    with running(directory, etcds["lab"], size=1) as etcd:
        server = ApiServer(directory, found, etcd)
        server.start()
        api = connect(server.endpoint, server.access())
        try:
            until(lambda: _ready(api), within_s=90)
            yield Plane(server, etcd, api)
        finally:
            api.close()
            server.stop()


def _ready(api: ApiClient) -> bool:
    """Return whether the server calls itself ready."""
    return reads.readyz(api, timeout_s=2).http_status == 200


def test_a_ready_server_has_no_failed_checks_and_a_version(plane: Plane) -> None:
    """Ready, alive, and the version that kubectl would show."""
    answer = reads.readyz(plane.api, timeout_s=5)
    assert (answer.http_status, answer.failed_checks) == (200, ())
    assert reads.livez(plane.api, timeout_s=5)
    assert reads.version(plane.api, timeout_s=5).startswith("v1.")


def test_more_nodes_than_a_page_holds_are_all_listed(plane: Plane) -> None:
    """The real server pages at 500, and the token leads on."""
    for number in range(620):
        node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"n{number:03}"}}
        answer = plane.api.request("POST", "/api/v1/nodes", timeout_s=10, body=json.dumps(node).encode())
        assert answer.status == 201
    found = [node.metadata.name for node in reads.nodes(plane.api, timeout_s=10)]
    assert found == [f"n{number:03}" for number in range(620)]


def test_the_servers_own_lease_is_read(plane: Plane) -> None:
    """A real Lease has a holder and a time of renewal, and the answer tells the server's time."""
    found, date = until(lambda: _if_any(reads.leases(plane.api, "kube-system", timeout_s=5)))
    assert found[0].spec.holder_identity
    assert found[0].spec.renew_time
    assert date.endswith("GMT")


def _if_any(answer: tuple[tuple[reads.LeaseObject, ...], str]) -> tuple[tuple[reads.LeaseObject, ...], str] | None:
    """Return the answer if there are leases in it."""
    return answer if answer[0] else None


def test_somebody_without_rights_is_denied_in_the_servers_words(plane: Plane) -> None:
    """Readiness is for everybody, nodes are not."""
    stranger = connect(plane.server.endpoint, plane.server.access(plane.server.stranger))
    assert reads.readyz(stranger, timeout_s=5).http_status == 200
    with pytest.raises(Denied, match="cannot list resource"):
        list(reads.nodes(stranger, timeout_s=5))
    stranger.close()


def test_a_frozen_etcd_shows_as_a_failed_check(plane: Plane) -> None:
    """The server answers 500 and says that it is etcd; when etcd goes on, the server is ready again."""
    plane.etcd.freeze("m1")
    try:
        until(lambda: "etcd" in reads.readyz(plane.api, timeout_s=5).failed_checks)
    finally:
        plane.etcd.thaw("m1")
    until(lambda: _ready(plane.api), within_s=60)


def test_a_frozen_server_is_given_up_at_the_deadline(plane: Plane) -> None:
    """A kept connection times out with the outcome unknown; a new one was asked nothing."""
    assert plane.server.process
    fresh = connect(plane.server.endpoint, plane.server.access())
    os.kill(plane.server.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(TimedOut, match=r"timed out 0\.5 s"):
            reads.readyz(plane.api, timeout_s=0.5)
        with pytest.raises(ConnectFailed, match=r"timed out 0\.5 s"):
            reads.readyz(fresh, timeout_s=0.5)
    finally:
        os.kill(plane.server.process.pid, signal.SIGCONT)
    until(lambda: _ready(plane.api), within_s=60)
    fresh.close()


def test_a_killed_server_refuses_and_is_found_again_after_its_restart(plane: Plane) -> None:
    """The same client says `refused` while it is gone, and is answered when it is back."""
    plane.server.stop()
    with pytest.raises(ConnectFailed, match="refused"):
        reads.readyz(plane.api, timeout_s=5)
    plane.server.start()
    until(lambda: _ready(plane.api), within_s=90)
