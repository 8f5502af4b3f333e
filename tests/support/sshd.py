"""A real OpenSSH sshd on loopback, with keys and files of its own under one directory."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from haops.core.inventory import Host, SshAccess

PROGRAM = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = "OpenSSH's sshd is not installed (apt-get install openssh-server)"


@dataclass
class Sshd:
    """A server that was started: its process and where everything is."""

    directory: Path
    port: int
    process: "subprocess.Popen[bytes]"
    extra: list[str] = field(default_factory=list)

    @property
    def key(self) -> Path:
        """The user's private key."""
        return self.directory / "user_key"

    @property
    def known_hosts(self) -> Path:
        """A file that knows the server's key."""
        return self.directory / "known_hosts"

    def access(self, **changes: object) -> SshAccess:
        """How the inventory would say to reach it."""
        usual: dict[str, object] = {
            "user": os.environ.get("USER", "root"),
            "port": self.port,
            "keys": (str(self.key),),
            "known_hosts": (str(self.known_hosts),),
            "config_file": str(self.directory / "ssh_config"),
            "use_agent": False,
        }
        return SshAccess(**{**usual, **changes})  # type: ignore[arg-type]

    def host(self, name: str = "host") -> Host:
        """The one host."""
        return Host(name=name, address="127.0.0.1")

    def sessions(self) -> list[int]:
        """The processes that serve connections: the server's children."""
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listing.split()]

    def kill_sessions(self) -> None:
        """Kill every process that serves a connection, without a word to the client."""
        for pid in self.sessions():
            for child in [*descendants_serving(pid), pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)

    def signal_sessions(self, number: int) -> None:
        """Send a signal to every process that serves a connection."""
        for pid in self.sessions():
            for child in [*descendants_serving(pid), pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, number)

    def stop(self) -> None:
        """End the server and its sessions."""
        self.signal_sessions(signal.SIGCONT)
        self.kill_sessions()
        self.process.kill()
        self.process.wait()


def descendants_serving(pid: int) -> list[int]:
    """Return the children of a session process that are sshd themselves (privilege separation), not what they run."""
    try:
        listing = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in listing if _is_sshd(int(child))]


def _is_sshd(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().startswith("sshd")
    return False


def make_key(path: Path, *options: str) -> None:
    """Make a key pair with ssh-keygen."""
    subprocess.run(["ssh-keygen", "-q", "-f", str(path), *(options or ("-t", "ed25519", "-N", ""))], check=True)


def start_sshd(directory: Path, *settings: str, etc: Mapping[str, str] | None = None) -> Sshd:
    """Start a server on a free port.

    `settings` are further lines of its sshd_config; `etc` are files of /etc as it and its programs see them (as root).
    """
    port = _prepare(directory)
    config = directory / "sshd_config"
    config.write_text("\n".join((*settings, *_settings(directory, port))) + "\n")
    Path("/run/sshd").mkdir(exist_ok=True)
    log = (directory / "sshd.log").open("ab")
    command = [*_with_own_etc(directory, etc or {}), str(PROGRAM), "-D", "-e", "-f", str(config)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    log.close()
    server = Sshd(directory, port, process)
    _await_port(server)
    return server


@contextlib.contextmanager
def running_sshd(directory: Path, *settings: str, etc: Mapping[str, str] | None = None) -> Iterator[Sshd]:
    """Run a server for a while."""
    server = start_sshd(directory, *settings, etc=etc)
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def running_lab_server(directory: Path) -> Iterator[Sshd]:
    """Run the lab's own SSH server for a while, with this machine as its host (as root)."""
    port = _prepare(directory)
    script = (
        "import pathlib, sys; from haops.lab import ssh_server as lab; "
        "_, lab.HOST_KEY, lab.AUTHORIZED_KEYS, port = sys.argv; lab.serve(pathlib.Path('/'), int(port))"
    )
    words = [str(directory / "host_key"), str(directory / "authorized_keys"), str(port)]
    with (directory / "sshd.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", script, *words], stderr=log, cwd=Path(__file__).parents[2])
    server = Sshd(directory, port, process)
    try:
        _await_port(server)
        yield server
    finally:
        process.kill()
        process.wait()


def _prepare(directory: Path) -> int:
    """Make keys and the files that know them; return a free port."""
    directory.mkdir(parents=True, exist_ok=True)
    make_key(directory / "host_key")
    make_key(directory / "user_key")
    shutil.copy(directory / "user_key.pub", directory / "authorized_keys")
    (directory / "ssh_config").touch()
    port = _free_port()
    host_key = (directory / "host_key.pub").read_text().split()
    (directory / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key[0]} {host_key[1]}\n")
    return port


def can_have_own_etc() -> bool:
    """Whether this process may give a server files of /etc of its own."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0


def passwd(*extra: str) -> str:
    """The machine's passwd, but with a login shell for root that has no start-up files (they may be slow, or talk)."""
    lines = Path("/etc/passwd").read_text().splitlines()
    plain = [":".join([*line.split(":")[:6], "/bin/sh"]) if line.startswith("root:") else line for line in lines]
    return "\n".join((*plain, *extra)) + "\n"


def _with_own_etc(directory: Path, etc: Mapping[str, str]) -> tuple[str, ...]:
    """Put the server into a mount namespace where these files lie over those of /etc."""
    if not can_have_own_etc():
        return ()
    script = ""
    for name, content in {"passwd": passwd(), **etc}.items():
        own = directory / f"etc_{name}"
        own.write_text(content)
        own.chmod(0o440 if name in ("sudoers", "shadow") else 0o644)
        script += f"mount --bind {own} /etc/{name} && "
    return ("unshare", "-m", "sh", "-c", f'{script}exec "$0" "$@"')


def _settings(directory: Path, port: int) -> tuple[str, ...]:
    return (
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {directory / 'host_key'}",
        f"AuthorizedKeysFile {directory / 'authorized_keys'}",
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "MaxStartups 200",
        "UseDNS no",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(server: Sshd) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and server.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError((server.directory / "sshd.log").read_text())
