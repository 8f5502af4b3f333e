"""The scripts of the quorum runbook on real members in a lab: run twice, interrupted, and against old members."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_child import LabChild, lab_child
from waiting import until

from haops.core.inventory import Layout
from haops.core.standard_environment import standard_environment
from haops.lab.agent_client import Outcome
from haops.lab.lab import Lab
from haops.runtime import library
from haops.runtime.inventories import load_inventory
from haops.steps import kinds

FILE = Path(__file__).parents[2] / "runbooks/etcd-quorum-loss.yaml"
ALL = ("etcd1", "etcd2", "etcd3")
DATA = "/var/lib/etcd"

pytestmark = pytest.mark.slow


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[LabChild]:
    """Yield a healthy lab with one key written."""
    with lab_child("etcd", tmp_path / "lab") as child:
        child.run(write_a_key)
        yield child


def step(lab: Lab, step_id: str, host: str, **variables: str) -> Outcome:
    """Run a step's script on a host as the engine would."""
    inventory = load_inventory(lab.inventory)
    action = library.load_runbook(str(FILE)).step(step_id)
    script = kinds()[action.kind].script(action, inventory)
    assert inventory.layout is Layout.SYSTEMD
    own = {"HAOPS_ATTEMPT": uuid.uuid4().hex, "HAOPS_SESSION": "test"}
    environment = {**standard_environment(inventory, host), **own, **variables}
    pairs = [f"{name}={value}" for name, value in environment.items()]
    return lab.host(host).run("env", *pairs, "sh", "-c", script)


def on_all(lab: Lab, step_id: str, **variables: str) -> None:
    """Run a step's script on every host; it must succeed."""
    for host in ALL:
        step(lab, step_id, host, **variables).checked(f"{step_id} on {host}")


def etcdctl(lab: Lab, host: str, *arguments: str) -> Outcome:
    """Run etcdctl on a host against its own member."""
    inventory = load_inventory(lab.inventory)
    pairs = [f"{name}={value}" for name, value in standard_environment(inventory, host).items()]
    return lab.host(host).run("env", *pairs, "etcdctl", "--command-timeout=1s", *arguments)


def log(lab: Lab, host: str) -> str:
    """Return what a member has printed."""
    return lab.host(host).ask("journalctl", "-u", "etcd", "-n", "100000").stdout


def healthy(lab: Lab) -> list[str]:
    """Return the hosts whose members take part in a quorum."""
    return [host for host in ALL if etcdctl(lab, host, "endpoint", "health").status == 0]


def write_a_key(lab: Lab) -> None:
    """Write what must be there after every restore."""
    until(lambda: healthy(lab) == list(ALL))
    etcdctl(lab, "etcd1", "put", "kept", "yes").checked("put")


def save(lab: Lab) -> str:
    """Take the survivor's snapshot and lay it on every host under the new token; return the token."""
    token = f"etcd-{uuid.uuid4()}"
    attempt = uuid.uuid4().hex
    step(lab, "survivor-snapshot", "etcd1", HAOPS_ATTEMPT=attempt).checked("snapshot")
    backups = "/var/backups/haops"
    content = lab.host("etcd1").path(f"{backups}/survivor-{attempt}.db").read_bytes()
    for host in ALL:
        lab.host(host).path(f"{backups}/restore-{token}.db").write_bytes(content)
    return token


def ready_to_swap(lab: Lab) -> str:
    """Do everything before the swap; return the token."""
    token = save(lab)
    on_all(lab, "stop")
    on_all(lab, "prepare", TOKEN=token, BUMP="0", SNAPSHOT=f"/var/backups/haops/restore-{token}.db")
    on_all(lab, "configure", TOKEN=token)
    return token


def start_and_see(lab: Lab) -> None:
    """Start every member and see that they agree on what was kept."""
    on_all(lab, "start-etcd")
    until(lambda: healthy(lab) == list(ALL))
    assert all(etcdctl(lab, host, "get", "kept", "--print-value-only").stdout == "yes\n" for host in ALL)


def restore(lab: Lab, *, times: int = 1) -> str:
    """Restore every member, each script so many times; return the token."""
    token = save(lab)
    snapshot = f"/var/backups/haops/restore-{token}.db"
    for step_id in ("compare", "stop", "prepare", "configure", "swap"):
        for _ in range(times):
            on_all(lab, step_id, TOKEN=token, BUMP="0", SNAPSHOT=snapshot)
    start_and_see(lab)
    return token


def test_scripts_do_the_same_when_they_run_twice(lab: LabChild) -> None:
    """A script that ran before a connection was lost may run again: it finds its work done."""
    lab.run(restore_twice_over)


def restore_twice_over(lab: Lab) -> None:
    """Restore with every script run twice, and once more from the restored cluster."""
    restore(lab, times=2)
    token = restore(lab)
    unit = lab.host("etcd2").ask("systemctl", "cat", "etcd").stdout
    assert unit.count("--initial-cluster-token=") == 1
    assert token in unit


