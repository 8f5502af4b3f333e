"""Every fault against a real lab: it is seen in effect, it does what its title says, and it is undone."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child
from waiting import until

from haops.errors import LabError
from haops.lab import network
from haops.lab.agent_client import Outcome
from haops.lab.faults.active import ActiveFaults
from haops.lab.faults.fault import Injection, complete_parameters
from haops.lab.faults.host_processes import is_stopped, pids_of
from haops.lab.faults.registry import FAULTS
from haops.lab.lab import Lab

ALL = ("etcd1", "etcd2", "etcd3")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """One lab for all faults; each test leaves it as it found it."""
    with lab_child("etcd", tmp_path_factory.mktemp("lab")) as child:
        child.run(wait_until_healthy)
        yield child
        child.run(wait_until_healthy)


def etcdctl(lab: Lab, host: str, *arguments: str) -> Outcome:
    """Run etcdctl on a host against its own member."""
    ssl = "/etc/etcd/ssl"
    files = (f"--cacert={ssl}/ca.pem", f"--cert={ssl}/server.pem", f"--key={ssl}/server-key.pem")
    endpoint = f"--endpoints=https://{lab.host(host).address}:2379"
    return lab.host(host).run("/usr/local/bin/etcdctl", *files, endpoint, "--command-timeout=1s", *arguments)


def is_healthy(lab: Lab, host: str) -> bool:
    """Tell whether a member takes part in a quorum."""
    return etcdctl(lab, host, "endpoint", "health").status == 0


def wait_until_healthy(lab: Lab) -> None:
    """Return when every member takes part."""
    until(lambda: all(is_healthy(lab, host) for host in ALL))


def reaches(lab: Lab, sender: str, receiver: str) -> bool:
    """Tell whether one host opens a connection to the other's peer port."""
    connect = f"exec 3<>/dev/tcp/{lab.host(receiver).address}/2380"
    return lab.host(sender).run("timeout", "1", "bash", "-c", connect).status == 0


def kill_and_see(lab: Lab) -> None:
    """Kill etcd on one host and wait for its unit to bring it back."""
    before = pids_of(lab.host("etcd1"), "etcd")
    others = [pids_of(lab.host(name), "etcd") for name in ("etcd2", "etcd3")]
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("kill-process", ("etcd1",), {"program": "etcd"}))
        assert not set(before) & set(pids_of(lab.host("etcd1"), "etcd"))
    assert [pids_of(lab.host(name), "etcd") for name in ("etcd2", "etcd3")] == others
    until(lambda: is_healthy(lab, "etcd1"))


@pytest.mark.slow
def test_killed_program_is_brought_back_by_its_supervisor(lab: LabChild) -> None:
    """After kill-process the program is gone on that host alone; its supervisor starts it again as after any crash."""
    lab.run(kill_and_see)


def freeze_and_see(lab: Lab) -> None:
    """Freeze a member: it answers nothing, and its port still takes connections."""
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("freeze-process", ("etcd1",), {"program": "etcd"}))
        assert not is_healthy(lab, "etcd1")
        assert reaches(lab, "etcd2", "etcd1")
    assert not any(is_stopped(pid) for pid in pids_of(lab.host("etcd1"), "etcd"))
    until(lambda: is_healthy(lab, "etcd1"))


@pytest.mark.slow
def test_frozen_program_answers_nothing_with_its_port_open(lab: LabChild) -> None:
    """freeze-process is a hang, not a death; leaving it lets the program go on."""
    lab.run(freeze_and_see)


def stutter_and_see(lab: Lab) -> None:
    """See a program frozen and running in turn, then running for good."""
    parameters = {"program": "etcd", "frozen_s": "0.1", "running_s": "0.1"}
    (pid,) = pids_of(lab.host("etcd1"), "etcd")
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("stutter", ("etcd1",), parameters))
        for _ in range(3):
            until(lambda: is_stopped(pid))
            until(lambda: not is_stopped(pid))
    fault = FAULTS["stutter"]
    assert not fault.seen_in_effect(lab, lab.host("etcd1"), complete_parameters(fault, parameters))
    until(lambda: not is_stopped(pid))


@pytest.mark.slow
def test_stuttering_program_stops_and_goes_on_until_it_is_undone(lab: LabChild) -> None:
    """A stutter freezes and continues the program again and again, and never leaves it frozen behind."""
    lab.run(stutter_and_see)


