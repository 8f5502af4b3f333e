"""Freezes a program: it answers nothing, yet its connections stay open."""

import signal
from collections.abc import Mapping
from typing import ClassVar

from haops.lab.faults.fault import Parameters, TargetHost, TargetLab
from haops.lab.faults.host_processes import is_stopped, pids_of, send


class FreezeProcess:
    """SIGSTOP to every process of a program; undone by SIGCONT."""

    name = "freeze-process"
    title = "a program is frozen"
    parameters: ClassVar[Mapping[str, str]] = {"program": "the program's file name"}
    defaults: ClassVar[Parameters] = {}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Freeze it."""
        send(host, parameters["program"], signal.SIGSTOP)

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Let it go on."""
        send(host, parameters["program"], signal.SIGCONT)

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether the program is there and frozen."""
        pids = pids_of(host, parameters["program"])
        return bool(pids) and all(map(is_stopped, pids))
