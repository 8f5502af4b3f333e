"""The process behind the fault `stutter`: `python -m haops.lab.faults.stutter_rhythm PID PROGRAM FROZEN_S RUNNING_S`.

Owns the beat: freeze, wait, continue, wait, for as long as the host's first process (PID) lives. Must never end with
the program frozen by its own doing.
"""

import os
import signal
import sys
import time
from typing import NoReturn

from haops.lab.faults.host_processes import is_alive, pids_beside, send_each


def beat(first_pid: int, program: str, *, frozen_s: float, running_s: float) -> None:
    """Beat until the host has no power any more."""
    while is_alive(first_pid):
        # Looked for at each beat: what was started again has another number.
        pids = pids_beside(first_pid, program)
        send_each(pids, signal.SIGSTOP)
        time.sleep(frozen_s)
        send_each(pids, signal.SIGCONT)
        time.sleep(running_s)


def leave_behind(arguments: list[str]) -> NoReturn:
    """Return to the caller at once; an orphan of this process goes on."""
    pid, program, frozen_s, running_s = arguments
    if os.fork():
        os._exit(0)
    os.setsid()
    # Whoever reads this process's output must not wait for the rhythm's end.
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    beat(int(pid), program, frozen_s=float(frozen_s), running_s=float(running_s))
    sys.exit()


if __name__ == "__main__":
    leave_behind(sys.argv[1:])
