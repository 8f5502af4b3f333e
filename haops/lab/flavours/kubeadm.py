"""What the `control-plane` flavour asks of kubeadm: its configuration per host, its phases, and edits of its manifests.

Must never write a certificate, kubeconfig or manifest of its own: they are kubeadm's.
"""

import re
from collections.abc import Sequence
from typing import Any

from haops.errors import LabError
from haops.lab.flavours.etcd import initial_cluster
from haops.lab.hosts import LabHost

CONFIGURATION = "/root/kubeadm.yaml"
MANIFESTS = "/etc/kubernetes/manifests"
PKI = "/etc/kubernetes/pki"
SHARED_PKI = (
    "ca.crt",
    "ca.key",
    "sa.key",
    "sa.pub",
    "front-proxy-ca.crt",
    "front-proxy-ca.key",
    "etcd/ca.crt",
    "etcd/ca.key",
)
"""Files that every control-plane host has the same; kubeadm makes the rest out of them."""
VIRTUAL_ADDRESS = "10.90.0.100"
"""Named in the API servers' certificates for a load balancer in front of them; nothing listens there yet."""

_PHASE_TIMEOUT_S = 120.0
_KNOWN = "the version that `haops lab install` gets"
_STATE_FLAG = "--initial-cluster-state"

# kubeadm's default, RSA-2048, costs 40 keys of a tenth of a second each.
# criSocket: a host has no container runtime, and kubeadm looks for one unless it is named.
# controlPlaneEndpoint is what admin.conf and kubelet.conf name: without a load balancer, the host's own server.
_CONFIGURATION = """\
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {{advertiseAddress: {address}, bindPort: 6443}}
nodeRegistration: {{name: {name}, criSocket: "unix:///run/none.sock"}}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: {cluster}
kubernetesVersion: {version}
controlPlaneEndpoint: "{address}:6443"
encryptionAlgorithm: ECDSA-P256
networking: {{podSubnet: 10.244.0.0/16}}
apiServer: {{certSANs: [{names}]}}
"""


def write_configuration(host: LabHost, hosts: Sequence[LabHost], *, cluster: str, version: str) -> None:
    """Write a host's configuration; each host's own API server is its control-plane endpoint."""
    names = ", ".join([VIRTUAL_ADDRESS, *(one.address for one in hosts), *(one.name for one in hosts)])
    text = _CONFIGURATION.format(address=host.address, name=host.name, cluster=cluster, version=version, names=names)
    host.disk.write(CONFIGURATION, text)


def run_phase(host: LabHost, *phase: str) -> None:
    """Run one phase of `kubeadm init`. LabError with kubeadm's own words if it fails."""
    command = ("kubeadm", "init", "phase", *phase, "--config", CONFIGURATION)
    host.run(*command, timeout_s=_PHASE_TIMEOUT_S).checked(f"{host.name}: {' '.join(command)}")


def version(host: LabHost) -> str:
    """Return kubeadm's version, which is the cluster's."""
    return host.run("kubeadm", "version", "-o", "short").checked(f"{host.name}: kubeadm version").strip()


def copy_shared_pki(source: LabHost, target: LabHost) -> None:
    """Give a host the authorities and the service account key of another."""
    for name in SHARED_PKI:
        mode = 0o600 if name.endswith(".key") else 0o644
        target.disk.write(f"{PKI}/{name}", source.disk.read(f"{PKI}/{name}"), mode)


def etcd_command(host: LabHost) -> list[str]:
    """Return the command line of a host's etcd manifest."""
    import yaml  # noqa: PLC0415 - only this flavour needs it

    manifest: Any = yaml.safe_load(host.disk.read(f"{MANIFESTS}/etcd.yaml"))
    return [str(word) for word in manifest["spec"]["containers"][0]["command"]]


def name_all_members(host: LabHost, hosts: Sequence[LabHost]) -> None:
    """Make a host's etcd manifest name every member of a cluster that exists.

    `kubeadm init` writes a manifest for the first member of a new cluster, `kubeadm join` one like this. LabError if
    the manifest is not as this kubeadm should write it.
    """
    text = host.disk.read(f"{MANIFESTS}/etcd.yaml").decode()
    edited, count = re.subn(
        r"^(\s*- )--initial-cluster=.*$",
        rf"\1--initial-cluster={initial_cluster(hosts)}\n\1{_STATE_FLAG}=existing",
        text,
        flags=re.MULTILINE,
    )
    # Nothing is guessed of a manifest that looks otherwise: another kubeadm may write it in another way.
    if count != 1:
        raise LabError("this kubeadm's etcd manifest has no --initial-cluster", where=host.name, remedy=_KNOWN)
    host.disk.write(f"{MANIFESTS}/etcd.yaml", edited, 0o600)


def as_new_cluster(command: Sequence[str]) -> list[str]:
    """Return an etcd command line that may form the cluster it names."""
    return [word.replace(f"{_STATE_FLAG}=existing", f"{_STATE_FLAG}=new") for word in command]