def cut_and_see(lab: Lab) -> None:
    """Cut one host off from the two others."""
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("cut-hosts", ("etcd3",), {"from": "etcd1, etcd2"}))
        assert not reaches(lab, "etcd3", "etcd1")
        assert not reaches(lab, "etcd2", "etcd3")
        assert reaches(lab, "etcd1", "etcd2")
        assert answers_the_bastion(lab, "etcd3")
        dropped = {name: network.dropped_addresses(lab.host(name).pid) for name in ALL}
        one, two, three = (lab.host(name).address for name in ALL)
        assert dropped == {"etcd1": {three}, "etcd2": {three}, "etcd3": {one, two}}
    assert reaches(lab, "etcd3", "etcd1")
    assert reaches(lab, "etcd2", "etcd3")


def answers_the_bastion(lab: Lab, host: str) -> bool:
    """Tell whether the bastion opens a connection to a host's member."""
    connect = f"exec 3<>/dev/tcp/{lab.host(host).address}/2379"
    return subprocess.run(["timeout", "1", "bash", "-c", connect], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_cut_hosts_do_not_reach_each_other(lab: LabChild) -> None:
    """cut-hosts parts exactly the named pairs, both ways; the bastion still reaches everyone."""
    lab.run(cut_and_see)


def isolate_and_see(lab: Lab) -> None:
    """Pull one host's cable."""
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("isolate-host", ("etcd3",)))
        assert not answers_the_bastion(lab, "etcd3")
        assert not reaches(lab, "etcd1", "etcd3")
        assert pids_of(lab.host("etcd3"), "etcd")
    until(lambda: answers_the_bastion(lab, "etcd3"))


@pytest.mark.slow
def test_isolated_host_is_reached_by_nobody(lab: LabChild) -> None:
    """isolate-host takes the host off the network, for the bastion too, and what runs there goes on."""
    lab.run(isolate_and_see)


def exhaust_and_see(lab: Lab) -> None:
    """See a unit that is failed for good, then one that was given back to its supervisor."""
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("exhaust-restarts", ("etcd2",)))
        shown = lab.host("etcd2").ask("systemctl", "show", "-p", "Result", "etcd").stdout
        assert shown.strip() == "Result=start-limit-hit"
        assert not pids_of(lab.host("etcd2"), "etcd")
        assert lab.host("etcd2").ask("systemctl", "start", "etcd").status != 0
    until(lambda: is_healthy(lab, "etcd2"))


@pytest.mark.slow
def test_exhausted_unit_stays_dead(lab: LabChild) -> None:
    """After exhaust-restarts nothing brings etcd back but a person who resets the unit; the undo does as much."""
    lab.run(exhaust_and_see)


def delete_and_see(lab: Lab) -> None:
    """Delete a directory of a host and see that the others keep theirs."""
    path = "/var/lib/haops-test/member"
    for host in ALL:
        lab.host(host).run("mkdir", "-p", f"{path}/snap").checked("mkdir")
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("delete-data-directory", ("etcd2",), {"path": path}))
        there = [host for host in ALL if lab.host(host).run("test", "-d", path).status == 0]
        assert there == ["etcd1", "etcd3"]


@pytest.mark.slow
def test_deleted_directory_is_gone_on_that_host_alone(lab: LabChild) -> None:
    """delete-data-directory takes the directory of the named hosts and of no other."""
    lab.run(delete_and_see)


def delete_too_much(lab: Lab) -> None:
    """Ask for a directory that no data directory can be."""
    for path in ("/", "/var", "/var/lib", "var/lib/etcd/member", "/var/lib/etcd/../.."):
        with pytest.raises(LabError, match="no data directory"), ActiveFaults(lab) as faults:
            faults.inject(Injection("delete-data-directory", ("etcd2",), {"path": path}))


@pytest.mark.slow
def test_only_data_directories_are_deleted(lab: LabChild) -> None:
    """A path that is too short, relative or climbs up is refused before anything is deleted."""
    lab.run(delete_too_much)


