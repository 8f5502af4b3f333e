"""What hosts say over SSH, shown with real scripts in a real sh and real sockets."""

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from etcd_cluster import free_ports
from real_connections import RealConnections, ScriptShell

from haops.core.inventory import EtcdAccess, EtcdMemberAddress, Host, Inventory, Layout
from haops.observers import new_observers
from haops.runtime.clock import SystemClock


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes no connection and refuses none: its queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def _inventory(ports: dict[str, int]) -> Inventory:
    """Return hosts of those names with SSH on those ports of this machine."""
    hosts = tuple(Host(name=name, address="127.0.0.1", port=port) for name, port in ports.items())
    return Inventory(cluster="test", layout=Layout.KUBEADM, hosts=hosts)


def _look(inventory: Inventory, shell: ScriptShell, clock: SystemClock | None = None):  # noqa: ANN202 - a value
    """Return what host `a` says."""
    connections = RealConnections(inventory, {"a": shell})
    (seen,) = new_observers()["hosts.reachable"].observe(connections, "a", timeout_s=10, clock=clock or SystemClock())
    return seen


def test_a_host_tells_who_it_is_and_since_when() -> None:
    """The boot id and the uptime are this machine's, whose clock is not off."""
    seen = _look(_inventory({"a": 22}), ScriptShell())
    assert seen.source == "ssh 127.0.0.1"
    assert seen.value.boot_id == SystemClock().boot_id()
    assert seen.value.uptime_s > 0
    assert abs(seen.value.clock_offset_s) < 5
    assert seen.value.reaches == {}


def test_a_clock_that_is_off_is_measured_against_the_bastions() -> None:
    """A host that is a minute behind has an offset of about -60 s."""

    class Ahead(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=60)

    assert -65 < _look(_inventory({"a": 22}), ScriptShell(), Ahead()).value.clock_offset_s < -55


@pytest.mark.parametrize("tools", [("bash", "timeout"), ("python3",)], ids=["bash", "python3"])
def test_who_answers_a_connection_is_reached_even_if_it_refuses(
    tmp_path: Path, silent_port: int, tools: tuple[str, ...]
) -> None:
    """A refusal shows that the way there is open; only silence does not. Whatever tool the host has."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ports = {"a": 22, "b": listening.getsockname()[1], "c": free_ports(1)[0], "d": silent_port}
        seen = _look(_inventory(ports), ScriptShell(_tools(tmp_path, *tools)))
    assert seen.value.reaches == {"b": True, "c": True, "d": False}


def test_a_host_that_has_no_tool_for_it_leaves_the_question_open(tmp_path: Path) -> None:
    """Not known is not the same as not reached."""
    seen = _look(_inventory({"a": 22, "b": free_ports(1)[0]}), ScriptShell(_tools(tmp_path)))
    assert seen.ok
    assert seen.value.reaches == {}


def _tools(directory: Path, *names: str) -> str:
    """Return a PATH with the few programs that every host has, and these."""
    found = {"python3": sys.executable}
    for name in ("sh", "cat", "date", *names):
        (directory / name).symlink_to(found.get(name) or str(shutil.which(name)))
    return str(directory)


def test_hosts_of_the_control_plane_are_asked_for_by_their_peer_port(silent_port: int) -> None:
    """With etcd in the inventory, what its members need of each other is what is tried; workers are left alone."""
    hosts = tuple(Host(name=name, address="127.0.0.1", port=free_ports(1)[0]) for name in ("a", "b", "worker"))
    members = tuple(
        EtcdMemberAddress(name=name, host=name, client_url="https://x:1", peer_url=f"https://127.0.0.1:{silent_port}")
        for name in ("a", "b")
    )
    access = EtcdAccess(members=members, ca="", certificate="", key="", host_ca="", host_certificate="", host_key="")
    inventory = Inventory(cluster="test", layout=Layout.KUBEADM, hosts=hosts, etcd=access)
    # The SSH ports would refuse, which counts as reached.
    assert _look(inventory, ScriptShell()).value.reaches == {"b": False}


def test_a_host_that_is_not_reached_or_says_something_else_is_an_error() -> None:
    """The connector's words, or what is wrong with the answer."""
    shell = ScriptShell()
    shell.broken = True
    assert _look(_inventory({"a": 22}), shell).error == "refused"
    assert "lacks now" in _look(_inventory({"a": 22}), ScriptShell(program="echo")).error
