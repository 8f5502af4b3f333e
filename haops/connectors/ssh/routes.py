"""The way to a host: straight, through a proxy program, or through jump hosts whose connections are kept and shared.

Owns the jump hosts of one session. Must never run a program on one.
"""

import threading
from functools import partial

import paramiko

from haops.connectors.detached.link import Deadline
from haops.connectors.secrets import SecretKeeper
from haops.connectors.ssh.link import SshLink
from haops.connectors.ssh.sockets import Stream, connect_program, connect_tcp
from haops.connectors.ssh.target import Target, resolve_jump
from haops.core.inventory import SshAccess
from haops.errors import ConnectFailed


class Routes:
    """Makes the byte stream to any target of one inventory. Safe to use from many threads."""

    def __init__(self, access: SshAccess, secrets: SecretKeeper) -> None:
        self._access = access
        self._secrets = secrets
        self._lock = threading.Lock()
        self._jumps: dict[tuple[str, ...], SshLink] = {}

    def stream_to(self, target: Target, deadline: Deadline) -> Stream:
        """Return a connected stream. Raises ConnectFailed, TimedOut or Denied."""
        hops = tuple(hop.strip() for hop in target.proxy_jump.split(",") if hop.strip())
        if hops:
            return self._through(hops, target, deadline)
        if target.proxy_command:
            return connect_program(target.proxy_command, where=target.place)
        return connect_tcp(target.address, target.port, timeout_s=deadline.remaining_s(), where=target.place)

    def close(self) -> None:
        """Drop the connections to jump hosts."""
        with self._lock:
            for jump in self._jumps.values():
                jump.close()
            self._jumps.clear()

    def _through(self, hops: tuple[str, ...], target: Target, deadline: Deadline) -> Stream:
        transport = self._jump(hops).connection(deadline).transport
        try:
            # RFC 4254 wants an originator here; a server at most logs it.
            return transport.open_channel(
                "direct-tcpip", (target.address, target.port), ("127.0.0.1", 0), timeout=deadline.remaining_s()
            )
        except (paramiko.SSHException, EOFError, OSError) as error:
            raise ConnectFailed(
                f"cannot be reached through {hops[-1]}: {error}",
                where=target.place,
                remedy="check it from the jump host",
            ) from error

    def _jump(self, hops: tuple[str, ...]) -> SshLink:
        # For the table only: to connect, a jump host may need another one, which takes this lock again.
        with self._lock:
            if hops not in self._jumps:
                last = resolve_jump(hops[-1], self._access)
                self._jumps[hops] = SshLink(last, self._secrets, partial(self._to_jump, hops[:-1]))
            return self._jumps[hops]

    def _to_jump(self, before: tuple[str, ...], jump: Target, deadline: Deadline) -> Stream:
        if before:
            return self._through(before, jump, deadline)
        # Its own ProxyJump, from its own entry in ssh_config, leads further back.
        return self.stream_to(jump, deadline)
