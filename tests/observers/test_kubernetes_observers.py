"""What is seen of Kubernetes: endpoints one by one; leases and nodes from whichever endpoint answers. Over real TLS."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from answering import answering, http
from api_server import write_kubeconfig
from certificates import Authority
from etcd_cluster import free_ports
from real_connections import RealConnections

from haops.core.inventory import ApiEndpointAddress, Inventory, KubernetesAccess, Layout
from haops.core.observations import ApiEndpoint, Observation
from haops.observers import new_observers
from haops.observers.observer import Observer
from haops.runtime.clock import SystemClock

CLOCK = SystemClock()
RENEWED_AT = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)


class Server:
    """An API server by its paths: what it says to each, and whether it hangs instead."""

    def __init__(self) -> None:
        self.says: dict[str, tuple[str, bytes]] = {}
        self.hangs_on: tuple[str, ...] = ()
        self.asked: list[str] = []
        self.date = ""

    def __call__(self, connection: socket.socket, head: bytes) -> None:
        """Answer one request."""
        target = head.split(b" ")[1].decode()
        self.asked.append(target)
        if target in self.hangs_on:
            time.sleep(30)
        status, body = self.says.get(target.partition("?")[0], ("404 Not Found", b"{}"))
        http(status, body, *([f"Date: {self.date}"] if self.date else []))(connection, head)

    def lists(self, path: str, *items: dict[str, Any]) -> None:
        """Answer a list."""
        self.says[path] = ("200 OK", json.dumps({"metadata": {}, "items": items}).encode())


@contextmanager
def _plane(directory: Path, *servers: Server | None) -> Iterator[RealConnections]:
    """Yield connections to endpoints cp1, cp2, ...; None is one where nobody listens."""
    authority = Authority(directory)
    serving = authority.issue("apiserver")
    certificate, key = authority.issue("admin")
    write_kubeconfig(directory / "admin.conf", ca=authority.path, certificate=certificate, key=key)
    with ExitStack() as stack:
        urls = [
            stack.enter_context(answering(server, certificate=serving))
            if server
            else f"https://127.0.0.1:{free_ports(1)[0]}"
            for server in servers
        ]
        endpoints = tuple(
            ApiEndpointAddress(name=f"cp{number}", host=f"cp{number}", url=url)
            for number, url in enumerate(urls, start=1)
        )
        access = KubernetesAccess(kubeconfig=str(directory / "admin.conf"), endpoints=endpoints)
        connections = RealConnections(Inventory(cluster="t", layout=Layout.KUBEADM, hosts=(), kubernetes=access))
        yield connections
        connections.close()


def _look(observer: Observer, connections: RealConnections, group: str) -> dict[str, Observation]:
    """Return what is seen, by subject."""
    seen = observer.observe(connections, group, timeout_s=1.5, clock=CLOCK)
    return {each.subject: each for each in seen}


def _endpoint(connections: RealConnections) -> Observation:
    """Return what is seen of cp1."""
    return _look(new_observers()["api.endpoints"], connections, "cp1")["cp1"]


def test_a_ready_endpoint_is_asked_for_its_version_once(tmp_path: Path) -> None:
    """Readiness every time, the version rarely, liveness not at all."""
    server = Server()
    server.says = {"/readyz": ("200 OK", b"ok"), "/version": ("200 OK", b'{"gitVersion": "v1.36.3"}')}
    observer = new_observers()["api.endpoints"]
    with _plane(tmp_path, server) as connections:
        assert observer.groups(connections.inventory) == ("cp1",)
        seen = [_look(observer, connections, "cp1")["cp1"].value for _ in range(3)]
    assert [(each.ready, each.live, each.version) for each in seen] == [(True, True, "v1.36.3")] * 3
    assert server.asked == ["/readyz?verbose", "/version", "/readyz?verbose", "/readyz?verbose"]


def test_an_endpoint_that_is_not_ready_is_a_value_with_its_reasons(tmp_path: Path) -> None:
    """It answered: that it is not ready is what is true of it."""
    server = Server()
    server.says = {
        "/readyz": ("500 Internal Server Error", b"[+]ping ok\n[-]etcd failed: reason withheld\n"),
        "/livez": ("200 OK", b"ok"),
    }
    with _plane(tmp_path, server) as connections:
        seen = _endpoint(connections)
    assert isinstance(seen.value, ApiEndpoint)
    assert (seen.value.http_status, seen.value.ready, seen.value.live) == (500, False, True)
    assert seen.value.failed_checks == ("etcd",)
    assert server.asked[-1] == "/livez?verbose&exclude=etcd"


def test_an_endpoint_that_waits_for_its_etcd_is_told_from_one_that_hangs(tmp_path: Path) -> None:
    """Silent about everything is an error; silent only about etcd is a value that says so."""
    waiting, hanging = Server(), Server()
    waiting.hangs_on = ("/readyz?verbose",)
    waiting.says = {"/readyz": ("200 OK", b"ok")}
    hanging.hangs_on = ("/readyz?verbose", "/readyz?verbose&exclude=etcd&exclude=etcd-readiness")
    with _plane(tmp_path, waiting, hanging) as connections:
        observer = new_observers()["api.endpoints"]
        seen = _look(observer, connections, "cp1")["cp1"]
        assert (seen.value.ready, seen.value.live, seen.value.failed_checks) == (False, True, ("etcd",))
        assert _look(observer, connections, "cp2")["cp2"].error == "timed out 1.5 s"


def test_an_endpoint_where_nobody_listens_is_refused(tmp_path: Path) -> None:
    """The words are the connector's, the source is its address."""
    with _plane(tmp_path, None) as connections:
        seen = _endpoint(connections)
        kubernetes = connections.inventory.kubernetes
    assert kubernetes
    assert (seen.error, seen.source) == ("refused", f"{kubernetes.endpoints[0].url}/readyz")


