"""A program on a terminal of its own, and when a text first stands on it.

Owns the pseudo-terminal and the program on it. Must never send it anything but what a person would type.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

_COLUMNS, _ROWS = 120, 40
_KEPT = 1 << 20
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[ -/]*[0-~])")


class Terminal:
    """A running program's terminal. Times are seconds of `time.perf_counter`."""

    def __init__(self, pid: int, descriptor: int, started_s: float) -> None:
        self.pid = pid
        self.started_s = started_s
        self._descriptor = descriptor
        self._drawn = b""

    def forget(self) -> None:
        """Look only at what is drawn from now on."""
        self.read_for(0.0)
        self._drawn = b""

    def await_text(self, pattern: str, *, within_s: float = 60.0) -> float:
        """Return when the pattern was first drawn. Raises TimeoutError with what was drawn instead.

        A line of a widget is drawn in one piece, so the escapes between its parts can be taken out.
        """
        wanted = re.compile(pattern.encode())
        ends_s = time.perf_counter() + within_s
        while time.perf_counter() < ends_s:
            if self._read(ends_s - time.perf_counter()) and wanted.search(self.text):
                return time.perf_counter()
        raise TimeoutError(f"{pattern!r} was not drawn within {within_s:.0f} s: {self.text[-2000:]!r}")

    def read_for(self, duration_s: float) -> None:
        """Take what the program draws for a while, so that it never waits for its terminal."""
        ends_s = time.perf_counter() + duration_s
        while self._read(max(0.0, ends_s - time.perf_counter())) or time.perf_counter() < ends_s:
            pass

    @property
    def text(self) -> bytes:
        """What was drawn lately, without escapes."""
        return _ESCAPES.sub(b"", self._drawn)

    def _read(self, timeout_s: float) -> bool:
        """Take what is there, waiting for it at most that long; return whether something was."""
        if not select.select([self._descriptor], [], [], timeout_s)[0]:
            return False
        try:
            piece = os.read(self._descriptor, 1 << 16)
        except OSError:
            raise TimeoutError(f"the program has ended: {self.text[-2000:]!r}") from None
        self._drawn = (self._drawn + piece)[-_KEPT:]
        return True


@contextmanager
def on_terminal(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Terminal]:
    """Start a program on a terminal of its own and end it afterwards."""
    started_s = time.perf_counter()
    pid, descriptor = pty.fork()
    if pid == 0:
        _become(command, {**os.environ, **(environment or {}), "TERM": "xterm-256color", "COLORTERM": "truecolor"})
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    try:
        yield Terminal(pid, descriptor, started_s)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(descriptor)


def _become(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run the program in this process, on a terminal that has its size already."""
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    os.execvpe(command[0], list(command), dict(environment))  # noqa: S606 - a fresh process on this terminal
