"""One authenticated SSH connection: made, checked, watched, and left for good when it is lost.

Owns the handshake: time limits, algorithms, host key, login. Must never come back to life: whoever lost it makes a
new one.
"""

import contextlib
import logging
import threading
from collections.abc import Callable

import paramiko

from haops.connectors.detached.link import Deadline
from haops.connectors.secrets import SecretKeeper
from haops.connectors.ssh.host_keys import check_host_key, keys_of, preferred_algorithms
from haops.connectors.ssh.keys import KeyRing
from haops.connectors.ssh.known_hosts import load_known_keys
from haops.connectors.ssh.pulse import Pulse
from haops.connectors.ssh.sockets import HeardStream, Stream
from haops.connectors.ssh.target import Target
from haops.errors import ConnectFailed, Denied, TimedOut

MAX_CHANNELS = 8
"""Below OpenSSH's MaxSessions of 10, which refuses the eleventh."""

_WEAK = {
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
    "keys": ["ssh-rsa", "ssh-dss"],
    "pubkeys": ["ssh-rsa", "ssh-dss"],
    "kex": ["diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1"],
}

# Without a handler of their own paramiko's warnings would be printed over the screen.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False


class Connection:
    """A transport that is logged in, its heartbeat, and its free channels."""

    def __init__(self, transport: paramiko.Transport, pulse: Pulse) -> None:
        self.transport = transport
        self.pulse = pulse
        self.slots = threading.BoundedSemaphore(MAX_CHANNELS)

    @property
    def is_alive(self) -> bool:
        """Whether nothing speaks against it."""
        return self.transport.is_active()

    @property
    def loss(self) -> str:
        """Why it was lost, in words."""
        return self.pulse.verdict or "the connection broke"

    def close(self) -> None:
        """Close it."""
        self.transport.close()
        self.pulse.wake()


def connect(
    target: Target, make_stream: Callable[[Target, Deadline], Stream], secrets: SecretKeeper, deadline: Deadline
) -> Connection:
    """Connect and log in. Raises ConnectFailed, TimedOut or Denied."""
    stream = HeardStream(make_stream(target, deadline))
    transport: paramiko.Transport | None = None
    try:
        transport = paramiko.Transport(stream, disabled_algorithms=_WEAK)  # type: ignore[arg-type]
        # Else the process could not end while a host is silent.
        transport.daemon = True
        _shake_hands(transport, target, deadline)
        _log_in(transport, target, secrets, deadline)
    except BaseException:
        if transport is not None:
            transport.close()
        stream.close()
        raise
    pulse = Pulse(transport, stream, target.name)
    pulse.start()
    return Connection(transport, pulse)


def _shake_hands(transport: paramiko.Transport, target: Target, deadline: Deadline) -> None:
    known = keys_of(load_known_keys(target.known_hosts), target.names, target.port)
    options = transport.get_security_options()
    # Else the server may show a key of a type that known_hosts lacks, and a known host would look like an impostor.
    options.key_types = preferred_algorithms(known, options.key_types)
    # paramiko's own limit of 15 s would count beside the deadline.
    transport.banner_timeout = deadline.remaining_s()
    agreed = threading.Event()
    transport.start_client(event=agreed)
    _wait_for(agreed, transport, target, deadline)
    key = transport.get_remote_server_key()
    check_host_key(known, key.get_name(), key.asbytes(), where=target.place, files=target.known_hosts)


def _wait_for(agreed: threading.Event, transport: paramiko.Transport, target: Target, deadline: Deadline) -> None:
    agreed.wait(deadline.remaining_s())
    if not agreed.is_set():
        raise TimedOut(
            f"accepted the connection and said nothing for {deadline.spent_s():.1f} s",
            where=target.place,
            remedy="the machine may be frozen or overloaded; look at its console",
        )
    if not transport.is_active():
        error = transport.get_exception()
        raise ConnectFailed(
            f"the SSH handshake failed: {error or 'it hung up'}",
            where=target.place,
            remedy="check that sshd answers on this port, and its log there",
        )


def _log_in(transport: paramiko.Transport, target: Target, secrets: SecretKeeper, deadline: Deadline) -> None:
    with contextlib.closing(KeyRing(secrets)) as ring:
        _offer_keys(ring, transport, target, deadline)


def _offer_keys(ring: KeyRing, transport: paramiko.Transport, target: Target, deadline: Deadline) -> None:
    # A passphrase may be typed slowly: only the host's own answers are bounded.
    transport.auth_timeout = max(1.0, deadline.remaining_s())
    offered: list[str] = []
    for candidate in ring.candidates(target):
        offered.append(candidate.source)
        if _is_taken(candidate.key, transport, target, len(offered)):
            return
    raise _refused(target, offered, ring.remarks)


def _is_taken(key: paramiko.PKey, transport: paramiko.Transport, target: Target, count: int) -> bool:
    try:
        further = transport.auth_publickey(target.user, key)
    except paramiko.BadAuthenticationType as error:
        raise _no_keys_taken(target, error.allowed_types) from error
    except paramiko.AuthenticationException as error:
        if "timeout" in str(error):
            limit_s = transport.auth_timeout
            raise TimedOut(f"did not answer the login within {limit_s:.1f} s", where=target.place) from error
        if not transport.is_active():
            raise _hung_up(target, count) from error
        return False
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise _hung_up(target, count) from error
    if further:
        raise _no_keys_taken(target, list(further))
    return True


def _no_keys_taken(target: Target, wanted: list[str]) -> Denied:
    return Denied(
        f"asks for {', '.join(wanted)} to log in; haops logs in with keys only",
        where=target.place,
        remedy="allow PublicKeyAuthentication for this user there",
    )


def _hung_up(target: Target, count: int) -> Denied:
    return Denied(
        f"hung up during the login, at key number {count}",
        where=target.place,
        remedy="it takes only so many keys (MaxAuthTries): name the right one in the inventory and set IdentitiesOnly",
    )


def _refused(target: Target, offered: list[str], remarks: list[str]) -> Denied:
    tried = ", ".join(dict.fromkeys(offered)) or "none found"
    noted = f"; {'; '.join(remarks)}" if remarks else ""
    return Denied(
        f"took none of the keys (tried: {tried}{noted})",
        where=target.place,
        remedy=f"check the user name, the keys in the inventory and authorized_keys of {target.user} there",
    )
