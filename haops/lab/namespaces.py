"""Namespaces around a lab: whatever runs inside reaches nothing outside and is gone when its top process ends.

Owns going in, and the two processes that stay behind: one outside, which is what the caller's shell knows and which
passes signals on, and the first process inside, which reaps and whose end the kernel turns into everybody's end.
Must never leave a name, a mount or a process outside.
"""

import ctypes
import errno
import os
import signal
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

from haops.errors import EnvironmentLacks, LabError
from haops.lab import early_signals, syscalls
from haops.lab.syscalls import Clone, Mount

INSIDE = "HAOPS_LAB_NAMESPACES"
"""Set in the environment of whatever runs inside; its value is the process id of the process outside."""

_PASSED_ON = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
_WAITED_FOR = _PASSED_ON | {signal.SIGCHLD}
_SENT_BY_KERNEL = 0x80  # si_code SI_KERNEL: the terminal sent it, to the whole process group
_KINDS = Clone.MOUNT | Clone.NET | Clone.UTS | Clone.IPC | Clone.PID


def are_around() -> bool:
    """Tell whether this process already runs inside a lab's namespaces."""
    return INSIDE in os.environ


def enter() -> None:
    """Return in a new process inside fresh namespaces; the calling process waits outside and ends with its status.

    Only for a process with one thread. Raises EnvironmentLacks when this machine does not allow it.
    """
    # A library's own threads, which Python does not count, are in the way as well.
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise EnvironmentLacks("a process with several threads cannot enter namespaces", remedy="enter them first")
    # Else what is still in the buffers would be written by both processes.
    _flush()
    outside = os.getpid()
    _unshare()
    # Blocked before the fork: a signal in between would end the waiting process and orphan the inside.
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
    _stay_behind_outside()
    # The next child is process 1 of the new PID namespace: everything inside ends with it.
    _prepare()
    _stay_behind_at_the_door()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED_FOR)
    os.environ[INSIDE] = str(outside)


def join(pid: int) -> None:
    """Return in a new process inside the namespaces of process `pid`; the caller waits and ends with its status.

    Only for a process with one thread. Raises LabError when that process is gone or someone else's.
    """
    _flush()
    here = Path.cwd()
    try:
        with ExitStack() as opened:
            # All are opened first: behind the mount namespace lies another /proc.
            doors = {kind: opened.enter_context(Path(f"/proc/{pid}/ns/{kind}").open("rb")) for kind in _differing(pid)}
            for kind, door in doors.items():
                syscalls.setns(door.fileno(), _NAMESPACES[kind])
    except OSError as error:
        raise LabError(f"the lab's namespaces cannot be entered ({error.strerror})", where=f"process {pid}") from error
    with suppress(OSError):
        os.chdir(here)  # entering a mount namespace leads to its root
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
    _stay_behind_at_the_door()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED_FOR)


_NAMESPACES = {
    "user": Clone.USER,  # first: it gives the right to enter the others
    "mnt": Clone.MOUNT,
    "net": Clone.NET,
    "uts": Clone.UTS,
    "ipc": Clone.IPC,
    "pid": Clone.PID,
}


def _differing(pid: int) -> list[str]:
    """Return the namespaces of `pid` that this process is not in yet: entering one's own user namespace is refused."""
    return [kind for kind in _NAMESPACES if _identity(pid, kind) != _identity("self", kind)]


def _identity(pid: int | str, kind: str) -> Path:
    return Path(f"/proc/{pid}/ns/{kind}").readlink()


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _unshare() -> None:
    """Leave the outside: as real root without a user namespace where that works, else as root of a new one."""
    # So that OpenSSH's sshd can run inside: it calls setgroups, which is given up in a user namespace.
    if os.geteuid() == 0:
        try:
            syscalls.unshare(_KINDS)
        except PermissionError:
            pass  # root of a container without the capability: a user namespace may still be allowed
        else:
            return
    _become_root_of_user_namespace()
    try:
        syscalls.unshare(_KINDS)
    except OSError as error:
        raise _lacks("namespaces of the lab's own are refused", error) from error


def _become_root_of_user_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    try:
        syscalls.unshare(Clone.USER)
        # user_namespaces(7): without privileges a gid_map may be written only after setgroups is given up.
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    except OSError as error:
        raise _lacks("user namespaces are refused", error) from error


