"""Ends a program by SIGKILL. Its supervisor may bring it back."""

import signal
from collections.abc import Mapping
from typing import ClassVar

from haops.lab.faults.fault import Parameters, TargetHost, TargetLab
from haops.lab.faults.host_processes import is_alive, pids_of, send


class KillProcess:
    """SIGKILL to every process of a program, which writes and closes nothing. In effect until it is started again."""

    name = "kill-process"
    title = "a program is killed"
    parameters: ClassVar[Mapping[str, str]] = {"program": "the program's file name"}
    defaults: ClassVar[Parameters] = {}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Kill it."""
        send(host, parameters["program"], signal.SIGKILL)

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Nothing: whether the program comes back is its supervisor's affair."""

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether no process of the program lives there."""
        return not any(is_alive(pid) for pid in pids_of(host, parameters["program"]))
