"""The `control-plane` flavour is a real, highly available control plane, seen through its real API."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from lab_child import LabChild, lab_child
from real_programs import find_programs
from waiting import until

from haops.errors import ProgramMissing
from haops.lab.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.control_plane]

HOSTS = ("cp1", "cp2", "cp3")
PARK = "mkdir -p /etc/kubernetes/haops-parked; cd /etc/kubernetes/manifests; mv {} ../haops-parked/"
COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """One control plane for all tests; each leaves it serving."""
    try:
        programs = find_programs("control-plane")
    except ProgramMissing as missing:
        pytest.skip(str(missing))
    with lab_child("control-plane", tmp_path_factory.mktemp("lab"), programs=programs) as child:
        yield child


def kubectl(lab: Lab, *words: str, server: str = "") -> "subprocess.CompletedProcess[str]":
    """Run kubectl on the bastion with the administrator's kubeconfig."""
    options = [f"--server={server}"] if server else []
    command = [str(lab.files.programs / "kubectl"), "--kubeconfig", str(lab.files.kubeconfig), "--request-timeout=5s"]
    return subprocess.run([*command, *options, *words], capture_output=True, text=True, check=False, timeout=60)


def read(lab: Lab, *words: str) -> dict[str, Any]:
    """Read objects as the administrator; what is not there yet reads as empty."""
    told = kubectl(lab, "get", *words, "-o", "json")
    found: dict[str, Any] = json.loads(told.stdout) if told.returncode == 0 else {"items": []}
    return found


def shell(lab: Lab, host: str, script: str) -> str:
    """Run a script on a host."""
    return lab.host(host).run("sh", "-c", script, timeout_s=60).checked(f"{host}: {script}")


def ready_nodes(lab: Lab) -> dict[str, bool]:
    """Which nodes there are, and which of them are Ready."""
    nodes = read(lab, "nodes")["items"]
    return {node["metadata"]["name"]: _is_ready(node) for node in nodes}


