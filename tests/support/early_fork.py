"""A process forked before any test ran, which forks again whenever a test needs a process with one thread.

Namespaces may be entered by such a process only, and one forked from a test runner need not be: gRPC, once used, starts
threads of its own in whatever is forked afterwards. It is forked when the tests have been collected, so that it knows
their functions, with the assertions that pytest has rewritten.
"""

import multiprocessing
import os
import select
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Any


class _EarlyFork:
    """That process, seen from the test runner; it ends with the runner."""

    def __init__(self) -> None:
        self._requests, theirs = multiprocessing.Pipe()
        self._pid = os.fork()
        if self._pid == 0:
            # Else it would hold the runner's end open itself and never see it close.
            self._requests.close()
            _serve(theirs)
        theirs.close()

    def start(self, function: Callable[..., None], arguments: tuple[Any, ...]) -> tuple[int, Connection]:
        """Have a function called in a new process; return (its pid, this end of its pipe)."""
        ours, theirs = multiprocessing.Pipe()
        self._requests.send((function, arguments))
        send_handle(self._requests, theirs.fileno(), self._pid)
        theirs.close()
        return self._requests.recv(), ours


_forked: list[_EarlyFork] = []


def prepare() -> None:
    """Fork it; for when the tests have been collected and none has run."""
    _forked[:] = [_EarlyFork()]


def start(function: Callable[..., None], *arguments: Any) -> tuple[int, Connection]:
    """Call a module's function in a new process with a pipe's end and the arguments; return (pid, the other end)."""
    return _forked[0].start(function, arguments)


def await_end(pid: int) -> None:
    """Wait until a process that was started so has ended."""
    # Gone already when it cannot be opened: it was somebody else's to reap.
    with suppress(ProcessLookupError):
        process = os.pidfd_open(pid)
        try:
            select.select([process], [], [])
        finally:
            os.close(process)


def _serve(requests: Connection) -> None:
    """Start what is asked for until the test runner ends."""
    # An interrupt of the terminal reaches everybody; whoever runs a test says what it makes of it.
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            function, arguments = requests.recv()
            pipe = Connection(recv_handle(requests))
            _reap()
            pid = os.fork()
            if pid == 0:
                requests.close()
                function(pipe, *arguments)
                os._exit(0)
            pipe.close()
            requests.send(pid)
    os._exit(0)


def _reap() -> None:
    """Collect whatever has ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
