"""Three control-plane hosts as kubeadm sets them up: etcd, API server, controller-manager, scheduler as static pods.

Owns the order: authorities on the first host, then every host by itself, etcd's first quorum, then everything.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from haops.lab.flavours import kubeadm
from haops.lab.flavours.etcd import BACKUPS, DATA, client_files, member_addresses
from haops.lab.flavours.flavour import Site
from haops.lab.flavours.readiness import await_apis, await_member, await_nodes, open_admin_access
from haops.lab.hosts import LabHost

# Restarted as by the unit of Kubernetes' own packages.
KUBELET_UNIT = """\
[Unit]
Description=kubelet: the lab agent in its place

[Service]
ExecStart=/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
"""

# For the first quorum only: the manifests name a cluster that exists, and cannot form one.
_BOOTSTRAP_UNIT = """\
[Unit]
Description=etcd, for as long as it takes to form the cluster

[Service]
Type=notify
ExecStart={command}
"""

_BOOTSTRAP = "etcd-bootstrap.service"
_BOOTSTRAP_TIMEOUT_S = 60.0


class ControlPlaneFlavour:
    """A highly available control plane on three hosts."""

    name = "control-plane"
    host_names: Sequence[str] = ("cp1", "cp2", "cp3")
    roles: Sequence[str] = ("control-plane", "etcd")
    layout = "kubeadm"

    def prepare(self, site: Site) -> None:
        """Make the directories that pods mount, and the kubelet's unit."""
        for host in site.hosts:
            host.disk.write("/etc/systemd/system/kubelet.service", KUBELET_UNIT)
            host.disk.locate(DATA).mkdir(mode=0o700, parents=True)

    def start(self, site: Site) -> None:
        """Bring everything up; etcd forms its cluster while kubeadm still writes the rest."""
        first, *others = site.hosts
        version = kubeadm.version(first)
        for host in site.hosts:
            kubeadm.write_configuration(host, site.hosts, cluster=site.cluster, version=version)
        site.say("kubeadm: certificates")
        kubeadm.run_phase(first, "certs", "all")
        for host in others:
            kubeadm.copy_shared_pki(first, host)
        # Only now: kubeadm keeps authorities that are there, and makes its own where there are none.
        _on_each(others, lambda host: kubeadm.run_phase(host, "certs", "all"))
        site.say("kubeadm: kubeconfigs and manifests; etcd forms its cluster")
        _on_each(site.hosts, lambda host: _set_up(host, site.hosts))
        site.say("starting the control plane")
        for host in site.hosts:
            _hand_over_to_kubelet(host)
        self._write_client_files(site)
        await_apis(site)
        open_admin_access(site)
        await_nodes(site)

    def access(self, site: Site) -> Mapping[str, Any]:
        """How to reach the members and the API servers."""
        pki = f"{kubeadm.PKI}/etcd"
        return {
            "etcd": {
                **client_files(site.directory),
                "members": member_addresses(site.hosts),
                "on_host": {
                    "ca": f"{pki}/ca.crt",
                    "certificate": f"{pki}/healthcheck-client.crt",
                    "key": f"{pki}/healthcheck-client.key",
                    "data_directory": DATA,
                    "manifest": f"{kubeadm.MANIFESTS}/etcd.yaml",
                    "backup_directory": BACKUPS,
                },
            },
            "kubernetes": {
                "kubeconfig": str(site.directory / "admin.conf"),
                "endpoints": [
                    {"name": host.name, "host": host.name, "url": f"https://{host.address}:6443"} for host in site.hosts
                ],
            },
        }

    def _write_client_files(self, site: Site) -> None:
        """Leave kubeadm's own client credentials on the bastion."""
        first = site.hosts[0]
        files = client_files(site.directory)
        (site.directory / "etcd").mkdir(exist_ok=True)
        for key, source in (
            ("ca", "ca.crt"),
            ("certificate", "healthcheck-client.crt"),
            ("key", "healthcheck-client.key"),
        ):
            site.keep(files[key], first.disk.read(f"{kubeadm.PKI}/etcd/{source}"))
        site.keep(str(site.directory / "admin.conf"), first.disk.read("/etc/kubernetes/admin.conf"))


def _on_each(hosts: Sequence[LabHost], work: Callable[[LabHost], object]) -> None:
    with ThreadPoolExecutor(len(hosts)) as pool:
        # A failure in a thread is raised only when its result is asked for.
        list(pool.map(work, hosts))


def _set_up(host: LabHost, hosts: Sequence[LabHost]) -> None:
    """Start etcd on the way to its cluster, and let kubeadm write the rest meanwhile."""
    kubeadm.run_phase(host, "etcd", "local")
    kubeadm.name_all_members(host, hosts)
    command = shlex.join(kubeadm.as_new_cluster(kubeadm.etcd_command(host)))
    # In /run, which no boot keeps: a member that may form a new cluster must not come back with the power.
    unit = host.path(f"/run/systemd/system/{_BOOTSTRAP}")
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text(_BOOTSTRAP_UNIT.format(command=command))
    _systemctl(host, "start", "--no-block", _BOOTSTRAP)
    kubeadm.run_phase(host, "kubeconfig", "all")
    kubeadm.run_phase(host, "control-plane", "all")
    # Now it is waited for: it is up when two members have found each other.
    _systemctl(host, "start", _BOOTSTRAP)


def _hand_over_to_kubelet(host: LabHost) -> None:
    """End the bootstrap member and let the kubelet start it from its manifest, which joins an existing cluster only.

    One host after the other: kubeadm's etcd compares itself with its peers before it serves (InitialCorruptCheck), so
    members that start at the same moment wait for each other, 7 s per peer.
    """
    _systemctl(host, "kill", "--signal=KILL", _BOOTSTRAP)  # ends at once; etcd takes a second to end politely
    # kill only sends the signal; stop waits until the ports and the data directory are free.
    _systemctl(host, "stop", _BOOTSTRAP)
    host.path(f"/run/systemd/system/{_BOOTSTRAP}").unlink()
    _systemctl(host, "daemon-reload")
    _systemctl(host, "enable", "--now", "kubelet")
    await_member(host)


def _systemctl(host: LabHost, *arguments: str) -> None:
    answer = host.ask("systemctl", *arguments, timeout_s=_BOOTSTRAP_TIMEOUT_S)
    answer.checked(f"{host.name}: systemctl {' '.join(arguments)}")
