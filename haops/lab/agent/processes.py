"""Starts processes on the host and learns how they ended.

Owns the host's children, its orphans included: the agent is the host's first process. Must never block.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

HOST_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
}
"""What every process of a host starts with; nothing of the caller's environment leaks in."""

# By path: posix_spawn searches no PATH, and that of an ordinary user often lacks the sbin directories.
CHROOT = next((path for path in ("/usr/sbin/chroot", "/usr/bin/chroot", "/sbin/chroot") if os.path.exists(path)), "")  # noqa: PTH110 - strings
NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: the exit status, or the signal's number."""

    status: int
    signal: int

    @property
    def code(self) -> int:
        """The status as a shell reports it: 128 + signal for a killed one."""
        return 128 + self.signal if self.signal else self.status


class Running(Protocol):
    """What a service's main process is to its service: a real one, or a part of the agent in one's place."""

    @property
    def pid(self) -> int:
        """The process id, in the host's numbering."""
        ...

    @property
    def ended(self) -> asyncio.Future[Ended]:
        """Resolves with how it ended."""
        ...

    @property
    def is_running(self) -> bool:
        """Tell whether it has not ended."""
        ...

    def send(self, number: int, *, whole_group: bool = True) -> None:
        """Send a signal."""
        ...


@dataclass(frozen=True, slots=True)
class Process:
    """A started process; leader of its own session, so that signals reach what it started too."""

    pid: int
    ended: asyncio.Future[Ended]

    @property
    def is_running(self) -> bool:
        """Tell whether its end has not been seen yet."""
        return not self.ended.done()

    def send(self, number: int, *, whole_group: bool = True) -> None:
        """Send a signal; a process that is gone is no error."""
        if self.is_running:
            with suppress(ProcessLookupError):
                (os.killpg if whole_group else os.kill)(self.pid, number)


class Processes:
    """The host's process table, as far as its agent started it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._running: dict[int, Process] = {}

    def watch(self) -> None:
        """Begin to reap. Call once, on the running loop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    def start(
        self,
        command: Sequence[str],
        *,
        stdin: int,
        stdout: int,
        stderr: int,
        environment: Mapping[str, str] = HOST_ENVIRONMENT,
        on_host: bool = True,
    ) -> Process:
        """Start `command` with these open descriptors, in the host's root unless `on_host` is off. OSError if not."""
        # By the program chroot: posix_spawn itself cannot change the root.
        argv = [CHROOT, str(self._root), *command] if on_host else list(command)
        pid = os.posix_spawn(
            argv[0],
            argv,
            dict(environment),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, descriptor, place) for place, descriptor in enumerate((stdin, stdout, stderr))
            ],
            setsid=True,
            setsigmask=(),
            # Python ignores SIGPIPE and a background job SIGINT; whoever inherits that never ends by them.
            setsigdef=(signal.SIGPIPE, signal.SIGINT),
        )
        process = Process(pid, asyncio.get_running_loop().create_future())
        self._running[pid] = process
        return process

    def start_logged(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str], *, on_host: bool = True
    ) -> Process:
        """Start `command` with its output appended to `log`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output, Path(os.devnull).open("rb") as nothing:
            return self.start(
                command,
                stdin=nothing.fileno(),
                stdout=output.fileno(),
                stderr=output.fileno(),
                environment=environment,
                on_host=on_host,
            )

    def _reap(self) -> None:
        # One SIGCHLD may stand for several ends.
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            # Orphans come to the host's first process, too: they are reaped, and nobody asks after them.
            process = self._running.pop(pid, None)
            if process is not None and not process.ended.done():
                code = os.waitstatus_to_exitcode(status)
                process.ended.set_result(Ended(max(code, 0), max(-code, 0)))


async def stop(process: Running, *, first: int, patience_s: float, overdue: Callable[[], None] = lambda: None) -> None:
    """Send `first`, then SIGKILL after `patience_s`, said by `overdue` before; return when the process has ended."""
    process.send(first)
    process.send(signal.SIGCONT)  # a stopped process takes no other signal
    try:
        # Shielded: the wait may be over, the end is still to come.
        await asyncio.wait_for(asyncio.shield(process.ended), patience_s)
    except TimeoutError:
        overdue()
        process.send(signal.SIGKILL)
        await process.ended
        return
    # What it started in its own session may have outlived it.
    process.send(signal.SIGKILL)
