"""How a lab host is, asked from its agent: from the bastion, or from outside the lab.

Must never change anything on a host.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from haops.errors import LabError
from haops.lab.agent_client import ask
from haops.lab.host_disk import HostDisk

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What one host says: states by unit name, and the TCP ports others can reach. Both are empty without power."""

    name: str
    address: str
    has_power: bool
    units: Mapping[str, str]
    ports: tuple[int, ...]


def ask_status(name: str, address: str, disk: HostDisk) -> HostStatus:
    """Ask one host; one that does not answer has no power."""
    try:
        units = ask(disk.control_socket, "systemctl", ["list-units"], timeout_s=_PATIENCE_S).stdout
        ports = ask(disk.control_socket, "ports", [], timeout_s=_PATIENCE_S).stdout
    except LabError:
        return HostStatus(name, address, has_power=False, units={}, ports=())
    rows = [row.split() for row in units.splitlines()]
    states = {row[0]: row[2] for row in rows}
    return HostStatus(name, address, has_power=True, units=states, ports=tuple(int(port) for port in ports.split()))


def disks_from_outside(first_process: int, directory: Path) -> Mapping[str, HostDisk]:
    """Return a running lab's disks by host name as seen from outside: its mounts are those of its first process."""
    hosts = Path(f"/proc/{first_process}/root{directory}/hosts")
    return {place.name: HostDisk(place) for place in sorted(hosts.iterdir())}
