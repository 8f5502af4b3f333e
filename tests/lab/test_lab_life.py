"""A lab's life from the command line: up, looked at, entered, gone; two beside each other; nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until

import haops

pytestmark = pytest.mark.slow

REPOSITORY = Path(haops.__file__).parent.parent


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory of this test's own; labs that it leaves are ended."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    yield tmp_path
    run("lab", "down", "--all")


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run haops as a person would."""
    return subprocess.run(
        [sys.executable, "-m", "haops", *words], capture_output=True, text=True, check=False, timeout=90
    )


def up(*words: str) -> dict[str, Any]:
    """Start an etcd lab; return what was printed."""
    started = run("lab", "up", "--flavour", "etcd", "--json", *words)
    assert started.returncode == 0, started.stderr
    described: dict[str, Any] = json.loads(started.stdout)
    return described


def labs() -> list[dict[str, Any]]:
    """What `haops lab status` shows."""
    listed: list[dict[str, Any]] = json.loads(run("lab", "status", "--json").stdout)["labs"]
    return listed


def processes_of(lab: dict[str, Any]) -> list[str]:
    """Processes that hold the lab's directory in their command line or see its mounts."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if lab["name"] in (place / "mountinfo").read_text():
                found.append(place.name)
        except OSError:
            continue
    return found


def test_up_status_shell_down(state: Path) -> None:
    """A lab comes up in the background, is shown with hosts, services and ports, can be entered, and goes."""
    described = up()
    assert Path(described["inventory"]).is_relative_to(state)
    (shown,) = labs()
    assert shown["state"] == "up"
    assert [host["name"] for host in shown["hosts"]] == ["etcd1", "etcd2", "etcd3"]
    assert all(
        host["units"]["etcd.service"] == "active" and {22, 2379} <= set(host["ports"]) for host in shown["hosts"]
    )
    entered = run("lab", "shell", "--", "sh", "-c", "hostname; test -r $HAOPS_INVENTORY && etcdctl version; exit 4")
    assert entered.returncode == 4
    assert entered.stdout.startswith("bastion\netcdctl version")
    assert run("lab", "down").stdout == f"{described['name']} is gone\n"
    assert labs() == []
    assert not Path(described["inventory"]).parent.exists()


def test_the_inventory_is_an_ordinary_one(state: Path) -> None:
    """The lab's inventory is read like any other."""
    from haops.runtime.inventories import load_inventory  # noqa: PLC0415 - heavy, and only here

    del state
    inventory = load_inventory(Path(up()["inventory"]))
    assert [host.name for host in inventory.with_role("etcd")] == ["etcd1", "etcd2", "etcd3"]
    assert inventory.etcd
    assert inventory.etcd.members[0].client_url == "https://10.90.0.11:2379"


def test_a_second_lab_beside_the_first(state: Path) -> None:
    """Two labs run at the same time with the same addresses inside, and end independently."""
    del state
    first, second = up(), up()
    assert [lab["name"] for lab in labs()] == [first["name"], second["name"]]
    ambiguous = run("lab", "down")
    assert ambiguous.returncode == 3
    assert first["name"] in ambiguous.stderr
    run("lab", "down", first["name"])
    (left,) = labs()
    assert all(host["units"]["etcd.service"] == "active" for host in left["hosts"])
    assert left["name"] == second["name"]


def test_kill_9_of_the_top_process_leaves_nothing(state: Path) -> None:
    """After SIGKILL of the top process no process and no mount of the lab is left, and its files are cleared away."""
    del state
    described = up()
    assert len(processes_of(described)) > 9
    os.kill(described["pid"], signal.SIGKILL)
    until(lambda: not processes_of(described))
    assert labs() == []
    assert not Path(described["inventory"]).parent.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_lab_in_the_foreground_ends_with_its_command(state: Path, number: signal.Signals) -> None:
    """`haops lab up --foreground` takes the lab along, whichever signal ends it."""
    del state
    command = [sys.executable, "-m", "haops", "lab", "up", "--flavour", "etcd", "--foreground", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        described = json.loads(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(20) == (-number if number == signal.SIGKILL else 128 + number)
    until(lambda: not processes_of(described))


def test_missing_programs_are_named(state: Path) -> None:
    """Programs that are not there are named, with how to get them and the documented exit code."""
    empty = state / "empty"
    empty.mkdir()
    (empty / "etcd").write_text("no program")
    refused = run("lab", "up", "--flavour", "etcd", "--from", str(empty))
    assert refused.returncode == 7
    assert "etcd" in refused.stderr
    assert "haops lab install" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_lab_that_cannot_start_says_why_and_is_gone(state: Path, elf: Callable[..., bytes]) -> None:
    """A failure on the way up ends in one message with the reason, and leaves no lab and no files."""
    broken = _programs_with_mute_etcd(state, elf)
    refused = run("lab", "up", "--flavour", "etcd", "--from", str(broken))
    assert refused.returncode == 8
    assert "systemctl start etcd failed" in refused.stderr
    assert "etcd Version: 3.6.16" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert labs() == []
    assert list((state / "haops" / "labs").iterdir()) == []


def _programs_with_mute_etcd(state: Path, elf: Callable[..., bytes]) -> Path:
    """Make a directory of programs that tell their version and do nothing else."""
    directory = state / "mute"
    directory.mkdir()
    for name, says in (("etcd", "etcd Version"), ("etcdctl", "etcdctl version"), ("etcdutl", "etcdutl version")):
        (directory / name).write_bytes(elf(f"{says}: 3.6.16"))
        (directory / name).chmod(0o755)
    return directory
