"""Keys of the lab's SSH and the service that runs on each host: OpenSSH's sshd where it can run, else the lab's own.

Owns the choice and the files of both. Must never reuse a key of the machine or of another lab.
"""

import os
import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from haops.errors import LabError
from haops.lab.host_disk import HostDisk
from haops.lab.ssh_server import AUTHORIZED_KEYS, HOST_KEY
from haops.runtime import own_program

SSHD = "/usr/sbin/sshd"
_CONFIG = "/etc/ssh/haops_lab_sshd_config"
_PORT = 22
_GREETING = b"SSH-"
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An ed25519 key in OpenSSH's formats; `public` is one line without a comment."""

    private: bytes
    public: str


def generate_key() -> KeyPair:
    """Make a new key."""
    key = Ed25519PrivateKey.generate()
    # ed25519, because RSA keys take their time to make, and every drill makes four.
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return KeyPair(private, public.decode())


def openssh_can_run() -> bool:
    """Tell whether OpenSSH's sshd works here: installed, and real root, for it calls setgroups."""
    if os.geteuid() or not os.access(SSHD, os.X_OK):
        return False
    # The whole range of ids maps to itself only outside of user namespaces; elsewhere setgroups is refused.
    return Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]


def stand_ins(disk: HostDisk, *, openssh: bool) -> Mapping[str, Sequence[str]]:
    """Return what the agent runs in sshd's place; nothing where sshd itself runs."""
    return {} if openssh else {SSHD: own_program.command("haops.lab.ssh_server", str(disk.root))}


def install(disk: HostDisk, host_key: KeyPair, user_public_key: str) -> None:
    """Put keys, configuration and the enabled service on a host's disk."""
    disk.write(HOST_KEY, host_key.private, 0o600)
    disk.write(AUTHORIZED_KEYS, f"{user_public_key} operator@bastion\n", 0o600)
    disk.write(_CONFIG, _SSHD_CONFIG, 0o600)
    disk.write("/etc/systemd/system/ssh.service", _UNIT)
    # This link is all that `systemctl enable` makes.
    wanted = disk.locate("/etc/systemd/system/multi-user.target.wants/ssh.service")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to("/etc/systemd/system/ssh.service")


# MaxStartups: by default sshd drops connections at random once ten are not logged in yet.
_SSHD_CONFIG = f"""\
Port 22
HostKey {HOST_KEY}
AuthorizedKeysFile {AUTHORIZED_KEYS}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
StrictModes no
MaxSessions 10
MaxStartups 100
PidFile none
"""

# sshd does not start without /run/sshd, and /run is empty after a boot. -e: a host has no syslog of its own.
_UNIT = f"""\
[Unit]
Description=OpenBSD Secure Shell server

[Service]
ExecStartPre=/bin/mkdir -p /run/sshd
ExecStart={SSHD} -D -e -f {_CONFIG}
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""


def await_servers(addresses: Iterable[str], *, within_s: float = 20.0) -> None:
    """Wait until an SSH server answers at every address. Raises LabError naming one that does not."""
    deadline = time.monotonic() + within_s
    for address in addresses:
        while not _greets(address):
            if time.monotonic() > deadline:
                raise LabError(f"no SSH server answers at {address} within {within_s:g} s")
            time.sleep(_LOOK_EVERY_S)


def _greets(address: str) -> bool:
    """Tell whether an SSH server says hello there."""
    try:
        with socket.create_connection((address, _PORT), timeout=1.0) as connection:
            return connection.recv(len(_GREETING)) == _GREETING
    except OSError:
        return False
