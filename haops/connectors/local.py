"""The bastion itself as a place where scripts run: the same texts as on a host, through a child process.

Owns the child's pipes. Must never share haops's terminal, session or signals with a child.
"""

import contextlib
import os
import selectors
import subprocess
from pathlib import Path

from haops.connectors.detached.link import Deadline
from haops.connectors.detached.shell import ScriptShell
from haops.connectors.reaping import reap_later
from haops.core.inventory import BASTION
from haops.errors import ConnectFailed, TimedOut

_PIECE_BYTES = 64 * 1024


class ChildConversation:
    """A Conversation with a child process; for one thread."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        if child.stdin is None or child.stdout is None or child.stderr is None:
            raise ValueError("the child needs pipes")
        self._child = child
        self._input = child.stdin
        self._outputs = selectors.DefaultSelector()
        # A child that does not read must not hold this thread beyond the deadline.
        os.set_blocking(self._input.fileno(), False)
        for index, stream in enumerate((child.stdout, child.stderr)):
            self._outputs.register(stream, selectors.EVENT_READ, index)

    def send(self, content: bytes, deadline: Deadline) -> None:
        """Write to its input; a child that has stopped reading is no error."""
        rest = memoryview(content)
        with contextlib.suppress(BrokenPipeError), selectors.DefaultSelector() as writable:
            writable.register(self._input, selectors.EVENT_WRITE)
            while rest:
                if not writable.select(deadline.remaining_s()):
                    raise TimedOut(f"input not taken within {deadline.timeout_s:g} s", where=BASTION)
                rest = rest[os.write(self._input.fileno(), rest[:_PIECE_BYTES]) :]

    def end_input(self) -> None:
        """Say that no more input comes."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()

    def read(self, wait_s: float) -> tuple[bytes, bytes] | None:
        """Return what arrived on its two outputs, or None when both have ended."""
        if not self._outputs.get_map():
            return None
        pieces = [b"", b""]
        for key, _ in self._outputs.select(wait_s):
            pieces[key.data] = os.read(key.fd, _PIECE_BYTES)
            if not pieces[key.data]:
                self._outputs.unregister(key.fileobj)
        return pieces[0], pieces[1]

    def exit_status(self, deadline: Deadline) -> int | None:
        """Return its exit status; None if a signal ended it."""
        try:
            status = self._child.wait(deadline.remaining_s())
        except subprocess.TimeoutExpired as expired:
            raise TimedOut(f"not ended within {deadline.timeout_s:g} s", where=BASTION) from expired
        return status if status >= 0 else None

    def close(self) -> None:
        """Close the pipes. The child goes on."""
        self._outputs.close()
        for stream in (self._child.stdin, self._child.stdout, self._child.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        reap_later(self._child)


class LocalLink:
    """Starts programs as children in sessions of their own."""

    @property
    def name(self) -> str:
        """What to call this machine in messages."""
        return BASTION

    def open(self) -> None:
        """Nothing to connect."""

    def start(self, command: str, deadline: Deadline) -> ChildConversation:
        """Start a command line of sh. Raises ConnectFailed if this machine cannot start programs."""
        del deadline
        try:
            child = subprocess.Popen(
                # exec, so that the child is the program itself and no shell that waits for it.
                ["sh", "-c", f"exec {command}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # Ctrl-C in the terminal is haops's to answer, not the script's.
                start_new_session=True,
                # As over SSH a script finds itself nowhere in particular; a file system can be unmounted meanwhile.
                cwd="/",
            )
        except OSError as error:
            raise ConnectFailed(f"no program can be started here: {error.strerror}", where=BASTION) from error
        return ChildConversation(child)

    def close(self) -> None:
        """Nothing to drop."""


def local_shell(attempts_directory: Path) -> ScriptShell:
    """Return the bastion's shell; it keeps its attempts in that directory."""
    return ScriptShell(LocalLink(), attempts_directory=str(attempts_directory.absolute()))
