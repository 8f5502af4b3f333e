"""What runs in the channels of the lab's SSH server: commands, shells, forwarded connections.

Owns the plumbing between a channel and a process. Must never decide who may do what: `ssh_server` has by then.
"""

import fcntl
import os
import pty
import socket
import struct
import subprocess
import termios
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import Signals
from typing import IO, Any

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

from haops.lab.agent.processes import CHROOT, HOST_ENVIRONMENT

# What a pipe holds on Linux.
_CHUNK_BYTES = 64 * 1024
_CONNECT_TIMEOUT_S = 10.0
# sshd begins in the home directory; chroot leaves a process in /.
_IN_HOME = ("/bin/sh", "-c", 'cd; exec "$@"', "login")


class Session:
    """One session channel: what the client wished for before it said what to run."""

    def __init__(self, host_root: Path, peer: str) -> None:
        self._root = host_root
        self.environment = {**HOST_ENVIRONMENT, "SSH_CONNECTION": peer}
        self._terminal: tuple[int, int] | None = None

    def want_terminal(self, kind: str, width: int, height: int) -> None:
        """Remember that the client wants a terminal of this size."""
        self.environment["TERM"] = kind
        self._terminal = (height, width)

    def run(self, channel: paramiko.Channel, command: bytes | None) -> None:
        """Start `command`, or a login shell, in the host's root and connect it to the channel; does not wait."""
        shell = login_shell(self._root)
        words = [shell, "-c", command] if command is not None else [shell, "-l"]
        argv = [CHROOT, str(self._root), *_IN_HOME, *words]
        work = self._with_terminal if self._terminal else self._with_pipes
        # The caller is the connection's only reader: waiting here would hold up its other channels.
        in_background(lambda: work(channel, argv))

    def _with_pipes(self, channel: paramiko.Channel, argv: list[str | bytes]) -> None:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            # As under sshd: a signal for the server's group does not reach what clients run.
            start_new_session=True,
            bufsize=0,
        )
        stdin, stdout, stderr = _piped(process.stdin), _piped(process.stdout), _piped(process.stderr)
        in_background(lambda: _feed(channel, stdin))
        pumps = [
            in_background(lambda: _drain(stdout, channel.sendall)),
            in_background(lambda: _drain(stderr, channel.sendall_stderr)),
        ]
        _finish(channel, process, pumps)

    def _with_terminal(self, channel: paramiko.Channel, argv: list[str | bytes]) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *(self._terminal or (24, 80)), 0, 0))
        # In a session of its own with this terminal in control of it: Ctrl-C reaches the foreground.
        process = subprocess.Popen(
            ["setsid", "-c", *argv], stdin=theirs, stdout=theirs, stderr=theirs, env=self.environment
        )
        # Held open here, the terminal would never read as ended.
        os.close(theirs)
        # A descriptor for each direction: closing one must not close the other.
        reading, writing = os.fdopen(ours, "rb", buffering=0), os.fdopen(os.dup(ours), "wb", buffering=0)
        in_background(lambda: _feed(channel, writing))
        _finish(channel, process, [in_background(lambda: _drain(reading, channel.sendall))])


class Forwarding:
    """A connection made on the client's behalf."""

    def __init__(self, destination: tuple[str, int]) -> None:
        self._destination = destination
        self._socket: socket.socket | None = None

    def connect(self) -> bool:
        """Connect; tell whether it worked."""
        with suppress(OSError):
            self._socket = socket.create_connection(self._destination, timeout=_CONNECT_TIMEOUT_S)
            # The limit was for connecting; a forwarded connection may be silent for hours.
            self._socket.settimeout(None)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket is not None

    def relay(self, channel: paramiko.Channel) -> None:
        """Pass bytes both ways until both ends are done; does not wait."""
        assert self._socket is not None  # noqa: S101 - a forwarding that did not connect gets no channel
        reading, writing = self._socket.makefile("rb"), os.fdopen(os.dup(self._socket.fileno()), "wb", buffering=0)
        in_background(lambda: _feed(channel, writing, ended=lambda: _half_close(self._socket)))
        in_background(lambda: _drain(reading, channel.sendall, ended=channel.shutdown_write))


def login_shell(host_root: Path) -> str:
    """Return root's shell as the host's passwd file has it."""
    with suppress(OSError):
        for line in (host_root / "etc/passwd").read_text().splitlines():
            if line.startswith("root:"):
                return line.rpartition(":")[2] or "/bin/sh"
    return "/bin/sh"


def in_background(work: Callable[[], object]) -> threading.Thread:
    """Run `work` in a thread that nobody has to join."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _piped(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - narrowed for the type checker; it was opened as a pipe
    return pipe


def _feed(channel: paramiko.Channel, sink: IO[bytes], ended: Callable[[], object] = lambda: None) -> None:
    """Pass what the client sends on; a reader that has gone does not stop the client from sending."""
    taken = True
    while chunk := channel.recv(_CHUNK_BYTES):
        if taken:
            try:
                _write_all(sink, chunk)
            except OSError:
                taken = False
    ended()
    with suppress(OSError):
        sink.close()


def _write_all(sink: IO[bytes], chunk: bytes) -> None:
    # An unbuffered file may take less than it is given.
    rest = memoryview(chunk)
    while rest:
        rest = rest[sink.write(rest) :]


def _drain(source: IO[bytes], send: Callable[[bytes], object], ended: Callable[[], object] = lambda: None) -> None:
    """Pass what comes on; without a client the pipe is closed, as sshd does it."""
    with suppress(OSError), source:  # a terminal whose last process is gone reads as EIO
        while chunk := _available(source):
            send(chunk)
    ended()


def _available(source: IO[bytes]) -> bytes:
    """Return what is there, without waiting for more."""
    return os.read(source.fileno(), _CHUNK_BYTES)


def _finish(channel: paramiko.Channel, process: "subprocess.Popen[bytes]", pumps: list[threading.Thread]) -> None:
    """Report how the process ended; close once nothing holds its output open."""
    code = process.wait()
    # The status goes out once what the process itself wrote has: waiting for its children would hold it back.
    for pump in pumps:
        pump.join(timeout=0.05)
    with suppress(OSError, EOFError):
        if code >= 0:
            channel.send_exit_status(code)
        else:
            _send_exit_signal(channel, -code)
    for pump in pumps:
        pump.join()
    channel.close()


def _send_exit_signal(channel: paramiko.Channel, number: int) -> None:
    # RFC 4254, 6.10: no reply wanted; the name without SIG; no core file, no message, no language.
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("exit-signal")
    message.add_boolean(b=False)
    message.add_string(Signals(number).name.removeprefix("SIG"))
    message.add_boolean(b=False)
    message.add_string("")
    message.add_string("")
    transport: Any = channel.get_transport()
    transport._send_user_message(message)  # noqa: SLF001 - the library has no public way to send this


def _half_close(connection: socket.socket | None) -> None:
    with suppress(OSError):
        if connection:
            connection.shutdown(socket.SHUT_WR)
