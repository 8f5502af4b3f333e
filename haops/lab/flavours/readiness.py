"""Waits until a control plane serves, and opens it for its administrator.

Must never be used to judge a cluster in an incident: these are the lab's own questions while it comes up.
"""

import time
from collections.abc import Callable

from haops.errors import LabError
from haops.lab.flavours import kubeadm
from haops.lab.flavours.flavour import Site
from haops.lab.hosts import LabHost
from haops.lab.kube_api import CONFLICT, KubeApi

_MEMBER_TIMEOUT_S = 60.0
# 6 s measured on two idle cores; a busy machine takes many times as long.
_API_TIMEOUT_S = 120.0
_NODES_TIMEOUT_S = 30.0
_POLL_EVERY_S = 0.1

_ADMIN_GROUP = "kubeadm:cluster-admins"
_ADMIN_BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": _ADMIN_GROUP},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": _ADMIN_GROUP}],
}

_CONTROL_PLANE_ROLE = {"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}}}


def await_member(host: LabHost) -> None:
    """Wait until a host's own etcd member serves. LabError if it does not."""
    pki = f"{kubeadm.PKI}/etcd"
    credentials = (
        f"--cacert={pki}/ca.crt",
        f"--cert={pki}/healthcheck-client.crt",
        f"--key={pki}/healthcheck-client.key",
    )
    command = (
        "etcdctl",
        "--endpoints=https://127.0.0.1:2379",
        *credentials,
        "--command-timeout=1s",
        "endpoint",
        "health",
    )
    _poll(lambda: host.run(*command).status == 0, _MEMBER_TIMEOUT_S, lambda: f"{host.name}: etcd does not serve")


def await_apis(site: Site) -> None:
    """Wait until every API server says that it is ready. LabError naming those that do not."""
    waiting = {host.name: _as_super_admin(site, host.address) for host in site.hosts}

    def all_ready() -> bool:
        """Cross off who is ready; whether nobody is left to wait for."""
        # A list of its own: names are taken out on the way through.
        for name in [name for name, api in waiting.items() if _is_ready(api)]:
            del waiting[name]
            site.say(f"{name}: API server ready")
        return not waiting

    _poll(all_ready, _API_TIMEOUT_S, lambda: f"no ready API server on {', '.join(waiting)}")


def open_admin_access(site: Site) -> None:
    """Do what `kubeadm init` does once the API answers: admin.conf gets its rights, kubeadm its configuration."""
    first = site.hosts[0]
    api = _as_super_admin(site, first.address)
    reply = api.create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", _ADMIN_BINDING)
    if reply.status != CONFLICT:
        reply.checked("bind the administrators' group")
    # kubeadm's later commands, such as upgrade, read it from the cluster.
    kubeadm.run_phase(first, "upload-config", "kubeadm")


def await_nodes(site: Site) -> None:
    """Wait until every host's node is Ready, and give each its role, which a kubelet may not. LabError if not."""
    api = _as_super_admin(site, site.hosts[0].address)
    names = {host.name for host in site.hosts}

    def all_ready() -> bool:
        """Whether every host has a node, and all of them are Ready."""
        nodes = api.get("/api/v1/nodes").body.get("items", [])
        return names <= {node["metadata"]["name"] for node in nodes if _is_node_ready(node)}

    _poll(all_ready, _NODES_TIMEOUT_S, lambda: "the nodes did not become Ready")
    for name in names:
        api.patch(f"/api/v1/nodes/{name}", _CONTROL_PLANE_ROLE).checked(f"label node {name}")


def _as_super_admin(site: Site, address: str) -> KubeApi:
    # Since kubeadm 1.29 admin.conf has no rights until its group is bound.
    return KubeApi(site.hosts[0].disk.locate("/etc/kubernetes/super-admin.conf"), server=f"https://{address}:6443")


def _is_ready(api: KubeApi) -> bool:
    try:
        return api.get("/readyz").is_ok
    except LabError:
        return False


def _is_node_ready(node: dict[str, dict[str, list[dict[str, str]]]]) -> bool:
    conditions = node["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _poll(holds: Callable[[], bool], timeout_s: float, complaint: Callable[[], str]) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise LabError(f"{complaint()} within {timeout_s:g} s")
        time.sleep(_POLL_EVERY_S)
