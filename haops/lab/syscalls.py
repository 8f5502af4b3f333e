"""The few Linux calls that Python 3.11 does not offer: unshare, setns, mount, the parent-death signal.

Owns their numbers and turns a failure into OSError. Must never decide what a failure means.
"""

import ctypes
import os
import signal
from enum import IntFlag

# linux/prctl.h.
_PR_SET_PDEATHSIG = 1

# use_errno: else the interpreter's own calls may change the number before it is read.
_libc = ctypes.CDLL(None, use_errno=True)


class Clone(IntFlag):
    """Kinds of namespaces, by the kernel's numbers (linux/sched.h)."""

    MOUNT = 0x00020000
    UTS = 0x04000000
    IPC = 0x08000000
    USER = 0x10000000
    PID = 0x20000000
    NET = 0x40000000


class Mount(IntFlag):
    """Flags of mount(2) that the lab uses (linux/mount.h)."""

    NOSUID = 0x2
    NODEV = 0x4
    NOEXEC = 0x8
    BIND = 0x1000
    REC = 0x4000
    PRIVATE = 0x40000


def unshare(kinds: Clone) -> None:
    """Give this process new namespaces of these kinds (PID: its next child). OSError if the kernel refuses."""
    _check(_libc.unshare(int(kinds)), "unshare")


def setns(descriptor: int, kind: Clone) -> None:
    """Move the calling thread into the namespace that the open descriptor names. OSError if refused."""
    _check(_libc.setns(descriptor, int(kind)), "setns")


def mount(source: str, target: str, *, kind: str = "", flags: Mount | int = 0, options: str = "") -> None:
    """Mount `source` on `target`; `kind` is the file system's name, empty for a bind. OSError if refused."""
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        os.fsencode(kind) or None,
        # An unsigned long in C; ctypes would pass an int.
        ctypes.c_ulong(int(flags)),
        os.fsencode(options) or None,
    )
    _check(result, target)


def die_with_parent() -> None:
    """Ask the kernel to kill this process (SIGKILL) as soon as its parent thread is gone."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0), "prctl")


def _check(result: int, subject: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), subject)
