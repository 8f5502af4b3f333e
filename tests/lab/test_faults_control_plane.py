"""Faults that mean something else where etcd is a static pod: against a real control plane."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child
from real_programs import find_programs
from waiting import until

from haops.errors import ProgramMissing
from haops.lab.faults.active import ActiveFaults
from haops.lab.faults.fault import Injection
from haops.lab.faults.host_processes import pids_of
from haops.lab.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.control_plane]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """One control plane; two at once would be too much for a small machine."""
    try:
        find_programs("control-plane")
    except ProgramMissing as error:
        pytest.skip(str(error))
    with (Path(tempfile.gettempdir()) / "haops-control-plane-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with lab_child("control-plane", tmp_path_factory.mktemp("lab")) as child:
            yield child


def exhaust_and_see(lab: Lab) -> None:
    """Kill etcd on two hosts for good, see it stay dead, and give it back."""
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("exhaust-restarts", ("cp2", "cp3")))
        for name in ("cp2", "cp3"):
            assert lab.host(name).ask("systemctl", "is-active", "kubelet").stdout.strip() == "inactive"
            assert not pids_of(lab.host(name), "etcd")
            # A stopped kubelet lets everything else run on.
            assert pids_of(lab.host(name), "kube-scheduler")
        assert pids_of(lab.host("cp1"), "etcd")
    until(lambda: all(pids_of(lab.host(name), "etcd") for name in ("cp2", "cp3")), within_s=60)


def test_killed_etcd_of_a_static_pod_stays_dead(lab: LabChild) -> None:
    """With its kubelet stopped nothing restarts etcd, and the host's other pods live; the undo starts the kubelet."""
    lab.run(exhaust_and_see)


def kill_and_see(lab: Lab) -> None:
    """Kill an API server and see its kubelet start another."""
    before = pids_of(lab.host("cp1"), "kube-apiserver")
    with ActiveFaults(lab) as faults:
        faults.inject(Injection("kill-process", ("cp1",), {"program": "kube-apiserver"}))
    until(lambda: set(pids_of(lab.host("cp1"), "kube-apiserver")) - set(before), within_s=60)


def test_killed_api_server_is_started_again(lab: LabChild) -> None:
    """kill-process finds a program by its whole name, and its pod comes back."""
    lab.run(kill_and_see)