def _stay_behind_outside() -> None:
    """Fork; the parent waits for its child and the child goes on, bound to die with the parent."""
    armed, arm = os.pipe()
    told, tell = os.pipe()
    child = os.fork()
    if child:
        os.read(armed, 1)
        early_signals.hand_on(_PASSED_ON, child)
        os.write(tell, b"g")
        for descriptor in (armed, arm, told, tell):
            os.close(descriptor)
        _wait_for(child)
    syscalls.die_with_parent()
    # As long as this process held that end too, the pipe would never read as ended.
    os.close(tell)
    os.write(arm, b"a")
    # A parent that died before the kernel knew of the wish would never be noticed; its end of the pipe tells.
    if os.read(told, 1) != b"g":
        os._exit(1)
    for descriptor in (armed, arm, told):
        os.close(descriptor)


def _stay_behind_at_the_door() -> None:
    """Fork; the parent waits for its child, and the child goes on when it has heard what came before it was there."""
    told, tell = os.pipe()
    child = os.fork()
    if child:
        early_signals.hand_on(_PASSED_ON, child)
        os.close(tell)
        _wait_for(child)
    os.close(tell)
    os.read(told, 1)
    os.close(told)


def _wait_for(child: int) -> NoReturn:
    """Pass signals on to `child`, reap whatever ends, and end as `child` ended."""
    while True:
        received = signal.sigwaitinfo(_WAITED_FOR)
        if received.si_signo == signal.SIGCHLD:
            status = _reap(child)
            if status is not None:
                # Not sys.exit: the caller's frames and exit handlers belong to the child.
                os._exit(status)
        elif received.si_code != _SENT_BY_KERNEL or _hears_alone(received.si_signo):
            os.kill(child, received.si_signo)


def _hears_alone(number: int) -> bool:
    """Tell whether the kernel sends this signal to this process only: a hang-up goes to the session's leader."""
    return number == signal.SIGHUP and os.getsid(0) == os.getpid()


def _reap(child: int) -> int | None:
    """Collect every ended child; return the exit status of `child` (128 + signal) once it is among them."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _prepare() -> None:
    """Make the inside usable: private mounts, a /proc of its own, a name, loopback."""
    try:
        # unshare(2), unlike the command, goes on sharing mounts: the next one would appear outside.
        syscalls.mount("none", "/", flags=Mount.REC | Mount.PRIVATE)
        syscalls.mount("proc", "/proc", kind="proc", flags=Mount.NOSUID | Mount.NODEV | Mount.NOEXEC)
    except OSError as error:
        _end_with(_lacks("mounts are refused inside the lab's namespaces", error))
    socket.sethostname("bastion")
    _raise_loopback()


def _end_with(lack: EnvironmentLacks) -> NoReturn:
    # The caller's process is already waiting; its frames must not run a second time in this child.
    print(f"haops: {lack}", file=sys.stderr, flush=True)
    os._exit(lack.exit_code)


def _raise_loopback() -> None:
    import fcntl  # noqa: PLC0415 - Linux only, like this function, and nothing else here needs it

    # netdevice(7): IFF_UP | IFF_RUNNING and SIOCSIFFLAGS; neither is in the standard library.
    up_and_running, set_flags = 0x1 | 0x40, 0x8914
    # The kernel reads a whole struct ifreq: 40 bytes on a 64-bit machine.
    request = ctypes.create_string_buffer(b"lo".ljust(16, b"\0") + up_and_running.to_bytes(2, sys.byteorder), 40)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, set_flags, request)


def _lacks(what: str, error: OSError) -> EnvironmentLacks:
    """Say which rule of this machine forbids namespaces, as far as it can be read off."""
    for path, forbidding, remedy in _RULES:
        if _setting(path) == forbidding:
            return EnvironmentLacks(what, where=path, remedy=remedy)
    if error.errno == errno.EINVAL:
        return EnvironmentLacks(what, where="kernel", remedy="a kernel built with user namespaces")
    return EnvironmentLacks(
        f"{what} ({os.strerror(error.errno or 0)})",
        where="this machine",
        remedy="run as root, or in a container started with --privileged (its default seccomp profile refuses unshare)",
    )


_RULES = (
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1, or run as root"),
    ("/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000, or run as root"),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root",
    ),
)


def _setting(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
