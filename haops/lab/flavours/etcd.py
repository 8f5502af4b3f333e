"""Three etcd members as systemd units: external etcd, as many clusters run it beside their control plane.

Owns the units, the certificates and the way to a first quorum.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from haops.lab.certificates import Authority, Issued
from haops.lab.flavours.flavour import Site
from haops.lab.hosts import LabHost

CERTIFICATES = "/etc/etcd/ssl"
DATA = "/var/lib/etcd"
BACKUPS = "/var/backups/haops"
_UNIT_FILE = "/etc/systemd/system/etcd.service"
_START_TIMEOUT_S = 60.0

_UNIT = """\
[Unit]
Description=etcd
Documentation=https://github.com/etcd-io/etcd

[Service]
Type=notify
ExecStart=/usr/local/bin/etcd \\
  --name {name} \\
  --cert-file=/etc/etcd/ssl/server.pem \\
  --key-file=/etc/etcd/ssl/server-key.pem \\
  --peer-cert-file=/etc/etcd/ssl/peer.pem \\
  --peer-key-file=/etc/etcd/ssl/peer-key.pem \\
  --trusted-ca-file=/etc/etcd/ssl/ca.pem \\
  --peer-trusted-ca-file=/etc/etcd/ssl/ca.pem \\
  --peer-client-cert-auth \\
  --client-cert-auth \\
  --initial-advertise-peer-urls https://{address}:2380 \\
  --listen-peer-urls https://{address}:2380 \\
  --listen-client-urls https://{address}:2379,https://127.0.0.1:2379 \\
  --advertise-client-urls https://{address}:2379 \\
  --initial-cluster-token etcd-cluster-1 \\
  --initial-cluster {cluster} \\
  --initial-cluster-state {state} \\
  --data-dir=/var/lib/etcd
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
"""


class EtcdFlavour:
    """External etcd on three hosts."""

    name = "etcd"
    host_names: Sequence[str] = ("etcd1", "etcd2", "etcd3")
    roles: Sequence[str] = ("etcd",)
    layout = "systemd"

    def prepare(self, site: Site) -> None:
        """Issue certificates and write units that may form a new cluster."""
        authority = Authority("etcd-ca")
        for host in site.hosts:
            self._write_certificates(host, authority)
            self._write_unit(site, host, state="new")
            # etcd complains of a data directory that others may enter.
            host.disk.locate(DATA).mkdir(mode=0o700, parents=True, exist_ok=True)
        _keep_client_files(site, authority.certificate, authority.issue("haops-bastion", ()))

    def start(self, site: Site) -> None:
        """Start all members at once; then make the units say that the cluster exists.

        With `new` left in the units, two members that lost their data would form an empty cluster, and the third
        would join it and lose everything too.
        """
        site.say("starting etcd on every host")
        # All at once: a notify unit is up only when its member serves, which takes two of them.
        with ThreadPoolExecutor(len(site.hosts)) as pool:
            # An error of a thread is raised only when its result is taken.
            list(pool.map(_start_member, site.hosts))
        for host in site.hosts:
            self._write_unit(site, host, state="existing")
            host.ask("systemctl", "daemon-reload").checked(f"{host.name}: systemctl daemon-reload")
        site.say("etcd has a quorum")

    def access(self, site: Site) -> Mapping[str, Any]:
        """How to reach the members."""
        return {
            "etcd": {
                **client_files(site.directory),
                "members": member_addresses(site.hosts),
                "on_host": {
                    "ca": f"{CERTIFICATES}/ca.pem",
                    "certificate": f"{CERTIFICATES}/server.pem",
                    "key": f"{CERTIFICATES}/server-key.pem",
                    "data_directory": DATA,
                    "unit": "etcd.service",
                    "backup_directory": BACKUPS,
                },
            }
        }

    def _write_certificates(self, host: LabHost, authority: Authority) -> None:
        # etcdctl on the host asks 127.0.0.1: the certificate has to name it.
        names = (host.name, "localhost", host.address, "127.0.0.1")
        host.disk.write(f"{CERTIFICATES}/ca.pem", authority.certificate)
        for use in ("server", "peer"):
            issued = authority.issue(host.name, names)
            host.disk.write(f"{CERTIFICATES}/{use}.pem", issued.certificate)
            host.disk.write(f"{CERTIFICATES}/{use}-key.pem", issued.key, 0o600)

    def _write_unit(self, site: Site, host: LabHost, *, state: str) -> None:
        text = _UNIT.format(name=host.name, address=host.address, cluster=initial_cluster(site.hosts), state=state)
        host.disk.write(_UNIT_FILE, text)


def initial_cluster(hosts: Sequence[LabHost]) -> str:
    """Return what --initial-cluster has to say for members on these hosts."""
    return ",".join(f"{host.name}=https://{host.address}:2380" for host in hosts)


def member_addresses(hosts: Sequence[LabHost]) -> list[dict[str, str]]:
    """Return the inventory's list of members, one per host, named as their hosts."""
    return [
        {
            "name": host.name,
            "host": host.name,
            "client_url": f"https://{host.address}:2379",
            "peer_url": f"https://{host.address}:2380",
        }
        for host in hosts
    ]


def client_files(directory: Path) -> dict[str, str]:
    """Return where the bastion's etcd certificates lie, by the inventory's keys."""
    return {
        "ca": str(directory / "etcd/ca.pem"),
        "certificate": str(directory / "etcd/client.pem"),
        "key": str(directory / "etcd/client-key.pem"),
    }


def _keep_client_files(site: Site, authority: bytes, issued: Issued) -> None:
    files = client_files(site.directory)
    Path(files["ca"]).parent.mkdir(exist_ok=True)
    for key, content in (("ca", authority), ("certificate", issued.certificate), ("key", issued.key)):
        site.keep(files[key], content)


def _start_member(host: LabHost) -> None:
    host.ask("systemctl", "enable", "etcd").checked(f"{host.name}: systemctl enable etcd")
    answer = host.ask("systemctl", "start", "etcd", timeout_s=_START_TIMEOUT_S)
    if answer.status:
        # The journal says why; systemctl only says that it failed.
        answer = host.ask("journalctl", "-u", "etcd", "-n", "5")
        answer = type(answer)(1, "", answer.stdout)
    answer.checked(f"{host.name}: systemctl start etcd")
