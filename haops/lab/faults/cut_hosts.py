"""Cuts hosts off from others, pair by pair, while the bastion still reaches all of them."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from haops.lab import network
from haops.lab.faults.fault import Parameters, TargetHost, TargetLab


class CutHosts:
    """Black holes in both hosts' routes: whatever is sent to the other side vanishes, and nobody is told."""

    name = "cut-hosts"
    title = "hosts are cut off from each other"
    parameters: ClassVar[Mapping[str, str]] = {"from": "the hosts on the other side, with commas"}
    defaults: ClassVar[Parameters] = {}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Drop the host's routes to the others, and theirs to it."""
        for here, there in _directions(lab, host, parameters):
            network.drop_route(here.pid, there.address)

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Restore the routes of every host that has power."""
        for here, there in _directions(lab, host, parameters):
            if here.pid:
                network.restore_route(here.pid, there.address)

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether every route between the host and the others is dropped."""
        directions = _directions(lab, host, parameters)
        return all(there.address in network.dropped_addresses(here.pid) for here, there in directions)


def _directions(lab: TargetLab, host: TargetHost, parameters: Parameters) -> Iterator[tuple[TargetHost, TargetHost]]:
    """Yield (sender, receiver) for the host and each of the others, both ways."""
    for name in parameters["from"].split(","):
        other = lab.host(name.strip())
        if other.name != host.name:
            yield host, other
            yield other, host
