"""The kept connection to one host, as a Link.

Owns when to connect and which channel a program gets. A dead connection is noticed by opening a channel, before
anything is sent, and replaced; what was sent is never sent again.
"""

import threading
import time
from collections.abc import Callable

import paramiko

from haops.connectors.detached.link import Deadline
from haops.connectors.secrets import SecretKeeper
from haops.connectors.ssh.become import SudoGate, as_root
from haops.connectors.ssh.connection import Connection, connect
from haops.connectors.ssh.conversation import ChannelConversation
from haops.connectors.ssh.sockets import Stream
from haops.connectors.ssh.target import Target
from haops.core.inventory import Become
from haops.errors import ConnectFailed, ConnectionLost, TimedOut

# A dead link is known by then; on a live one a command starts within 5 ms.
_OPEN_CHANNEL_S = 6.0
_RETRY_PAUSE_S = 0.05


class SshLink:
    """One host's connection. Safe to use from many threads."""

    def __init__(
        self, target: Target, secrets: SecretKeeper, make_stream: Callable[[Target, Deadline], Stream]
    ) -> None:
        self._target = target
        self._secrets = secrets
        self._make_stream = make_stream
        self._gate = (
            SudoGate(target.user, secrets, where=target.place) if target.become is Become.SUDO_PASSWORD else None
        )
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    @property
    def name(self) -> str:
        """What to call the host in messages."""
        return self._target.place

    def open(self) -> None:
        """Connect now, if not connected. Raises ConnectFailed, TimedOut or Denied."""
        # The password is asked for before connecting: a login must not wait for a person.
        if self._gate is not None:
            self._gate.prepare()
        self.connection(Deadline(self._target.connect_timeout_s))

    def connection(self, deadline: Deadline) -> Connection:
        """Return the live connection, made now if there is none. Raises ConnectFailed, TimedOut or Denied."""
        # With a limit: another thread's connecting may outlast this caller's deadline.
        if not self._lock.acquire(timeout=deadline.remaining_s()):
            raise ConnectFailed("another thread is still connecting", where=self.name)
        try:
            if self._connection is None or not self._connection.is_alive:
                limit = Deadline(min(self._target.connect_timeout_s, deadline.remaining_s()))
                self._connection = connect(self._target, self._make_stream, self._secrets, limit)
            return self._connection
        finally:
            self._lock.release()

    def start(self, command: str, deadline: Deadline) -> ChannelConversation:
        """Start a command line; see Link."""
        try:
            conversation = self._open_conversation(deadline)
        except TimedOut as error:
            raise ConnectFailed(error.message, where=self.name, remedy=error.remedy) from error
        conversation.request(as_root(command, self._target.become))
        if self._gate is not None:
            self._pass_gate(self._gate, conversation, deadline)
        return conversation

    def close(self) -> None:
        """Drop the connection. What runs there goes on."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _pass_gate(self, gate: SudoGate, conversation: ChannelConversation, deadline: Deadline) -> None:
        try:
            gate.pass_through(conversation, deadline)
        except ConnectionLost as error:
            conversation.close()
            raise ConnectFailed(error.message, where=self.name, remedy="nothing was started; try again") from error
        except BaseException:
            conversation.close()
            raise

    def _open_conversation(self, deadline: Deadline) -> ChannelConversation:
        connection = self.connection(deadline)
        try:
            return self._converse(connection, deadline)
        except ConnectionLost:
            # Lost while idle, and nothing was sent yet: a new one may be made at once.
            return self._converse_or_fail(deadline)

    def _converse_or_fail(self, deadline: Deadline) -> ChannelConversation:
        try:
            return self._converse(self.connection(deadline), deadline)
        except ConnectionLost as error:
            raise ConnectFailed(
                error.message, where=self.name, remedy="it breaks as soon as it is made; look at sshd's log"
            ) from error

    def _converse(self, connection: Connection, deadline: Deadline) -> ChannelConversation:
        # sshd allows ten sessions on a connection (MaxSessions) unless told otherwise.
        if not connection.slots.acquire(timeout=deadline.remaining_s()):
            raise ConnectFailed("all channels to it are in use", where=self.name, remedy="wait for what runs there")
        connection.pulse.begin_wait()

        def release() -> None:
            """Let go of the channel: silence on the link is no longer anyone's concern."""
            connection.pulse.end_wait()
            connection.slots.release()

        try:
            channel = self._channel(connection, deadline)
        except BaseException:
            release()
            raise
        return ChannelConversation(channel, self.name, lambda: connection.loss, release)

    def _channel(self, connection: Connection, deadline: Deadline) -> paramiko.Channel:
        while True:
            try:
                return connection.transport.open_session(timeout=min(_OPEN_CHANNEL_S, deadline.remaining_s()))
            except (paramiko.SSHException, EOFError, OSError) as error:
                if not connection.is_alive:
                    raise ConnectionLost(connection.loss, where=self.name) from error
                # Refused: the host may still count a session that just ended. With several threads paramiko hands the
                # refusal itself to any one of them and tells the others less, so every error counts as one.
                if deadline.remaining_s() < _RETRY_PAUSE_S:
                    raise ConnectFailed(
                        f"opened no channel: {error}",
                        where=self.name,
                        remedy="it may be overloaded, or allow few sessions (MaxSessions in its sshd_config)",
                    ) from error
            time.sleep(_RETRY_PAUSE_S)
