"""A running lab as a process that has joined it sees it: hosts that faults can hit.

Owns no process of the lab: it was started by its keeper and ends with it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from haops.core.inventory import Inventory
from haops.errors import LabError
from haops.lab.agent_client import Outcome, ask
from haops.lab.host_disk import HostDisk
from haops.lab.host_pids import read_host_pids

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOSTS = "hosts"


@dataclass(frozen=True, slots=True)
class AttachedHost:
    """One host of a running lab. `pid` is its first process, as numbered inside the lab."""

    name: str
    address: str
    pid: int
    disk: HostDisk

    def ask(self, call: str, *arguments: str, timeout_s: float = 30.0) -> Outcome:
        """Make a call to the host's agent. Raises LabError if it does not answer."""
        return ask(self.disk.control_socket, call, arguments, timeout_s=timeout_s)

    def run(self, *command: str, stdin: str = "", timeout_s: float = 30.0) -> Outcome:
        """Run a command as root in the host's root file system. Raises LabError."""
        return self.ask("run", stdin, *command, timeout_s=timeout_s)


@dataclass(frozen=True, slots=True)
class LayoutOnly:
    """All that a fault asks of a flavour."""

    layout: str


class AttachedLab:
    """A lab that this process has joined."""

    def __init__(self, inventory: Inventory) -> None:
        self.directory = Path(inventory.source).parent
        self.flavour = LayoutOnly(inventory.layout.value)
        pids = read_host_pids(self.directory)
        self._hosts: Mapping[str, AttachedHost] = {
            host.name: AttachedHost(
                host.name, host.address, pids[host.name], HostDisk(self.directory / _HOSTS / host.name)
            )
            for host in inventory.hosts
        }

    def host(self, name: str) -> AttachedHost:
        """Return the host of that name. KeyError if there is none."""
        return self._hosts[name]


def lab_name_of(inventory_source: str) -> str:
    """Return the name of the lab that an inventory belongs to. Raises LabError if it is no lab's."""
    directory = Path(inventory_source).parent
    if directory.parent.name != "labs":
        raise LabError("this inventory is no lab's", where=inventory_source)
    return directory.name