def run_and_see(lab: Lab) -> None:
    """Break something with a command of one's own."""
    own = {"command": "touch /run/broken", "undo": "rm /run/broken", "seen": "test -e /run/broken"}
    with ActiveFaults(lab) as faults:
        active = faults.inject(Injection("run-command", ("etcd1",), own))
        assert lab.host("etcd1").run("test", "-e", "/run/broken").status == 0
        assert active.seen_after_s is not None
    assert lab.host("etcd1").run("test", "-e", "/run/broken").status == 1
    assert active.undone_at is not None


@pytest.mark.slow
def test_command_breaks_and_takes_back(lab: LabChild) -> None:
    """run-command runs its command, is seen by the second, and is taken back by the third."""
    lab.run(run_and_see)


def take_over(lab: Lab) -> None:
    """Inject without undoing, as a drill that was interrupted does, and undo with another record."""
    frozen = Injection("freeze-process", ("etcd1",), {"program": "etcd"})
    ActiveFaults(lab).inject(frozen)
    assert all(is_stopped(pid) for pid in pids_of(lab.host("etcd1"), "etcd"))
    with ActiveFaults(lab) as faults:
        active = faults.adopt(frozen)
    assert not any(is_stopped(pid) for pid in pids_of(lab.host("etcd1"), "etcd"))
    assert active.undone_at is not None


@pytest.mark.slow
def test_a_fault_of_another_process_is_taken_back(lab: LabChild) -> None:
    """What is in effect can be undone by who did not inject it: a resumed drill takes back what the first one did."""
    lab.run(take_over)


def fail_halfway(lab: Lab) -> None:
    """Let the third of three faults fail, the second of them in a way that cannot be undone."""
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("freeze-process", ("etcd1",), {"program": "etcd"}))
        faults.inject(Injection("run-command", ("etcd1",), {"command": "true", "undo": "exit 9"}))
        with pytest.raises(LabError, match="exit status 7"):
            faults.inject(Injection("run-command", ("etcd1",), {"command": "exit 7"}))
    assert not any(is_stopped(pid) for pid in pids_of(lab.host("etcd1"), "etcd"))
    assert "exit status 9" in faults.record[1].undo_errors[0]


@pytest.mark.slow
def test_every_fault_is_undone_whatever_fails(lab: LabChild) -> None:
    """A fault that fails, or that cannot be undone, keeps no other one from being undone; both are on record."""
    lab.run(fail_halfway)


def never_seen(lab: Lab) -> None:
    """Inject a fault that is never in effect."""
    with pytest.raises(LabError, match="was not seen in effect within 0 s"), ActiveFaults(lab) as faults:
        faults.inject(Injection("run-command", ("etcd1",), {"command": "true", "seen": "false"}), within_s=0.1)


@pytest.mark.slow
def test_fault_that_is_not_seen_is_an_error(lab: LabChild) -> None:
    """A drill never goes on from a fault that did not take hold."""
    lab.run(never_seen)


@pytest.mark.slow
def test_fault_ends_with_the_lab_however_it_dies(tmp_path: Path) -> None:
    """Kill the lab's process: the process that beats a stutter, outside any host, is gone with it."""
    with lab_child("etcd", tmp_path) as child:
        child.run(leave_stuttering)
        os.kill(child._pid, signal.SIGKILL)
        until(lambda: not stutters_of(tmp_path))


def leave_stuttering(lab: Lab) -> None:
    """Inject a stutter and do not undo it; mark its process by the lab's directory."""
    os.chdir(lab.directory)
    ActiveFaults(lab).inject(Injection("stutter", ("etcd1",), {"program": "etcd"}))


def stutters_of(directory: Path) -> list[str]:
    """Return the processes of this machine that beat a stutter from that directory."""
    found = subprocess.run(
        ["pgrep", "-f", "haops.lab.faults.stutter_rhythm"], capture_output=True, text=True, check=False
    )
    return [pid for pid in found.stdout.split() if os.path.realpath(f"/proc/{pid}/cwd") == str(directory)]


def test_wrong_parameters_are_named() -> None:
    """A parameter that is unknown or missing is said before anything is touched."""
    with pytest.raises(LabError, match="knows no speed"):
        complete_parameters(FAULTS["stutter"], {"program": "etcd", "speed": "1"})
    with pytest.raises(LabError, match="needs program"):
        complete_parameters(FAULTS["stutter"], {})


def test_every_fault_is_registered_under_its_own_name() -> None:
    """Scenarios find a fault by the name that it gives itself; each explains all its parameters."""
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert set(fault.defaults) <= set(fault.parameters)
