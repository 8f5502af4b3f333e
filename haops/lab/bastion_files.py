"""Files that the lab leaves for its bastion: SSH key, known hosts, inventory.

Owns their shape and their places. Must never write outside the lab's own directory.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from haops.lab.flavours.flavour import Flavour
from haops.lab.hosts import LabHost
from haops.lab.ssh_access import KeyPair

_ZONES = "abc"


@dataclass(frozen=True, slots=True)
class BastionFiles:
    """Where the bastion's files lie."""

    directory: Path

    @property
    def inventory(self) -> Path:
        """The inventory, an ordinary one."""
        return self.directory / "inventory.yaml"

    @property
    def known_hosts(self) -> Path:
        """Host keys of every host, by address."""
        return self.directory / "known_hosts"

    @property
    def ssh_key(self) -> Path:
        """The operator's private key."""
        return self.directory / "id_ed25519"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; not there in a flavour without Kubernetes."""
        return self.directory / "admin.conf"

    @property
    def programs(self) -> Path:
        """A directory with the lab's programs, for the bastion's PATH."""
        return self.directory / "bin"

    def write_programs(self, programs: Mapping[str, Path]) -> None:
        """Link the programs, so that the bastion has what the hosts have."""
        self.programs.mkdir(exist_ok=True)
        for name, place in programs.items():
            (self.programs / name).unlink(missing_ok=True)
            (self.programs / name).symlink_to(place.resolve())

    @property
    def ssh_config(self) -> Path:
        """For `ssh -F`: every host by its name."""
        return self.directory / "ssh_config"

    def write_ssh(self, user_key: KeyPair, host_keys: Sequence[tuple[LabHost, KeyPair]]) -> None:
        """Write the operator's key and the hosts' public keys."""
        # The mode before the content: at no moment can others read the key.
        self.ssh_key.touch(mode=0o600)
        self.ssh_key.write_bytes(user_key.private)
        lines = (f"{host.address},{host.name} {key.public}\n" for host, key in host_keys)
        self.known_hosts.write_text("".join(lines))
        entries = (f"Host {host.name}\n  HostName {host.address}\n" for host, _ in host_keys)
        self.ssh_config.write_text("".join(entries) + self._ssh_options())

    def _ssh_options(self) -> str:
        # IdentitiesOnly: else an SSH agent's keys go first, and sshd hangs up after six that do not fit.
        return (
            f"Host *\n  User root\n  IdentityFile {self.ssh_key}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.known_hosts}\n  StrictHostKeyChecking yes\n"
        )

    def write_inventory(
        self, cluster: str, flavour: Flavour, hosts: Sequence[LabHost], access: Mapping[str, Any]
    ) -> None:
        """Write the inventory. It is JSON, which is YAML too, so nothing here needs a YAML writer."""
        content = {
            "apiVersion": "haops/v1",
            "kind": "Inventory",
            "cluster": cluster,
            "layout": flavour.layout,
            "ssh": {
                "user": "root",
                "port": 22,
                "keys": [str(self.ssh_key)],
                "known_hosts": [str(self.known_hosts)],
                "become": "none",
            },
            "hosts": [
                {"name": host.name, "address": host.address, "roles": list(flavour.roles), "zone": zone}
                for host, zone in zip(hosts, cycle(_ZONES))
            ],
            **access,
        }
        self.inventory.write_text(json.dumps(content, indent=2) + "\n")
