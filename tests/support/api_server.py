"""A real kube-apiserver over a real etcd, on loopback."""

import os
import shutil
import subprocess
from pathlib import Path

import yaml
from certificates import Authority
from etcd_cluster import Cluster, free_ports

from haops.core.inventory import ApiEndpointAddress, KubernetesAccess


class ApiServer:
    """One API server whose process belongs to this test. `client` may do everything, `stranger` nothing."""

    def __init__(self, directory: Path, program: Path, etcd: Cluster) -> None:
        self.directory = directory
        self.program = program
        self.etcd = etcd
        self.authority = Authority(directory, "kubernetes-ca")
        self.serving = self.authority.issue("apiserver", names=("kubernetes", "localhost"))
        self.client = self.authority.issue("admin", organization="system:masters")
        self.stranger = self.authority.issue("stranger", organization="nobody")
        self.service_accounts = self.authority.issue("service-accounts")
        self.port = free_ports(1)[0]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> ApiEndpointAddress:
        """Its own address."""
        return ApiEndpointAddress(name="cp1", host="cp1", url=f"https://127.0.0.1:{self.port}")

    def access(self, client: tuple[Path, Path] | None = None) -> KubernetesAccess:
        """Return the inventory's part about it, with a kubeconfig whose own server address leads nowhere."""
        certificate, key = client or self.client
        path = self.directory / f"{certificate.stem}.kubeconfig"
        write_kubeconfig(path, ca=self.authority.path, certificate=certificate, key=key)
        return KubernetesAccess(kubeconfig=str(path), endpoints=(self.endpoint,))

    def start(self) -> None:
        """Start it; it is ready some seconds later."""
        with (self.directory / "kube-apiserver.log").open("ab") as log:
            self.process = subprocess.Popen([str(self.program), *self._flags()], stdout=log, stderr=log)

    def _flags(self) -> list[str]:
        """Return the command line."""
        etcd_certificate, etcd_key = self.etcd.client
        flags = {
            "etcd-servers": ",".join(member.client_url for member in self.etcd.members),
            "etcd-cafile": self.etcd.authority.path,
            "etcd-certfile": etcd_certificate,
            "etcd-keyfile": etcd_key,
            "bind-address": "127.0.0.1",
            "secure-port": self.port,
            "tls-cert-file": self.serving[0],
            "tls-private-key-file": self.serving[1],
            "client-ca-file": self.authority.path,
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": self.service_accounts[0],
            "service-account-signing-key-file": self.service_accounts[1],
            "authorization-mode": "Node,RBAC",
            "service-cluster-ip-range": "10.96.0.0/16",
        }
        return [f"--{name}={value}" for name, value in flags.items()]

    def stop(self) -> None:
        """End it at once."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def write_kubeconfig(path: Path, *, ca: Path, certificate: Path, key: Path, **cluster: str) -> None:
    """Write a kubeconfig with one context, `lab`; `cluster` are further fields of its cluster."""
    user = {"client-certificate": str(certificate), "client-key": str(key)}
    about = {"server": "https://192.0.2.1:6443", "certificate-authority": str(ca), **cluster}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": about}],
        "users": [{"name": "lab", "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab"}}],
        "current-context": "lab",
    }
    path.write_text(yaml.safe_dump(content))


def program(name: str) -> Path | None:
    """Return a Kubernetes program from the lab's programs or the PATH."""
    found = shutil.which(name, path=os.environ.get("HAOPS_LAB_PROGRAMS")) or shutil.which(name)
    return Path(found) if found else None
