"""The writer against a real kube-apiserver: ConfigMaps in a namespace of its own, created by POST and listed back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from api_server import ApiServer
from etcd_cluster import Cluster, running
from real_programs import find_programs
from waiting import until

from haops.connectors.kubernetes import connect, reads
from haops.connectors.seam import ApiClient
from haops.errors import ProgramMissing
from haops.lab.writer.places import NAMESPACE
from haops.lab.writer.remote import Writer

pytestmark = [pytest.mark.slow, pytest.mark.control_plane]


@dataclass
class Plane:
    """A ready API server, its etcd, a client, and the inventory file of both."""

    server: ApiServer
    etcd: Cluster
    api: ApiClient
    inventory: Path


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """One API server over one member."""
    try:
        found = find_programs("control-plane")
    except ProgramMissing as error:
        pytest.skip(str(error))
    directory = tmp_path_factory.mktemp("plane")
    with running(directory, found["etcd"].parent, size=1) as etcd:
        server = ApiServer(directory, found["kube-apiserver"], etcd)
        server.start()
        api = connect(server.endpoint, server.access())
        try:
            until(lambda: reads.readyz(api, timeout_s=2).http_status == 200, within_s=90)
            yield Plane(server, etcd, api, _inventory(directory, server))
        finally:
            api.close()
            server.stop()


def _inventory(directory: Path, server: ApiServer) -> Path:
    """Write an inventory of the API server."""
    content = {
        "apiVersion": "haops/v1",
        "kind": "Inventory",
        "cluster": "test",
        "layout": "kubeadm",
        "hosts": [{"name": "cp1", "address": "127.0.0.1", "roles": ["control-plane"]}],
        "kubernetes": {
            "kubeconfig": server.access().kubeconfig,
            "endpoints": [{"name": "cp1", "host": "cp1", "url": server.endpoint.url}],
        },
    }
    path = directory / "inventory.yaml"
    path.write_text(json.dumps(content))
    return path


def test_acknowledged_config_maps_are_found_over_many_pages(plane: Plane, tmp_path: Path) -> None:
    """More writes than one page of a list holds: each acknowledged one is found."""
    with Writer.start(plane.inventory, tmp_path / "writes.jsonl", rate_per_s=200) as writer:
        writer.await_acknowledged(300)
        verdict = writer.check()
    assert verdict.acknowledged >= 300
    assert verdict.lost == ()


def test_deleted_config_map_is_named_as_lost(plane: Plane, tmp_path: Path) -> None:
    """A write that was acknowledged and is gone is named, and only that one."""
    record = tmp_path / "writes.jsonl"
    with Writer.start(plane.inventory, record, rate_per_s=50) as writer:
        writer.await_acknowledged(20)
        key = json.loads(record.read_text().splitlines()[3])["key"]
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{key}"
        assert plane.api.request("DELETE", path, timeout_s=5).status == 200
        assert writer.check().lost == (key,)


def test_api_server_that_is_gone_is_an_outage(plane: Plane, tmp_path: Path) -> None:
    """While the API server is dead nothing is acknowledged; what was acknowledged before is there afterwards."""
    with Writer.start(plane.inventory, tmp_path / "writes.jsonl") as writer:
        writer.await_acknowledged(20)
        plane.server.stop()
        until(lambda: writer.status().outages)
        plane.server.start()
        writer.await_acknowledged(10, within_s=90)
        verdict = writer.check()
    assert verdict.lost == ()
    assert verdict.unknown >= 1
    assert verdict.outage_s is not None
