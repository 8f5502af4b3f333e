"""Which connection a name of the inventory gets, and that each is made once."""

import subprocess
import sys
from pathlib import Path

import pytest

from haops.connectors.connections import InventoryConnections, usual_local_attempts
from haops.core.inventory import Host, Inventory, Layout, SshAccess
from haops.errors import InventoryError


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    """Two hosts, nothing else."""
    config = tmp_path / "ssh_config"
    config.touch()
    hosts = tuple(Host(name=name, address="127.0.0.1") for name in ("cp1", "cp2"))
    return Inventory(cluster="test", layout=Layout.SYSTEMD, hosts=hosts, ssh=SshAccess(config_file=str(config)))


def test_each_name_has_one_kept_shell(inventory: Inventory, tmp_path: Path):
    """The same name gives the same shell, another name another; nothing is connected before it is used."""
    connections = InventoryConnections(inventory, local_attempts=tmp_path)
    assert connections.shell("cp1") is connections.shell("cp1")
    assert connections.shell("cp1") is not connections.shell("cp2")
    connections.close()


def test_local_is_the_bastion(inventory: Inventory, tmp_path: Path):
    """`local` runs scripts on this machine, whatever the inventory says."""
    connections = InventoryConnections(inventory, local_attempts=tmp_path)
    assert connections.shell("local").run("echo here", timeout_s=20).stdout == b"here\n"
    connections.close()


@pytest.mark.parametrize("ask", ["shell", "etcd", "api"])
def test_unknown_name_is_an_inventory_error(inventory: Inventory, ask: str):
    """A name that the inventory does not have is said to be missing, not looked up elsewhere."""
    with pytest.raises(InventoryError, match="nowhere"):
        getattr(InventoryConnections(inventory), ask)("nowhere")


def test_libraries_are_loaded_when_first_needed():
    """Making the connections of a session loads no library of a connector."""
    heavy = ("paramiko", "grpc", "kubernetes", "urllib3", "cryptography")
    script = f"import sys, haops.connectors.connections; sys.exit(any(name in sys.modules for name in {heavy}))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_local_attempts_follow_the_state_directory(monkeypatch: pytest.MonkeyPatch):
    """The bastion's attempts lie under XDG_STATE_HOME, or under the own home."""
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert usual_local_attempts() == Path("/state/haops/attempts")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert usual_local_attempts() == Path("~/.local/state/haops/attempts").expanduser()


def test_a_relative_state_directory_is_ignored(monkeypatch: pytest.MonkeyPatch):
    """As the XDG specification has it: attempts must not lie where haops happened to be started."""
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    assert usual_local_attempts() == Path("~/.local/state/haops/attempts").expanduser()
