"""Runs any command on the hosts as root: for what no other fault here does."""

from collections.abc import Mapping
from typing import ClassVar

from haops.lab.faults.fault import Parameters, TargetHost, TargetLab


class RunCommand:
    """A shell command, with one that takes it back and one that ends with 0 while it is in effect."""

    name = "run-command"
    title = "a command is run"
    parameters: ClassVar[Mapping[str, str]] = {
        "command": "the shell text that breaks something",
        "undo": "the shell text that takes it back; nothing by default",
        "seen": "the shell text that ends with 0 while it is in effect; always by default",
    }
    defaults: ClassVar[Parameters] = {"undo": "true", "seen": "true"}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Run the command. Raises LabError if it fails."""
        host.run("sh", "-c", parameters["command"]).checked(f"{host.name}: {parameters['command']}")

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Run the command that takes it back."""
        host.run("sh", "-c", parameters["undo"]).checked(f"{host.name}: {parameters['undo']}")

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether the command that shows it ends with 0."""
        return host.run("sh", "-c", parameters["seen"]).status == 0
