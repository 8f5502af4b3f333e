"""The scripts of the quorum runbook where etcd is a static pod: run twice, and against what others put back."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child
from real_programs import find_programs
from restore_scripts import probe, step

from haops.errors import ProgramMissing
from haops.lab.lab import Lab

pytestmark = [pytest.mark.slow, pytest.mark.control_plane]

HOSTS = ("cp1", "cp2", "cp3")
MANIFEST = "/etc/kubernetes/manifests/etcd.yaml"
PARKED = "/etc/kubernetes/haops-parked/etcd.yaml"


@pytest.fixture
def control_plane(tmp_path: Path) -> Iterator[LabChild]:
    """Yield a control plane that serves."""
    try:
        programs = find_programs("control-plane")
    except ProgramMissing as missing:
        pytest.skip(str(missing))
    with lab_child("control-plane", tmp_path / "lab", programs=programs) as child:
        yield child


def test_a_dead_member_is_revived_once_however_often_it_is_asked_for(control_plane: LabChild) -> None:
    """After a lost connection the manifest with the flag is in place already; that is no reason to give up."""
    control_plane.run(revive_twice)


def revive_twice(lab: Lab) -> None:
    """Stop everything, revive one member twice, and stop it twice."""
    for host in (*HOSTS, *HOSTS):
        step(lab, "stop", host).checked("stop")
    assert probe(lab, "revive", "cp1").status == 1
    for _ in range(2):
        assert step(lab, "revive", "cp1").checked("revive") == "1\n"
    assert probe(lab, "revive", "cp1").checked("probe") == "1\n"
    step(lab, "revived-snapshot", "cp1", HAOPS_ATTEMPT=uuid.uuid4().hex).checked("snapshot")
    for _ in range(2):
        step(lab, "stop-revived", "cp1").checked("stop-revived")
    assert "--force-new-cluster" not in lab.host("cp1").path(PARKED).read_text()
    _put_back(lab)


def _put_back(lab: Lab) -> None:
    """Have somebody put the manifest back before the swap."""
    lab.host("cp1").path(PARKED).rename(lab.host("cp1").path(MANIFEST))
    refused = step(lab, "swap", "cp1", TOKEN=f"etcd-{uuid.uuid4()}")
    assert refused.status == 1
    assert refused.stderr == f"{MANIFEST} is back: park it again\n"
