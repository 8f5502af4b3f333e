"""What a kind of cluster has to be able to do for a lab to run it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from haops.lab.hosts import LabHost

Say = Callable[[str], None]
"""Takes one line of progress."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a flavour builds on: the cluster's name, its hosts, and the bastion's directory for what it leaves there."""

    cluster: str
    hosts: Sequence[LabHost]
    directory: Path
    say: Say

    def keep(self, path: str, content: bytes) -> None:
        """Write a file on the bastion that nobody else may read."""
        place = Path(path)
        # The mode before the content; a file that was there may have had another.
        place.unlink(missing_ok=True)
        place.touch(mode=0o600)
        place.write_bytes(content)


class Flavour(Protocol):
    """A kind of cluster."""

    name: str
    host_names: Sequence[str]
    roles: Sequence[str]
    layout: str

    def prepare(self, site: Site) -> None:
        """Put files on the hosts' disks; the hosts have no power yet."""

    def start(self, site: Site) -> None:
        """Bring the cluster up on running hosts; return when it serves. LabError if it does not."""

    def access(self, site: Site) -> Mapping[str, Any]:
        """Return the inventory's sections on how to reach the cluster from the bastion."""
