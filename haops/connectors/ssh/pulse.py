"""The heartbeat of one connection: a real round trip on the monotonic clock, and an end if no answer comes.

Owns the judgement that a peer is gone. Any byte from the peer counts as life, so a slow link full of output is no
dead one. Must never take this process's own sleep for the peer's silence.
"""

import contextlib
import threading
import time

import paramiko
from paramiko.common import cMSG_GLOBAL_REQUEST

from haops.connectors.ssh.sockets import HeardStream

ASK_EVERY_S = 1.0
"""While something waits for the peer."""
# Nobody waits then: often enough to keep firewalls from forgetting the connection.
ASK_EVERY_IDLE_S = 15.0
# With the second before a question and a tick: a dead link is known within 6 s, and 2 s of jitter are no death.
SILENCE_LIMIT_S = 3.5
_TICK_S = 0.25
# A pause of this thread that is longer was this machine's: silence meanwhile says nothing about the peer.
_OWN_SLEEP_S = 2.0


class Pulse(threading.Thread):
    """Asks for an answer when the peer has been silent; closes the transport when none comes."""

    def __init__(self, transport: paramiko.Transport, stream: HeardStream, name: str) -> None:
        super().__init__(name=f"ssh-pulse-{name}", daemon=True)
        self._transport = transport
        self._stream = stream
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._waiting = 0
        self._asked_at: float | None = None
        self.verdict = ""
        """Why the connection was given up; empty as long as it was not."""

    def begin_wait(self) -> None:
        """Say that something begins to wait for the peer."""
        with self._lock:
            self._waiting += 1
        self._wake.set()

    def end_wait(self) -> None:
        """Say that it waits no longer."""
        with self._lock:
            self._waiting -= 1

    def wake(self) -> None:
        """Look at once: the transport may have been closed."""
        self._wake.set()

    def run(self) -> None:
        """Watch until the transport ends."""
        looked_at = time.monotonic()
        while self._transport.is_active():
            self._pause()
            now = time.monotonic()
            if now - looked_at > ASK_EVERY_IDLE_S + _OWN_SLEEP_S or (self._asked_at and now - looked_at > _OWN_SLEEP_S):
                self._asked_at = None
            looked_at = now
            self._judge(now)

    def _pause(self) -> None:
        busy = self._waiting > 0 or self._asked_at is not None
        if not busy:
            self._wake.clear()
            if not self._waiting:
                self._wake.wait(ASK_EVERY_IDLE_S)
                return
        time.sleep(_TICK_S)

    def _judge(self, now: float) -> None:
        if self._asked_at is not None and self._stream.heard_at < self._asked_at:
            if now - self._asked_at > SILENCE_LIMIT_S:
                self.verdict = f"no answer for {now - self._stream.heard_at:.1f} s"
                # Closing wakes every thread that waits on a channel; nothing else would.
                self._transport.close()
            return
        self._asked_at = None
        if now - self._stream.heard_at >= (ASK_EVERY_S if self._waiting else ASK_EVERY_IDLE_S):
            self._asked_at = now
            self._ask()

    def _ask(self) -> None:
        message = paramiko.Message()
        message.add_byte(cMSG_GLOBAL_REQUEST)
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)  # noqa: FBT003 - paramiko's signature
        # Transport.global_request waits without a limit for the answer; here any byte is one.
        with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
            self._transport._send_user_message(message)  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