def test_an_interrupted_swap_goes_on_where_it_stopped(lab: LabChild) -> None:
    """A host that went away between the two moves has neither data in place; the next run finishes the swap."""
    lab.run(swap_after_interruption)


def swap_after_interruption(lab: Lab) -> None:
    """Do the first move by hand on one host, then swap everywhere."""
    token = ready_to_swap(lab)
    old = f"{DATA}-old-{token}"
    lab.host("etcd2").run("sh", "-c", f"mkdir -p {old} && mv {DATA}/member {old}/").checked("move")
    on_all(lab, "swap", TOKEN=token)
    start_and_see(lab)


def test_a_swap_that_would_mix_old_and_new_is_refused(lab: LabChild) -> None:
    """Old data in both places means that a move broke off halfway: nothing is touched until a person has looked."""
    lab.run(swap_over_old_data)


def swap_over_old_data(lab: Lab) -> None:
    """Leave old data in both places on one host."""
    token = ready_to_swap(lab)
    lab.host("etcd2").run("mkdir", "-p", f"{DATA}-old-{token}/member/half").checked("mkdir")
    refused = step(lab, "swap", "etcd2", TOKEN=token)
    assert refused.status == 1
    assert "a move was interrupted" in refused.stderr
    assert lab.host("etcd2").run("test", "-d", f"{DATA}/member/wal").status == 0
    assert lab.host("etcd2").run("test", "-d", f"{DATA}-new-{token}/member").status == 0


def test_old_members_are_refused_by_the_new_cluster(lab: LabChild) -> None:
    """A member that comes back with its old data does not bring it in: the fresh token makes another cluster."""
    lab.run(bring_back_old_data)


def bring_back_old_data(lab: Lab) -> None:
    """Put one host's old data back after a restore."""
    token = restore(lab)
    host = lab.host("etcd3")
    host.ask("systemctl", "stop", "etcd").checked("stop")
    put_back = f"mv {DATA}/member {DATA}/aside && mv {DATA}-old-{token}/member {DATA}/"
    host.run("sh", "-c", put_back).checked("put back")
    host.ask("systemctl", "start", "--no-block", "etcd").checked("start")
    until(lambda: "cluster ID mismatch" in log(lab, "etcd3"))
    assert healthy(lab) == ["etcd1", "etcd2"]


def test_wiped_members_form_no_empty_cluster_after_a_restore(lab: LabChild) -> None:
    """Two members that lose their data once more wait; with the state new they would begin an empty cluster."""
    lab.run(wipe_two_and_start_them)


def wipe_two_and_start_them(lab: Lab) -> None:
    """Wipe two members of a restored cluster and let them start."""
    restore(lab)
    for name in ("etcd2", "etcd3"):
        lab.host(name).ask("systemctl", "stop", "etcd").checked("stop")
        lab.host(name).run("rm", "-rf", f"{DATA}/member").checked("wipe")
        lab.host(name).ask("systemctl", "start", "--no-block", "etcd").checked("start")
    until(lambda: any("is out of range [lastIndex(0)]" in log(lab, name) for name in ("etcd2", "etcd3")), within_s=60)
    assert healthy(lab) == []
    assert etcdctl(lab, "etcd1", "get", "kept", "--consistency=s", "--print-value-only").stdout == "yes\n"


def test_a_dead_member_comes_back_alone_and_leaves_no_flag(lab: LabChild) -> None:
    """The last data directory serves again for a snapshot; afterwards nothing would force a new cluster once more."""
    lab.run(revive_the_last)


def revive_the_last(lab: Lab) -> None:
    """Keep, revive, save and stop the last member whose data is left."""
    for name in ALL:
        lab.host(name).ask("systemctl", "kill", "--signal=KILL", "etcd")
    on_all(lab, "stop")
    for name in ("etcd2", "etcd3"):
        lab.host(name).run("rm", "-rf", f"{DATA}/member").checked("wipe")
    for step_id in ("keep", "revive"):
        step(lab, step_id, "etcd1").checked(step_id)
    # It serves, but nobody elsewhere could write to it and lose what was acknowledged.
    assert healthy(lab) == []
    step(lab, "revived-snapshot", "etcd1").checked("revived-snapshot")
    for _ in range(2):
        step(lab, "stop-revived", "etcd1").checked("stop-revived")
    assert "--force-new-cluster" not in lab.host("etcd1").ask("systemctl", "cat", "etcd").stdout
    assert lab.host("etcd1").ask("systemctl", "is-enabled", "etcd").stdout.strip() == "disabled"


def test_another_name_or_version_is_noticed_before_anything_is_stopped(lab: LabChild) -> None:
    """A host whose unit says something else than the inventory stops the restore with what differs."""
    lab.run(compare_with_another_name)


def compare_with_another_name(lab: Lab) -> None:
    """Compare a host with another member's name."""
    refused = step(lab, "compare", "etcd1", ETCD_NAME="etcd9")
    assert refused.status == 1
    assert "etcd's name: 'etcd1' on this host, 'etcd9' expected" in refused.stderr
