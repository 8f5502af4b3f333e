"""The scripts of the quorum runbook on real members in a lab: run twice, interrupted, and against old members."""

import pytest
from lab_child import LabChild
from restore_scripts import ALL, DATA, healthy, log, on_all, ready_to_swap, restore, start_and_see, step
from waiting import until

from haops.lab.lab import Lab

pytestmark = pytest.mark.slow


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


def test_a_swap_whose_result_is_gone_does_not_succeed_again(lab: LabChild) -> None:
    """One host without data fails on its own: the step's verification sees one host's number for all."""
    lab.run(swap_again_without_data)


def swap_again_without_data(lab: Lab) -> None:
    """Take the new data away after a swap and swap again."""
    token = ready_to_swap(lab)
    step(lab, "swap", "etcd2", TOKEN=token).checked("swap")
    lab.host("etcd2").run("sh", "-c", f"mv {DATA}/member/wal/*.wal /root/").checked("move")
    assert step(lab, "swap", "etcd2", TOKEN=token).status == 1


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
    """Two members that lose their data once more wait for the third; with the state new they would begin without it."""
    lab.run(wipe_two_and_start_them)


def wipe_two_and_start_them(lab: Lab) -> None:
    """Wipe two members of a restored cluster and let them start while the third is down."""
    restore(lab)
    for name in ALL:
        lab.host(name).ask("systemctl", "stop", "etcd").checked("stop")
    wiped = ("etcd2", "etcd3")
    for name in wiped:
        lab.host(name).run("rm", "-rf", f"{DATA}/member").checked("wipe")
    for name in wiped:
        lab.host(name).ask("systemctl", "start", "--no-block", "etcd").checked("start")
    until(lambda: all("cannot fetch cluster info from peer urls" in log(lab, name) for name in wiped))
    assert healthy(lab) == []


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
