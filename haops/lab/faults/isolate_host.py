"""Takes a host off the network altogether: the bastion does not reach it either."""

from collections.abc import Mapping
from typing import ClassVar

from haops.lab import network
from haops.lab.faults.fault import Parameters, TargetHost, TargetLab


class IsolateHost:
    """The cable is pulled; what runs on the host goes on and hears nobody."""

    name = "isolate-host"
    title = "a host is off the network"
    parameters: ClassVar[Mapping[str, str]] = {}
    defaults: ClassVar[Parameters] = {}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Pull the cable."""
        network.set_link(host.name, up=False)

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Put the cable back."""
        network.set_link(host.name, up=True)

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether the cable is out."""
        return not network.is_link_up(host.name)
