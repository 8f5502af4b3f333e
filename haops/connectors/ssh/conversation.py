"""A program on a host, over one channel.

Owns the channel's flow in both directions. Must never call an end that was not said an end: without one the link was
lost.
"""

import contextlib
import threading
from collections.abc import Callable

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST

from haops.connectors.detached.link import Deadline
from haops.errors import ConnectionLost, TimedOut

_PIECE_BYTES = 64 * 1024
_TICK_S = 0.5
_WHOLE_STATUS = 0


class Wakeup:
    """An event for two buffers: paramiko's buffers would each clear it while the other still has something."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    def clear(self) -> None:
        """Nothing: only the reader knows when both are empty."""

    def rearm(self) -> None:
        """Clear it, before looking at the buffers."""
        self._event.clear()

    def wait(self, wait_s: float) -> None:
        """Wait until something comes."""
        self._event.wait(wait_s)


class ChannelConversation:
    """A Conversation over one channel; for one thread. `release` is called once when it is closed."""

    def __init__(
        self, channel: paramiko.Channel, where: str, loss: Callable[[], str], release: Callable[[], None]
    ) -> None:
        self._channel = channel
        self._transport = channel.get_transport()
        self._where = where
        self._loss = loss
        self._release: Callable[[], None] | None = release
        self._wakeup = Wakeup()
        for buffer in (channel.in_buffer, channel.in_stderr_buffer):
            buffer.set_event(self._wakeup)  # type: ignore[arg-type]

    def request(self, command: str) -> None:
        """Ask for the program to be started. Input may follow before the yes; a no closes the channel."""
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_REQUEST)
        message.add_int(self._channel.remote_chanid)
        message.add_string("exec")
        message.add_boolean(True)  # noqa: FBT003 - paramiko's signature
        message.add_string(command)
        try:
            self._transport._send_user_message(message)  # type: ignore[attr-defined]  # noqa: SLF001 - exec_command waits without limit
        except (OSError, EOFError, paramiko.SSHException) as error:
            self.close()
            raise self._lost() from error

    def send(self, content: bytes, deadline: Deadline) -> None:
        """Write to its input; a program that has stopped reading is no error. Raises ConnectionLost or TimedOut."""
        rest = memoryview(content)
        while rest:
            self._channel.settimeout(min(_TICK_S, deadline.remaining_s() + 0.001))
            try:
                rest = rest[self._channel.send(bytes(rest[:_PIECE_BYTES])) :]
            except TimeoutError as error:
                if deadline.passed:
                    raise TimedOut(f"input not taken within {deadline.timeout_s:g} s", where=self._where) from error
            except (OSError, EOFError, paramiko.SSHException) as error:
                if not self._transport.is_active():
                    raise self._lost() from error
                return

    def end_input(self) -> None:
        """Say that no more input comes."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.shutdown_write()

    def read(self, wait_s: float) -> tuple[bytes, bytes] | None:
        """Return what arrived, or None when both outputs have ended. Raises ConnectionLost."""
        # Before looking, so that what comes in between wakes the wait below.
        self._wakeup.rearm()
        pieces = self._take()
        if pieces == (b"", b"") and not self._channel.closed and not self._channel.eof_received:
            self._wakeup.wait(wait_s)
            pieces = self._take()
        if pieces != (b"", b""):
            return pieces
        return self._end()

    def exit_status(self, deadline: Deadline) -> int | None:
        """Return its exit status, or None if the link is whole but none was sent. Raises ConnectionLost or TimedOut."""
        if not self._channel.status_event.wait(deadline.remaining_s()):
            raise TimedOut(f"no exit status within {deadline.timeout_s:g} s", where=self._where)
        # paramiko says -1 for a lost connection and for a server that sends no status alike.
        if self._channel.exit_status >= _WHOLE_STATUS:
            return self._channel.exit_status
        if not self._transport.is_active():
            raise self._lost()
        return None

    def close(self) -> None:
        """Stop listening. What runs there goes on."""
        release, self._release = self._release, None
        if release is not None:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                self._channel.close()
            release()

    def _take(self) -> tuple[bytes, bytes]:
        channel = self._channel
        try:
            # A window is only opened further by reading through the channel, not through its buffers.
            out = channel.recv(_PIECE_BYTES) if channel.recv_ready() else b""
            err = channel.recv_stderr(_PIECE_BYTES) if channel.recv_stderr_ready() else b""
        except (OSError, EOFError, paramiko.SSHException) as error:
            # Opening the window sends, and the link may be gone by then.
            raise self._lost() from error
        return out, err

    def _end(self) -> tuple[bytes, bytes] | None:
        if self._channel.recv_ready() or self._channel.recv_stderr_ready():
            return b"", b""
        if self._channel.eof_received:
            return None
        if self._channel.closed:
            raise self._lost()
        return b"", b""

    def _lost(self) -> ConnectionLost:
        said = self._loss() if not self._transport.is_active() else "the channel was closed before its end"
        return ConnectionLost(said, where=self._where, remedy="what was started there may go on: probe it")
