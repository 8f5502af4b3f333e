"""Lets a program run in bursts: frozen most of the time, as on a host that is starved of its processor or its disk."""

import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from haops.errors import LabError
from haops.lab.faults.fault import Parameters, TargetHost, TargetLab
from haops.lab.faults.host_processes import is_alive, send, send_each
from haops.runtime import own_program

_RHYTHM = "haops.lab.faults.stutter_rhythm"
# It starts a Python of its own, which takes its time on a busy machine.
_START_TIMEOUT_S = 20.0
_END_TIMEOUT_S = 5.0
_LOOK_EVERY_S = 0.005


class Stutter:
    """SIGSTOP and SIGCONT in turn, from a process on the bastion that ends with the lab.

    A program that is started again stutters too.
    """

    name = "stutter"
    title = "a program runs in bursts"
    parameters: ClassVar[Mapping[str, str]] = {
        "program": "the program's file name",
        "frozen_s": "seconds for which it is frozen, again and again",
        "running_s": "seconds for which it runs in between",
    }
    defaults: ClassVar[Parameters] = {"frozen_s": "0.8", "running_s": "0.2"}

    def inject(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """Start a rhythm."""
        rhythm = (*_subject(host, parameters), parameters["frozen_s"], parameters["running_s"])
        command = own_program.command(_RHYTHM, *rhythm)
        # The command leaves the rhythm behind as an orphan, so that nobody here has to wait for its end.
        ended = subprocess.run(
            command, env=own_program.environment(), capture_output=True, timeout=_START_TIMEOUT_S, check=False
        )
        if ended.returncode != 0:
            said = ended.stderr.decode(errors="replace")[-500:]
            raise LabError(f"the stutter did not start: {said}", where=host.name)

    def undo(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> None:
        """End the rhythm and let the program run. Raises LabError if the rhythm does not end."""
        beating = list(_rhythms(host, parameters))
        send_each(beating, signal.SIGKILL)
        # Only then: a rhythm that is not quite dead could still freeze what was just let go.
        if not _end_within(beating, _END_TIMEOUT_S):
            raise LabError("the stutter does not end", where=host.name)
        send(host, parameters["program"], signal.SIGCONT)

    def seen_in_effect(self, lab: TargetLab, host: TargetHost, parameters: Parameters) -> bool:
        """Tell whether a rhythm beats for the program on this host."""
        return any(True for _ in _rhythms(host, parameters))


def _end_within(pids: Sequence[int], timeout_s: float) -> bool:
    """Wait until none of the processes lives; return whether that came."""
    deadline = time.monotonic() + timeout_s
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY_S)
    return not any(map(is_alive, pids))


def _subject(host: TargetHost, parameters: Parameters) -> tuple[str, str]:
    """Return the arguments that say whose processes a rhythm is for."""
    return str(host.pid), parameters["program"]


def _rhythms(host: TargetHost, parameters: Parameters) -> Iterator[int]:
    """Yield the processes that beat for this program on this host."""
    wanted = [_RHYTHM, *_subject(host, parameters)]
    for entry in Path("/proc").iterdir():
        arguments = _arguments(entry) if entry.name.isdigit() else []
        # Behind Python and its options, however many these are.
        if _RHYTHM in arguments and arguments[arguments.index(_RHYTHM) :][: len(wanted)] == wanted:
            yield int(entry.name)


def _arguments(entry: Path) -> list[str]:
    """Return a process's command line, empty if it is gone."""
    try:
        return (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
