"""One writer per journal: a lock that dies with its holder and says who holds it.

flock on a descriptor that follows no link: freed by the kernel when the holder ends, kept while it is stopped, and not
lost when some other part of the process closes a file. Must never break a lock that someone holds.
"""

import fcntl
import os
import pwd
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from haops.core.clock import Clock
from haops.core.text import decode, visible
from haops.errors import JournalLocked
from haops.runtime import private_files

NAME = "LOCK"
# proc(5): starttime is field 22, and these begin with field 3.
_START_FIELD = 19
_MAX_BYTES = 4096
# A reader that asks who writes holds the file for a moment only.
_TRIES = 5
_BETWEEN_TRIES_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who wrote itself into the lock file. `state` is alive, stopped or gone; empty if this host cannot tell."""

    pid: int
    started: str
    since: str
    user: str
    terminal: str
    state: str = ""

    def __str__(self) -> str:
        where = f" on {self.terminal}" if self.terminal else ""
        state = f", {self.state}" if self.state else ""
        return f"process {self.pid} of {self.user}{where}, since {self.since}{state}"


class JournalLock:
    """The lock of one journal, held from `take` to `release`."""

    def __init__(self, descriptor: int, directory: int) -> None:
        self._descriptor = descriptor
        self._directory = directory
        status = os.fstat(descriptor)
        self._identity = (status.st_dev, status.st_ino)

    @classmethod
    def take(cls, directory: int, path: Path, clock: Clock) -> "JournalLock":
        """Take the lock and write down who holds it. Raises JournalLocked naming the holder, OSError."""
        descriptor = private_files.open_file(directory, NAME, os.O_RDWR | os.O_CREAT)
        lock = cls(descriptor, directory)
        try:
            _lock_soon(descriptor)
            lock._sign(clock)
        except BlockingIOError:
            holder = _parse(os.pread(descriptor, _MAX_BYTES, 0))
            os.close(descriptor)
            raise JournalLocked(
                f"another haops writes this journal: {holder or 'it does not say who'}",
                where=str(path),
                remedy="`haops journal follow` to watch it, or end the other one; a stopped one goes on with `fg`",
            ) from None
        except OSError:
            os.close(descriptor)
            raise
        return lock

    def in_place(self) -> bool:
        """Whether the locked file is still the one that others would try to lock."""
        try:
            there = os.stat(NAME, dir_fd=self._directory, follow_symlinks=False)
        except OSError:
            return False
        # A file that was replaced has another inode: locking the old one would lock nobody out.
        return (there.st_dev, there.st_ino) == self._identity

    def _sign(self, clock: Clock) -> None:
        """Write down who is here. Raises BlockingIOError if the locked file is no longer the one under its name."""
        if not self.in_place():
            raise BlockingIOError
        # In place: a rename would put another inode under the name, and two could hold "the" lock.
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, _about_this_process(clock), 0)

    def release(self) -> None:
        """Let go. The file stays: a lock file that is removed can be locked twice."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def find_writer(directory: int) -> Holder | None:
    """Return who writes the journal now, or None. Takes no lock that could be in a writer's way for long."""
    try:
        descriptor = private_files.open_to_read(directory, NAME)
    except OSError:
        return None
    try:
        # Shared, so that several readers may look at once; it is gone with the descriptor.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        # Locked and not signed, as in the moment after it is taken: somebody writes all the same.
        return _parse(os.pread(descriptor, _MAX_BYTES, 0)) or Holder(pid=0, started="", since="", user="", terminal="")
    finally:
        os.close(descriptor)
    return None


def _lock_soon(descriptor: int) -> None:
    """Lock, past a reader that looks at this moment whether there is a writer. Raises BlockingIOError."""
    for _ in range(_TRIES):
        with suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(_BETWEEN_TRIES_S)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _about_this_process(clock: Clock) -> bytes:
    """Return the lines that tell the next one who is here."""
    lines = {
        "pid": str(os.getpid()),
        "started": _start_of(os.getpid()),
        "since": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "user": _user(),
        "terminal": _terminal(),
    }
    return "".join(f"{name} {visible(value)}\n" for name, value in lines.items()).encode()


def _parse(content: bytes) -> Holder | None:
    """Return the holder, or None for a file that says nothing sensible."""
    lines = dict(line.partition(" ")[::2] for line in decode(content).splitlines())
    if not lines.get("pid", "").isdecimal():
        return None
    pid, started = int(lines["pid"]), visible(lines.get("started", ""))
    since, user, terminal = (visible(lines.get(name, "")) for name in ("since", "user", "terminal"))
    return Holder(pid=pid, started=started, since=since, user=user, terminal=terminal, state=_state_of(pid, started))


def _state_of(pid: int, started: str) -> str:
    """Return whether that process lives or is stopped; empty if it is not to be seen from here."""
    fields = _status_fields(pid)
    if not fields or fields[_START_FIELD] != started:
        return ""
    return "stopped (as by ctrl-z)" if fields[0] in "Tt" else "alive"


def _start_of(pid: int) -> str:
    """Return when a process began, in the kernel's ticks since boot; tells it from a later one with its pid."""
    fields = _status_fields(pid)
    return fields[_START_FIELD] if fields else ""


def _status_fields(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on."""
    try:
        content = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    # The program's name before them may hold spaces and brackets.
    return content.rpartition(")")[2].split()


def _user() -> str:
    """Return the name of this process's user, or its number where no name is known."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _terminal() -> str:
    """Return the terminal that this process reads from, or an empty text."""
    try:
        return os.ttyname(0)
    except OSError:
        return ""
