"""The byte streams under SSH: a TCP socket set up to notice a dead peer, or a proxy program.

Owns socket options and the note of when the peer was last heard. Must never speak SSH.
"""

import errno
import socket
import subprocess
import time
from typing import Protocol

from haops.connectors.reaping import reap_later
from haops.errors import ConnectFailed, ConnectorError, TimedOut

UNANSWERED_MS = 5000
"""How long sent bytes may stay unacknowledged before the kernel gives the connection up."""
# For idle connections; what was sent and not acknowledged has UNANSWERED_MS.
_KEEPALIVE_IDLE_S = 5
_KEEPALIVE_EVERY_S = 2
_KEEPALIVE_COUNT = 2

_REASONS = {
    errno.ECONNREFUSED: ("refused the connection", "check that sshd runs there, and the port"),
    errno.EHOSTUNREACH: ("cannot be reached: no route, or no such machine answers", "check power, network and address"),
    errno.ENETUNREACH: ("cannot be reached: no route to its network", "check this machine's routes and the VPN"),
    errno.ECONNRESET: ("reset the connection", "check that sshd runs there, and its limits (MaxStartups)"),
}


class Stream(Protocol):
    """What paramiko needs of a socket."""

    def recv(self, size_bytes: int, /) -> bytes:
        """Receive at most that many bytes; none at the end."""

    def send(self, content: bytes, /) -> int:
        """Send what can be sent now; return how many bytes."""

    def settimeout(self, timeout_s: float | None, /) -> None:
        """Bound recv and send."""

    def close(self) -> None:
        """Close it."""


class HeardStream:
    """A stream that notes when anything last came from the peer (monotonic seconds)."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._closed = False  # paramiko reads it by this name
        self.heard_at = time.monotonic()

    def recv(self, size_bytes: int) -> bytes:
        """Receive, and note the time."""
        piece = self._stream.recv(size_bytes)
        self.heard_at = time.monotonic()
        return piece

    def send(self, content: bytes) -> int:
        """Send what can be sent now."""
        return self._stream.send(content)

    def settimeout(self, timeout_s: float | None) -> None:
        """Bound recv and send."""
        self._stream.settimeout(timeout_s)

    def close(self) -> None:
        """Close it."""
        self._closed = True
        self._stream.close()


def connect_tcp(address: str, port: int, *, timeout_s: float, where: str) -> socket.socket:
    """Connect a socket. Raises ConnectFailed (refused, no route, name unknown) or TimedOut."""
    try:
        connected = socket.create_connection((address, port), timeout=timeout_s)
    except OSError as error:
        raise _connect_error(error, timeout_s, where) from error
    # paramiko never sets it: a command on an open connection takes 48 ms without and 4 ms with it.
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        # Without it paramiko was still waiting after 45 s on a link that had been cut, and called it active.
        (socket.TCP_USER_TIMEOUT, UNANSWERED_MS),
        (socket.TCP_KEEPIDLE, _KEEPALIVE_IDLE_S),
        (socket.TCP_KEEPINTVL, _KEEPALIVE_EVERY_S),
        (socket.TCP_KEEPCNT, _KEEPALIVE_COUNT),
    ):
        connected.setsockopt(socket.IPPROTO_TCP, option, value)
    return connected


def connect_program(command: str, *, where: str) -> socket.socket:
    """Start a ProxyCommand and return our end of the socket that is its input and output. Raises ConnectFailed."""
    # Not pipes: paramiko sends and receives on one object.
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            program = subprocess.Popen(
                ["sh", "-c", f"exec {command}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                # What the program says there would be written over the screen.
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise ConnectFailed(f"ProxyCommand cannot be started: {error.strerror}", where=where) from error
    reap_later(program)
    return ours


def _connect_error(error: OSError, timeout_s: float, where: str) -> ConnectorError:
    if isinstance(error, TimeoutError):
        return TimedOut(
            f"no connection within {timeout_s:.1f} s", where=where, remedy="check power, network and firewall"
        )
    if isinstance(error, socket.gaierror):
        return ConnectFailed(
            "its name is not known", where=where, remedy="give the address in the inventory; DNS may be down"
        )
    said, remedy = _REASONS.get(error.errno or 0, (error.strerror or str(error), "check network and address"))
    return ConnectFailed(said, where=where, remedy=remedy)
