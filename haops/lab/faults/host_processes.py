"""The processes of one lab host, seen and signalled from the bastion.

Owns the search. Must never look beyond the host: its process namespace tells what is its own.
"""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from haops.errors import LabError
from haops.lab.faults.fault import TargetHost

_PROC = Path("/proc")


def pids_of(host: TargetHost, program: str) -> list[int]:
    """Return the processes on a host that run a program, by their numbers on the bastion. Raises LabError.

    A program is known by the name that it was started under (the kernel cuts its own name for it after 15 characters).
    """
    if not host.pid:
        raise LabError("the host has no power", where=host.name)
    return pids_beside(host.pid, program)


def pids_beside(first_pid: int, program: str) -> list[int]:
    """Return the processes that run a program in the same process namespace as a host's first process."""
    namespace = _namespace(first_pid)
    # Two processes that are gone have no namespace alike: that makes them no neighbours.
    return [pid for pid in _pids() if namespace and _namespace(pid) == namespace and _program(pid) == program]


def send(host: TargetHost, program: str, number: signal.Signals) -> list[int]:
    """Send a signal to every process of a program on a host and return their numbers. Raises LabError."""
    pids = pids_of(host, program)
    send_each(pids, number)
    return pids


def send_each(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes; one that is gone is no error."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def is_stopped(pid: int) -> bool:
    """Tell whether a process is frozen by SIGSTOP. A process that is gone is not."""
    return _state(pid) == "T"


def is_alive(pid: int) -> bool:
    """Tell whether a process still is something more than an entry that nobody has collected."""
    return _state(pid) not in {"", "Z", "X"}


def _state(pid: int) -> str:
    """Return the state letter of proc(5), empty if the process is gone."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    # The name stands in brackets and may hold anything, brackets too.
    return text.rpartition(")")[2].split()[0]


def _pids() -> Iterator[int]:
    """Yield every process that the bastion sees."""
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())


def _namespace(pid: int) -> str:
    """Return the process namespace of a process, empty if it is gone."""
    try:
        return str((_PROC / str(pid) / "ns" / "pid").readlink())
    except OSError:
        return ""


def _program(pid: int) -> str:
    """Return the file name of the program as it was started, empty for one that is gone or has ended."""
    try:
        first = (_PROC / str(pid) / "cmdline").read_bytes().partition(b"\0")[0]
    except OSError:
        return ""
    return Path(os.fsdecode(first)).name
