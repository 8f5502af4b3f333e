"""The disposable cluster: hosts, network, SSH and a flavour, started and stopped as one.

Owns the order in which a lab comes up. Must run inside `namespaces`, whose end is the lab's end whatever happens here.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from haops.errors import LabError
from haops.lab import namespaces, network, ssh_access, syscalls
from haops.lab.bastion_files import BastionFiles
from haops.lab.flavours.flavour import Flavour, Say, Site
from haops.lab.flavours.registry import FLAVOURS
from haops.lab.host_disk import HostDisk
from haops.lab.host_status import HostStatus, ask_status
from haops.lab.hosts import LabHost, address_of, boot_all
from haops.lab.syscalls import Mount


def silently(line: str) -> None:
    """Take a line of progress and say nothing."""
    del line


class Lab:
    """A running lab. Make one with `Lab.start`."""

    def __init__(
        self, flavour: Flavour, programs: Mapping[str, Path], directory: Path, *, cluster: str, openssh: bool
    ) -> None:
        self.flavour = flavour
        self.cluster = cluster
        self._programs = programs
        self.directory = directory
        self.files = BastionFiles(directory)
        self.openssh = openssh
        self.site: Site
        self.hosts = tuple(self._host(number, name, programs) for number, name in enumerate(flavour.host_names))

    @classmethod
    def start(
        cls,
        flavour: str,
        programs: Mapping[str, Path],
        directory: Path,
        say: Say = silently,
        *,
        cluster: str = "",
        openssh: bool | None = None,
    ) -> "Lab":
        """Start a lab of that flavour with its files in `directory`, which is made private.

        `cluster` is its name, made up if empty.
        `openssh` chooses between OpenSSH's server and the lab's own; None takes OpenSSH's where it can run.

        Returns when the cluster serves. Raises LabError, or EnvironmentLacks naming what this machine refuses; whatever
        was started by then ends with the namespaces.
        """
        if not namespaces.are_around():
            raise LabError("a lab starts inside namespaces of its own only", remedy="haops.lab.namespaces.enter()")
        openssh = ssh_access.openssh_can_run() if openssh is None else openssh
        name = cluster or f"lab-{secrets.token_hex(2)}"
        lab = cls(FLAVOURS[flavour], programs, directory, cluster=name, openssh=openssh)
        lab._prepare_directory()
        site = lab.site = Site(lab.cluster, lab.hosts, directory, say)
        lab._prepare_hosts(site)
        say(f"booting {len(lab.hosts)} hosts")
        # Before the hosts: their cables end in it.
        network.create_bridge()
        boot_all(lab.hosts)
        lab.flavour.start(site)
        # The servers boot beside the cluster; both have to be there before the inventory says that the lab is up.
        ssh_access.await_servers(host.address for host in lab.hosts)
        lab.files.write_inventory(lab.cluster, lab.flavour, lab.hosts, lab.flavour.access(site))
        say(f"{lab.cluster} is up")
        return lab

    @property
    def inventory(self) -> Path:
        """The lab's inventory file."""
        return self.files.inventory

    def host(self, name: str) -> LabHost:
        """Return the host of that name. KeyError if there is none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    def status(self) -> tuple[HostStatus, ...]:
        """Ask every host how it is."""
        return tuple(ask_status(host.name, host.address, host.disk) for host in self.hosts)

    def stop(self) -> None:
        """Cut every host's power. Files stay in the directory for whoever wants to look."""
        for host in self.hosts:
            host.cut_power()

    def _host(self, number: int, name: str, programs: Mapping[str, Path]) -> LabHost:
        disk = HostDisk(self.directory / "hosts" / name)
        stand_ins = ssh_access.stand_ins(disk, openssh=self.openssh)
        return LabHost(name, address_of(number), disk, programs, stand_ins)

    def _prepare_directory(self) -> None:
        """Make the directory private, and put the hosts' disks into memory: they vanish with the namespaces."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        hosts = self.directory / "hosts"
        hosts.mkdir(exist_ok=True)
        self.files.write_programs(self._programs)
        # etcd syncs every write: on a slow disk three members would lose their leader again and again.
        syscalls.mount("tmpfs", str(hosts), kind="tmpfs", flags=Mount.NOSUID | Mount.NODEV, options="mode=700")

    def _prepare_hosts(self, site: Site) -> None:
        user_key = ssh_access.generate_key()
        host_keys = [(host, ssh_access.generate_key()) for host in self.hosts]
        names = "".join(f"{host.address} {host.name}\n" for host in self.hosts)
        for host, key in host_keys:
            host.disk.create()
            host.disk.write("/etc/hostname", f"{host.name}\n")
            host.disk.write("/etc/hosts", f"127.0.0.1 localhost\n{network.BASTION_ADDRESS} bastion\n{names}")
            ssh_access.install(host.disk, key, user_key.public)
        self.files.write_ssh(user_key, host_keys)
        self.flavour.prepare(site)