def _is_ready(thing: dict[str, Any]) -> bool:
    conditions = thing["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def every_server(lab: Lab) -> list[str]:
    """Ask each API server at its own address."""
    asked = (kubectl(lab, "get", "--raw=/readyz", server=f"https://{lab.host(name).address}:6443") for name in HOSTS)
    return [told.stdout for told in asked]


def test_every_api_server_is_ready(lab: LabChild) -> None:
    """Each of three API servers says that it is ready, to the bastion's administrator, with verified TLS."""
    assert lab.run(every_server) == ["ok"] * 3


def nodes_and_roles(lab: Lab) -> tuple[dict[str, bool], list[bool]]:
    """Look at the nodes."""
    nodes = read(lab, "nodes")["items"]
    return ready_nodes(lab), ["node-role.kubernetes.io/control-plane" in node["metadata"]["labels"] for node in nodes]


def test_every_host_is_a_ready_control_plane_node(lab: LabChild) -> None:
    """The agents register their hosts as nodes and keep them Ready."""
    assert lab.run(nodes_and_roles) == (dict.fromkeys(HOSTS, True), [True] * 3)


def mirror_pods(lab: Lab) -> set[str]:
    """Wait for every static pod to be shown as ready; return their names."""

    def ready() -> set[str]:
        pods = read(lab, "pods", "-n", "kube-system")["items"]
        names = {pod["metadata"]["name"] for pod in pods if _is_ready(pod)}
        return names if len(names) >= 12 else set()

    return until(ready)


def test_static_pods_are_mirrored(lab: LabChild) -> None:
    """Every static pod is shown by the API under its host's name."""
    assert lab.run(mirror_pods) == {f"{component}-{host}" for component in COMPONENTS for host in HOSTS}


def leases(lab: Lab) -> set[str]:
    """Wait until the leaders are elected."""

    def held() -> set[str]:
        found = read(lab, "leases", "-n", "kube-system")["items"]
        names = {lease["metadata"]["name"] for lease in found if lease["spec"].get("holderIdentity")}
        return {name for name in names if not name.startswith("apiserver-")} if len(names) >= 5 else set()

    return until(held)


def test_leaders_are_elected(lab: LabChild) -> None:
    """Controller-manager and scheduler hold their leases, and each API server one of its own."""
    assert lab.run(leases) == {"kube-controller-manager", "kube-scheduler"}


def manifests(lab: Lab) -> list[tuple[bool, int]]:
    """Read what the etcd manifests say about the cluster."""
    texts = [shell(lab, host, "cat /etc/kubernetes/manifests/etcd.yaml") for host in HOSTS]
    return [("--initial-cluster-state=existing" in text, text.count(":2380")) for text in texts]


def test_manifests_name_an_existing_cluster(lab: LabChild) -> None:
    """A member that lost its data cannot begin a new cluster: its manifest names all three and says `existing`."""
    assert all(existing and addresses >= 5 for existing, addresses in lab.run(manifests))


def admin_on_host(lab: Lab) -> str:
    """Use the host's own kubeconfig as runbooks do."""
    return shell(
        lab,
        "cp2",
        "kubectl --kubeconfig /etc/kubernetes/admin.conf --server=https://10.90.0.12:6443 get ns kube-system -o name",
    )


def test_admin_conf_works_on_every_host(lab: LabChild) -> None:
    """The administrator's kubeconfig on a host may do what an administrator may."""
    assert lab.run(admin_on_host) == "namespace/kube-system\n"


def kubeadm_configuration(lab: Lab) -> str:
    """Read what kubeadm keeps in the cluster."""
    return str(read(lab, "configmap", "kubeadm-config", "-n", "kube-system")["data"]["ClusterConfiguration"])


def test_kubeadms_configuration_is_in_the_cluster(lab: LabChild) -> None:
    """The ConfigMap of kubeadm is there to discover the cluster by."""
    assert "kubernetesVersion: v1." in lab.run(kubeadm_configuration)


def forgotten_node(lab: Lab) -> dict[str, bool]:
    """Delete a node; its agent must bring it back."""
    kubectl(lab, "delete", "node", "cp3").check_returncode()
    return until(lambda: ready_nodes(lab) if len(ready_nodes(lab)) == 3 and all(ready_nodes(lab).values()) else {})


def test_a_deleted_node_registers_again(lab: LabChild) -> None:
    """A node that somebody deleted comes back with its host's next report."""
    assert lab.run(forgotten_node) == dict.fromkeys(HOSTS, True)


def parked_scheduler(lab: Lab) -> tuple[bool, bool, bool]:
    """Park a scheduler and unpark it; then delete its mirror pod."""

    def shown() -> bool:
        return kubectl(lab, "get", "pod", "kube-scheduler-cp1", "-n", "kube-system").returncode == 0

    shell(
        lab,
        "cp1",
        PARK.format("kube-scheduler.yaml"),
    )
    gone = until(lambda: not shown())
    shell(lab, "cp1", "mv /etc/kubernetes/haops-parked/kube-scheduler.yaml /etc/kubernetes/manifests/")
    back = until(shown)
    kubectl(lab, "delete", "pod", "kube-scheduler-cp1", "-n", "kube-system", "--force", "--grace-period=0")
    return gone, back, until(shown)


def test_the_api_shows_which_static_pods_there_are(lab: LabChild) -> None:
    """A parked pod vanishes from the API, an unparked one appears, and one deleted in the API alone comes back."""
    assert lab.run(parked_scheduler) == (True, True, True)


def outage(lab: Lab) -> tuple[bool, list[str]]:
    """Park every API server and member, see that the agents go on, and bring them back etcd first."""
    for host in HOSTS:
        shell(lab, host, PARK.format("kube-apiserver.yaml etcd.yaml"))
    gone = 'test -z "$(crictl ps -q --label io.kubernetes.container.name=etcd)"'
    until(lambda: all(lab.host(host).run("sh", "-c", gone).status == 0 for host in HOSTS))
    agents_answer = all(shell(lab, host, "systemctl is-active kubelet") == "active\n" for host in HOSTS)
    for name in ("etcd", "kube-apiserver"):
        for host in HOSTS:
            shell(lab, host, f"mv /etc/kubernetes/haops-parked/{name}.yaml /etc/kubernetes/manifests/")
    until(lambda: every_server(lab) == ["ok"] * 3, within_s=90)
    return agents_answer, every_server(lab)


def test_the_whole_control_plane_goes_and_comes_back(lab: LabChild) -> None:
    """With etcd and every API server parked the agents still answer; unparked, everything serves again."""
    assert lab.run(outage) == (True, ["ok"] * 3)