def test_a_broken_kubeconfig_is_an_error_of_the_look(tmp_path: Path) -> None:
    """An observer never raises, not even for what a person wrote."""
    with _plane(tmp_path, None) as connections:
        (tmp_path / "admin.conf").unlink()
        assert _endpoint(connections).error == f"kubeconfig missing ({tmp_path}/admin.conf)"


def _leases(**spec: str) -> dict[str, Any]:
    """Return the spec of a lease."""
    return {"metadata": {"name": "kube-scheduler"}, "spec": {"leaseDurationSeconds": 15, **spec}}


_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"


def test_a_leases_age_is_told_by_the_servers_clock(tmp_path: Path) -> None:
    """The bastion's clock may be years off; the other lease, which is not there, is an error."""
    server = Server()
    server.date = format_datetime(RENEWED_AT + timedelta(seconds=7), usegmt=True)
    server.lists(_LEASES, _leases(holderIdentity="cp2_x", renewTime="2026-11-21T03:00:00.000000Z"))
    observer = new_observers()["kubernetes.leases"]
    with _plane(tmp_path, server) as connections:
        seen = _look(observer, connections, *observer.groups(connections.inventory))
    scheduler = seen["kube-scheduler"].value
    assert (scheduler.holder, scheduler.renewed_age_s, scheduler.duration_s) == ("cp2_x", 7.0, 15)
    assert seen["kube-controller-manager"].error == "no such lease"


def test_a_lease_without_server_time_is_aged_by_ours(tmp_path: Path) -> None:
    """An answer without a Date header still has an age, never a negative one."""
    server = Server()
    server.lists(_LEASES, _leases(renewTime="2999-01-01T00:00:00Z"))
    with _plane(tmp_path, server) as connections:
        seen = _look(new_observers()["kubernetes.leases"], connections, "kube-system")
    assert seen["kube-scheduler"].value.renewed_age_s == 0.0


def _node(name: str, ready: str = "True", **labels: str) -> dict[str, Any]:
    """Return a node."""
    status = {"conditions": [{"type": "Ready", "status": ready, "reason": "R"}], "nodeInfo": {"kubeletVersion": "v1"}}
    return {"metadata": {"name": name, "labels": labels}, "spec": {}, "status": status}


