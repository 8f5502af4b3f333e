"""What a fault is, and the little of a lab that faults may touch.

Owns the protocols and values. Must never inject anything: each fault is a file of its own beside this one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from haops.errors import LabError
from haops.lab.agent_client import Outcome


class TargetHost(Protocol):
    """A host that a fault can hit, reached from outside SSH: an operator sees the effect, never the hand."""

    @property
    def name(self) -> str:
        """The host's name."""

    @property
    def address(self) -> str:
        """The host's address in the lab."""

    @property
    def pid(self) -> int:
        """The host's first process, as numbered on the bastion; 0 without power."""

    def run(self, *command: str, stdin: str = "", timeout_s: float = 30.0) -> Outcome:
        """Run a command as root in the host's root file system. Raises LabError."""

    def ask(self, call: str, *arguments: str, timeout_s: float = 30.0) -> Outcome:
        """Make a call to the host's agent. Raises LabError."""


class TargetFlavour(Protocol):
    """The kind of cluster that runs on the hosts."""

    @property
    def layout(self) -> str:
        """How it is set up: `kubeadm` or `systemd`."""


class TargetLab(Protocol):
    """The lab as faults see it."""

    @property
    def flavour(self) -> TargetFlavour:
        """The lab's flavour."""

    def host(self, name: str) -> TargetHost:
        """Return the host of that name. KeyError if there is none."""


Parameters = Mapping[str, str]


class Fault(Protocol):
    """One way to break one host. Stateless: what is in effect can always be read off the host."""

    @property
    def name(self) -> str:
        """What scenarios call it."""

    @property
    def title(self) -> str:
        """What it does, for people."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """Every parameter by name, and what it means. One that is not in `defaults` must be given."""

    @property
    def defaults(self) -> Parameters:
        """The parameters that need not be given."""

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Break it. Raises LabError."""

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Take the fault back as far as it can be; what was never injected, or healed since, is no error."""

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether it is in effect, by looking at the host."""


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault meant for certain hosts (broken in that order), with its parameters (defaults left out)."""

    fault: str
    hosts: tuple[str, ...]
    parameters: Parameters = field(default_factory=dict)

    def __str__(self) -> str:
        settings = " ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.fault} on {', '.join(self.hosts)}" + (f" ({settings})" if settings else "")


def complete_parameters(fault: Fault, given: Parameters) -> Parameters:
    """Return the given parameters with the fault's defaults. Raises LabError for unknown or missing ones."""
    if unknown := sorted(set(given) - set(fault.parameters)):
        raise LabError(f"the fault {fault.name} knows no {', '.join(unknown)}", remedy=", ".join(fault.parameters))
    complete = {**fault.defaults, **given}
    if missing := sorted(set(fault.parameters) - set(complete)):
        raise LabError(f"the fault {fault.name} needs {', '.join(missing)}")
    return complete
