"""The lab's own SSH server, for where OpenSSH's cannot run: `python -m haops.lab.ssh_server HOST_ROOT`.

Owns connections and who may log in; runs in its host's namespaces, outside its root file system. Must never hold a
command back: what was started goes on when the connection is gone, as with sshd.
"""

import logging
import socket
import sys
import threading
from pathlib import Path

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from haops.lab.ssh_channels import Forwarding, Session

PORT = 22
HOST_KEY = "/etc/ssh/haops_lab_host_key"
AUTHORIZED_KEYS = "/root/.ssh/authorized_keys"
# A step on 50 hosts, or a runbook gone wild, connects at once; sshd has 128 as well.
_BACKLOG = 128
# With paramiko's 2 MB, copying a snapshot would wait for the window instead of for the disk.
_WINDOW_BYTES = 16 * 1024 * 1024


class Login(paramiko.ServerInterface):
    """One connection's rules: root by public key, commands and forwarded connections."""

    def __init__(self, host_root: Path, peer: str) -> None:
        self._root = host_root
        self._peer = peer
        self._sessions: dict[int, Session] = {}
        self._forwardings: dict[int, Forwarding] = {}

    def get_allowed_auths(self, username: str) -> str:
        """Public keys only."""
        del username
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Let root in with a key that is listed; the list is read at each login, as sshd does."""
        listed = (self._root / AUTHORIZED_KEYS.lstrip("/")).read_text().split("\n")
        known = {tuple(line.split()[:2]) for line in listed}
        allowed = username == "root" and (key.get_name(), key.get_base64()) in known
        return AUTH_SUCCESSFUL if allowed else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Sessions only; forwarded connections are asked for separately."""
        if kind != "session":
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        self._sessions[chanid] = Session(self._root, self._peer)
        return OPEN_SUCCEEDED

    def check_channel_env_request(self, channel: paramiko.Channel, name: bytes, value: bytes) -> bool:
        """Locale only, as the usual AcceptEnv."""
        if not name.startswith(b"LC_") and name != b"LANG":
            return False
        self._sessions[channel.get_id()].environment[name.decode()] = value.decode(errors="replace")
        return True

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Run a command."""
        self._sessions.pop(channel.get_id()).run(channel, command)
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        """Run a login shell."""
        self._sessions.pop(channel.get_id()).run(channel, None)
        return True

    def check_channel_pty_request(  # noqa: PLR0917 - the library's signature
        self,
        channel: paramiko.Channel,
        term: bytes,
        width: int,
        height: int,
        pixelwidth: int,
        pixelheight: int,
        modes: bytes,
    ) -> bool:
        """Give the session a terminal."""
        del pixelwidth, pixelheight, modes
        self._sessions[channel.get_id()].want_terminal(term.decode(errors="replace"), width, height)
        return True

    def check_channel_window_change_request(
        self, channel: paramiko.Channel, width: int, height: int, pixelwidth: int, pixelheight: int
    ) -> bool:
        """Resizing a running terminal is not needed on a lab host."""
        del channel, width, height, pixelwidth, pixelheight
        return False

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        """Connect on the client's behalf, for ProxyJump."""
        del origin
        self._forwardings[chanid] = forwarding = Forwarding(destination)
        return OPEN_SUCCEEDED if forwarding.connect() else OPEN_FAILED_CONNECT_FAILED

    def relay(self, channel: paramiko.Channel) -> None:
        """Begin to pass bytes if the channel is a forwarded connection."""
        forwarding = self._forwardings.pop(channel.get_id(), None)
        if forwarding:
            forwarding.relay(channel)


def serve(host_root: Path, port: int = PORT) -> None:
    """Accept connections for ever, one thread each."""
    key = paramiko.Ed25519Key(filename=str(host_root / HOST_KEY.lstrip("/")))
    with socket.create_server(("0.0.0.0", port), backlog=_BACKLOG) as listener:  # noqa: S104 - a lab's own network namespace
        while True:
            connection, (address, peer_port) = listener.accept()
            local = connection.getsockname()
            peer = f"{address} {peer_port} {local[0]} {local[1]}"
            threading.Thread(target=_converse, args=(connection, key, Login(host_root, peer)), daemon=True).start()


def _converse(connection: socket.socket, key: paramiko.PKey, login: Login) -> None:
    # paramiko never sets it: an exec on an open connection takes 48 ms without and 4 ms with it.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = paramiko.Transport(connection, default_window_size=_WINDOW_BYTES)
    transport.local_version = "SSH-2.0-haops-lab"
    transport.add_server_key(key)
    try:
        transport.start_server(server=login)
        # The library holds channels weakly: one that nobody holds until its command arrives would be closed.
        held: list[paramiko.Channel] = []
        while transport.is_active():
            # With a limit: a connection that ends right before this call does not wake it any more.
            channel = transport.accept(timeout=60)
            if channel:
                held = [*(earlier for earlier in held if not earlier.closed), channel]
                login.relay(channel)
    except (paramiko.SSHException, EOFError, OSError) as error:
        logging.getLogger(__name__).info("connection ended: %s", error)
    finally:
        transport.close()


def main() -> int:
    """Serve the host whose root file system is the argument."""
    # It logs a traceback for whoever connects and says nothing, as `await_servers` does.
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)
    serve(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