@pytest.mark.parametrize(
    "date", ["Sat, 21 Nov 2026 03:00:02 -0000", "Sat, 99 Nov 2026 99:99:99 GMT", "Fri, 21 Nov 0000 00:00:00 +9999"]
)
@pytest.mark.parametrize("renewed", ["2026-11-21T03:00:00", "2026-11-21T03:00:00.000000Z", "0001-01-01T00:00:00+23:59"])
def test_strange_times_are_no_accident(tmp_path: Path, date: str, renewed: str) -> None:
    """Times without a zone, or beyond every calendar, are an age or an error, never an exception."""
    server = Server()
    server.date = date
    lease = {"metadata": {"name": "kube-scheduler"}, "spec": {"holderIdentity": "x", "renewTime": renewed}}
    server.lists("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases", lease)
    with _plane(tmp_path, server) as connections:
        seen = _look(new_observers()["kubernetes.leases"], connections, "kube-system")["kube-scheduler"]
    assert (seen.value is None) == bool(seen.error)
    assert "itself" not in seen.error


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[" * 100_000, "not an answer of Kubernetes"),
        (b'{"metadata": {"continue": "more"}, "items": []}', "has no end"),
    ],
)
def test_a_list_without_end_or_bottom_is_given_up(tmp_path: Path, body: bytes, words: str) -> None:
    """Nesting without end costs no stack, and a server that always knows of more nodes is not followed for ever."""
    server = Server()
    server.says["/api/v1/nodes"] = ("200 OK", body)
    with _plane(tmp_path, server) as connections:
        seen = new_observers()["kubernetes.nodes"].observe(connections, "all", timeout_s=20, clock=CLOCK)
    assert words in seen[0].error


def test_nodes_come_from_the_first_endpoint_that_answers(tmp_path: Path) -> None:
    """Dead and hanging endpoints are passed over, and not asked first again."""
    hanging, well = Server(), Server()
    hanging.hangs_on = ("/api/v1/nodes?limit=500",)
    roles = {"node-role.kubernetes.io/control-plane": "", "zone": "a"}
    well.lists("/api/v1/nodes", _node("n1", **roles), _node("n2", "Unknown"), {"metadata": {"name": "n3"}})
    observer = new_observers()["kubernetes.nodes"]
    with _plane(tmp_path, None, hanging, well) as connections:
        assert observer.groups(connections.inventory) == ("nodes",)
        seen = _look(observer, connections, "nodes")
        _look(observer, connections, "nodes")
    assert [seen[name].value.ready for name in ("n1", "n2", "n3")] == ["True", "Unknown", "Unknown"]
    assert (seen["n1"].value.roles, seen["n1"].value.kubelet_version) == (("control-plane",), "v1")
    assert len(hanging.asked) == 1
    assert len(well.asked) == 2


def test_nodes_that_cannot_be_seen_any_more_each_say_so(tmp_path: Path) -> None:
    """First nobody is known and the subject is `*`; later every known node has the error, and one that left is gone."""
    server = Server()
    observer = new_observers()["kubernetes.nodes"]
    with _plane(tmp_path, server) as connections:
        assert _look(observer, connections, "nodes")["*"].error.startswith("HTTP 404")
        server.lists("/api/v1/nodes", _node("n1"), _node("n2"))
        assert set(_look(observer, connections, "nodes")) == {"n1", "n2"}
        server.lists("/api/v1/nodes", _node("n1"))
        assert _look(observer, connections, "nodes")["n2"].error == "gone"
        server.says = {"/api/v1/nodes": ("403 Forbidden", b'{"message": "no"}')}
        seen = _look(observer, connections, "nodes")
    assert {name: each.error for name, each in seen.items()} == {"n1": "HTTP 403 no"}


def test_without_endpoints_nothing_is_looked_at() -> None:
    """An inventory of etcd alone has no Kubernetes to observe, and the other way round."""
    bare = Inventory(cluster="t", layout=Layout.SYSTEMD, hosts=())
    assert [observer.groups(bare) for observer in new_observers().values()] == [()] * 6


def test_every_observer_is_named_after_the_kind_that_it_yields() -> None:
    """The names are those of a runbook's `check` list."""
    assert set(new_observers()) == {
        "etcd.members",
        "etcd.data_directories",
        "api.endpoints",
        "hosts.reachable",
        "kubernetes.leases",
        "kubernetes.nodes",
    }


@pytest.mark.parametrize("name", sorted(new_observers()))
def test_observers_of_one_session_share_nothing_with_another(name: str) -> None:
    """Two sessions may watch two clusters."""
    assert new_observers()[name] is not new_observers()[name]
