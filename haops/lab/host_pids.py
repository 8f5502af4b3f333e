"""The numbers of the hosts' first processes, written down for whoever joins the lab. Owns that one file."""

import json
from collections.abc import Iterable
from pathlib import Path

from haops.errors import LabError
from haops.lab.hosts import LabHost

_FILE = "hosts.json"


def write_host_pids(directory: Path, hosts: Iterable[LabHost]) -> None:
    """Write down each host's first process, as numbered inside the lab."""
    (directory / _FILE).write_text(json.dumps({host.name: host.pid for host in hosts}))


def read_host_pids(directory: Path) -> dict[str, int]:
    """Return host name -> process. Raises LabError if the lab is gone or not up."""
    try:
        pids: dict[str, int] = json.loads((directory / _FILE).read_text())
    except (OSError, ValueError) as error:
        raise LabError("the lab is gone, or not up yet", where=str(directory), remedy="haops lab status") from error
    return pids
