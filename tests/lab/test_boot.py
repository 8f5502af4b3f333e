"""A host that cannot boot says why, in one error."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child

from haops.errors import EnvironmentLacks, LabError
from haops.lab.agent.boot import BootOrder
from haops.lab.host_disk import HostDisk
from haops.lab.lab import Lab
from haops.runtime import own_program

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """One lab whose third host is broken in many ways."""
    with lab_child("etcd", tmp_path_factory.mktemp("lab")) as child:
        yield child


def without_overlay(lab: Lab) -> str:
    """Boot a host whose /etc cannot be laid over the machine's."""
    host = lab.host("etcd3")
    host.cut_power()
    work = host.disk.directory / "etc-work"
    work.rename(work.with_name("away"))
    try:
        host.boot()
    except EnvironmentLacks as lack:
        return str(lack)
    finally:
        host.cut_power()
        work.with_name("away").rename(work)
    return "booted"


def test_a_machine_without_overlay_is_named(lab: LabChild) -> None:
    """A mount that the machine refuses is an EnvironmentLacks that names the place and the remedy."""
    said = lab.run(without_overlay)
    assert "/root/etc: a host's root file system cannot be mounted" in said
    assert "Linux 5.11 or newer" in said


def without_agent(lab: Lab) -> str:
    """Boot a host whose agent cannot begin."""
    host = lab.host("etcd3")
    host.disk.control_socket.unlink(missing_ok=True)
    host.disk.control_socket.mkdir()
    try:
        host.boot()
    except (LabError, OSError) as error:
        return str(error)
    finally:
        host.cut_power()
        host.disk.control_socket.rmdir()
    return "booted"


def test_a_host_that_does_not_boot_shows_its_console(lab: LabChild) -> None:
    """The last words of a host that did not boot are in the error."""
    assert "etcd3" in lab.run(without_agent)


def never_plugged_in(lab: Lab) -> str:
    """Switch a host on and cut its power before its first process was heard of; boot it after that."""
    # Ids of a process group of its own: a signal to the caller's group must not reach the test runner.
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    host = lab.host("etcd3")
    host.cut_power()
    host.switch_on()
    host.cut_power()
    host.boot()
    return host.run("hostname").stdout


def test_power_can_be_cut_before_the_cable_is_plugged_in(lab: LabChild) -> None:
    """A host that was only switched on is ended without a signal to anybody else, and boots again."""
    assert lab.run(never_plugged_in) == "etcd3\n"


def left_alone(lab: Lab) -> int:
    """Begin to boot a host by hand, and hang up instead of plugging it in; return how it ended."""
    host = lab.host("etcd3")
    host.cut_power()
    order = BootOrder(name="etcd3", address=host.address, disk=host.disk, programs=host.programs)
    try:
        return subprocess.run(
            own_program.command("haops.lab.agent"),
            input=order.to_json() + "\n",
            stdout=subprocess.DEVNULL,
            text=True,
            env=own_program.environment(),
            check=False,
            timeout=20,
        ).returncode
    finally:
        host.boot()


def test_a_host_that_nobody_plugs_in_ends(lab: LabChild) -> None:
    """The first process ends when whoever switched it on has gone: no host is left over that nobody knows of."""
    assert lab.run(left_alone) == 1


def unanswered(lab: Lab) -> str:
    """Ask a host without power."""
    host = lab.host("etcd3")
    host.cut_power()
    try:
        host.run("true")
    except LabError as error:
        return str(error)
    finally:
        host.boot()
    return "answered"


def test_a_host_without_power_does_not_answer(lab: LabChild) -> None:
    """Asking a host without power is an error that says so."""
    assert "is the host powered on?" in lab.run(unanswered)


def test_where_a_hosts_files_lie(tmp_path: Path) -> None:
    """A host's path is found on the bastion's side: its own part of /etc, the rest of /etc, and everything else."""
    disk = HostDisk(tmp_path)
    assert disk.locate("/etc/kubernetes/manifests") == tmp_path / "own/kubernetes/manifests"
    assert disk.locate("/etc/systemd/system/a.service") == tmp_path / "own/systemd/system/a.service"
    assert disk.locate("/etc/hosts") == tmp_path / "etc/hosts"
    assert disk.locate("/var/lib/etcd") == tmp_path / "disk/var/lib/etcd"


def own_directories(lab: Lab) -> list[tuple[int, str]]:
    """Look at directories that the machine may have too: whether something is mounted there, and what is in it."""
    host = lab.host("etcd1")
    names = ("kubernetes", "etcd", "cni")
    return [
        (host.run("mountpoint", "-q", f"/etc/{name}").status, host.run("ls", f"/etc/{name}").stdout) for name in names
    ]


def test_the_machines_own_cluster_files_do_not_show(lab: LabChild) -> None:
    """Files under /etc/kubernetes and the like belong to the host alone: a bastion may be a cluster host itself."""
    assert lab.run(own_directories) == [(0, ""), (0, "ssl\n"), (0, "")]


def inventory_of(lab: Lab) -> str:
    """Read the inventory."""
    return lab.inventory.read_text()


def test_the_inventory_says_how_to_reach_everything(lab: LabChild) -> None:
    """Hosts, roles, zones, SSH and etcd are in the inventory, with files that are there."""
    content = json.loads(lab.run(inventory_of))
    assert [(host["name"], host["address"], host["zone"]) for host in content["hosts"]] == [
        ("etcd1", "10.90.0.11", "a"),
        ("etcd2", "10.90.0.12", "b"),
        ("etcd3", "10.90.0.13", "c"),
    ]
    assert content["layout"] == "systemd"
    assert all(Path(content["etcd"][key]).is_file() for key in ("ca", "certificate", "key"))
    assert all(Path(place).is_file() for place in content["ssh"]["keys"] + content["ssh"]["known_hosts"])


def ssh_by_name(lab: Lab) -> "subprocess.CompletedProcess[str]":
    """Use the lab's ssh_config."""
    command = ["ssh", "-F", str(lab.files.ssh_config), "-o", "BatchMode=yes", "etcd2", "hostname"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)


def test_ssh_knows_the_hosts_by_name(lab: LabChild) -> None:
    """`ssh -F` with the lab's file reaches a host by its name, with its key known."""
    told = lab.run(ssh_by_name)
    assert (told.stdout, told.returncode) == ("etcd2\n", 0), told.stderr
