"""What a cluster consists of and how to reach it, as values.

Owns the inventory's shape. Must never read files or reach anything: `formats.inventory_yaml` fills it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

BASTION = "local"
"""The machine that haops runs on: where steps and connections take place that are about no host of the cluster."""


class Layout(StrEnum):
    """How the control plane is set up on its hosts."""

    KUBEADM = "kubeadm"
    """Stacked etcd as a static pod under /etc/kubernetes/manifests."""
    SYSTEMD = "systemd"
    """External etcd as a systemd unit."""


class Become(StrEnum):
    """How a login user becomes root on a host."""

    NONE = "none"
    SUDO = "sudo"
    SUDO_PASSWORD = "sudo-password"  # noqa: S105 - the name of a way, not a password


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine reached over SSH. `ssh_name` is what ssh_config knows it by; empty means the address."""

    name: str
    address: str
    roles: tuple[str, ...] = ()
    zone: str = ""
    ssh_name: str = ""
    port: int | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SshAccess:
    """How every host is reached; paths are on the bastion. `user` None means what ssh_config or the login says."""

    user: str | None = None
    port: int = 22
    keys: tuple[str, ...] = ()
    known_hosts: tuple[str, ...] = ()
    config_file: str | None = None
    use_agent: bool = True
    become: Become = Become.NONE
    connect_timeout_s: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdMemberAddress:
    """One etcd member: the name etcd knows, the host it runs on, and its two URLs."""

    name: str
    host: str
    client_url: str
    peer_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdAccess:
    """etcd as seen from the bastion (`ca`, `certificate`, `key`) and as laid out on its hosts (`host_*`)."""

    members: tuple[EtcdMemberAddress, ...]
    ca: str
    certificate: str
    key: str
    host_ca: str
    host_certificate: str
    host_key: str
    data_directory: str = "/var/lib/etcd"
    unit: str = "etcd.service"
    manifest: str = "/etc/kubernetes/manifests/etcd.yaml"
    backup_directory: str = "/var/backups/haops"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiEndpointAddress:
    """One kube-apiserver by its own address, or the virtual one (`host` is empty then)."""

    name: str
    host: str
    url: str
    virtual: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesAccess:
    """The API servers one by one, and the kubeconfig whose credentials and CA are used for all of them."""

    kubeconfig: str
    context: str | None = None
    endpoints: tuple[ApiEndpointAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One cluster. `digest` is the SHA-256 of the file's bytes, `source` its path."""

    cluster: str
    layout: Layout
    hosts: tuple[Host, ...]
    ssh: SshAccess = field(default_factory=SshAccess)
    etcd: EtcdAccess | None = None
    kubernetes: KubernetesAccess | None = None
    source: str = ""
    digest: str = ""

    def host(self, name: str) -> Host:
        """Return the host of that name; KeyError if there is none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    def with_role(self, role: str) -> Iterator[Host]:
        """Yield the hosts that have the role, in file order."""
        return (host for host in self.hosts if role in host.roles)
