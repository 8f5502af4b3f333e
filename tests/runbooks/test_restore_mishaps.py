"""The scripts of the quorum runbook on hosts on which something is odd: disks, leftovers, other people."""

import uuid

import pytest
from lab_child import LabChild
from restore_scripts import (
    ALL,
    BACKUPS,
    DATA,
    etcdctl,
    healthy,
    on_all,
    probe,
    ready_to_swap,
    restore,
    save,
    snapshot_of,
    start_and_see,
    step,
)
from waiting import until

from haops.lab.certificates import Authority
from haops.lab.flavours.etcd import CERTIFICATES
from haops.lab.lab import Lab

pytestmark = pytest.mark.slow


def mount(lab: Lab, host: str, size: str) -> None:
    """Give a stopped member's data directory a disk of its own, with what was in it."""
    moved = f"mv {DATA}/member /var/tmp/ && mount -t tmpfs -o size={size} none {DATA} && mv /var/tmp/member {DATA}/"
    lab.host(host).run("sh", "-c", moved).checked("mount")


def test_a_data_directory_on_a_disk_of_its_own_is_swapped_within_it(lab: LabChild) -> None:
    """A move to another disk is a copy: slow, cut in the middle by a power cut, and of a size that nobody checked."""
    lab.run(restore_on_own_disk)


def restore_on_own_disk(lab: Lab) -> None:
    """Restore with one member's data on a mount point, twice over."""
    token = save(lab)
    on_all(lab, "stop")
    mount(lab, "etcd2", "400m")
    for step_id in ("prepare", "prepare", "configure", "swap", "swap"):
        on_all(lab, step_id, TOKEN=token, BUMP="0", SNAPSHOT=snapshot_of(token))
    start_and_see(lab)
    assert lab.host("etcd2").run("test", "-d", f"{DATA}/haops-old-{token}/member/wal").status == 0
    beside = lab.host("etcd2").run("sh", "-c", f"ls -d {DATA}-*").stdout
    assert beside == ""
    restore(lab)


def test_a_disk_without_room_for_the_restore_is_noticed_before_it_is_full(lab: LabChild) -> None:
    """A log is laid out in segments of 64 MB: even a small snapshot does not fit on a small disk."""
    lab.run(restore_on_full_disk)


def restore_on_full_disk(lab: Lab) -> None:
    """Prepare on a disk that has room for the old data and little else."""
    token = save(lab)
    on_all(lab, "stop")
    mount(lab, "etcd2", "180m")
    refused = step(lab, "prepare", "etcd2", TOKEN=token, BUMP="0", SNAPSHOT=snapshot_of(token))
    assert refused.status == 1
    assert "bytes free" in refused.stderr
    assert lab.host("etcd2").run("ls", DATA).stdout == "member\n"


def test_a_disk_that_was_not_mounted_is_not_called_lost_data(lab: LabChild) -> None:
    """After a boot without its disk a data directory is empty; what is on the disk is newer than any snapshot."""
    lab.run(compare_without_disk)


def compare_without_disk(lab: Lab) -> None:
    """Compare a host that should have a disk mounted."""
    host = lab.host("etcd2")
    table = f"# a comment\nUUID=1 / ext4 defaults 0 1\nUUID=2 {DATA} xfs nofail 0 2\nUUID=3 /mnt/odd xfs noauto 0 0\n"
    # Put in its place: where the machine's own file belongs to real root, an ordinary user cannot write into it.
    host.path("/etc/fstab.new").write_text(table)
    host.path("/etc/fstab.new").replace(host.path("/etc/fstab"))
    refused = step(lab, "compare", "etcd2")
    assert (refused.status, refused.stderr) == (1, f"{DATA} stands in /etc/fstab and is not mounted\n")
    host.run("mount", "-t", "tmpfs", "none", DATA).checked("mount")
    step(lab, "compare", "etcd2").checked("compare")


def test_a_survivor_whose_files_were_deleted_under_it_still_gives_its_data(lab: LabChild) -> None:
    """Its process has the files open: it is the newest data that is left, and gone for good once it ends."""
    if lab.run(is_old):
        pytest.skip("needs etcd 3.6: 3.5 opens its file anew by its name, and its snapshot never begins")
    lab.run(save_what_was_deleted)


def is_old(lab: Lab) -> bool:
    """Return whether the lab runs etcd 3.5, whose restore cannot add to revisions either."""
    return "etcdctl version: 3.5." in lab.host("etcd1").run("etcdctl", "version").stdout


def save_what_was_deleted(lab: Lab) -> None:
    """Delete every member's files and leave one process running."""
    for name in ("etcd2", "etcd3"):
        lab.host(name).ask("systemctl", "stop", "etcd").checked("stop")
    for name in ALL:
        lab.host(name).run("rm", "-rf", f"{DATA}/member").checked("delete")
    restore(lab)


def test_a_damaged_snapshot_is_noticed_while_its_member_still_runs(lab: LabChild) -> None:
    """A status says nothing of one wrong byte; the restore does, when the survivor has been stopped."""
    lab.run(damage_a_snapshot)


def damage_a_snapshot(lab: Lab) -> None:
    """Let the disk get one byte wrong."""
    odd = (
        '#!/bin/sh\n/usr/local/bin/etcdctl "$@" || exit\n'
        '[ "$1" != snapshot ] || printf x | dd of="$3" bs=1 seek=5000 conv=notrunc 2>/dev/null\n'
    )
    place = lab.host("etcd1").path("/root/odd/etcdctl")
    place.parent.mkdir()
    place.write_text(odd)
    place.chmod(0o755)
    refused = step(lab, "survivor-snapshot", "etcd1", PATH="/root/odd:/usr/local/bin:/usr/bin:/bin")
    assert refused.status == 1
    assert refused.stderr.endswith("is damaged\n")
    assert f"{BACKUPS}/survivor-" in refused.stderr


def test_a_member_that_somebody_starts_by_hand_in_the_middle_is_noticed(lab: LabChild) -> None:
    """Alone it answers nobody and no unit knows of it: only the lock on its database tells."""
    lab.run(start_by_hand)


def start_by_hand(lab: Lab) -> None:
    """Start etcd past its unit before the swap, and end it again."""
    token = ready_to_swap(lab)
    host = lab.host("etcd2")
    line = host.ask("systemctl", "cat", "etcd").stdout.rsplit("ExecStart=", 1)[1].splitlines()[0]
    host.run("sh", "-c", f"setsid {line} > /var/log/by-hand 2>&1 & echo $! > /root/by-hand").checked("start")
    until(lambda: host.run("flock", "--shared", "--nonblock", f"{DATA}/member/snap/db", "true").status != 0)
    assert healthy(lab) == []
    refused = step(lab, "swap", "etcd2", TOKEN=token)
    assert refused.status == 1
    assert f"a process has {DATA}/member/snap/db open" in refused.stderr
    host.run("sh", "-c", "kill -9 $(cat /root/by-hand)").checked("end")
    until(lambda: host.run("flock", "--shared", "--nonblock", f"{DATA}/member/snap/db", "true").status == 0)
    on_all(lab, "swap", TOKEN=token)
    start_and_see(lab)


def test_a_dead_member_that_does_not_come_back_says_so_in_time(lab: LabChild) -> None:
    """A damaged log ends the step with words; what waits for ever would be an outcome that nobody knows."""
    lab.run(revive_the_damaged)


def revive_the_damaged(lab: Lab) -> None:
    """Revive a member whose log is damaged, then with the log that was kept, twice."""
    on_all(lab, "stop")
    damage = f"mv {DATA}/member/wal /root/ && mkdir {DATA}/member/wal && echo x > {DATA}/member/wal/0-0.wal"
    lab.host("etcd1").run("sh", "-c", damage).checked("damage")
    refused = step(lab, "revive", "etcd1", WITHIN_S="1")
    assert refused.status == 1
    assert "does not come back to life" in refused.stderr
    lab.host("etcd1").ask("systemctl", "stop", "etcd").checked("stop")
    repair = f"rm -r {DATA}/member/wal && mv /root/wal {DATA}/member/"
    lab.host("etcd1").run("sh", "-c", repair).checked("repair")
    for _ in range(2):
        assert step(lab, "revive", "etcd1").checked("revive") == "1\n"
    assert etcdctl(lab, "etcd1", "endpoint", "health").status != 0
    step(lab, "revived-snapshot", "etcd1", HAOPS_ATTEMPT=uuid.uuid4().hex).checked("snapshot")


def test_a_copy_follows_links_to_other_disks(lab: LabChild) -> None:
    """A link alone would be kept as a link; the log that it leads to is what cannot be replaced."""
    lab.run(keep_what_links_lead_to)


def keep_what_links_lead_to(lab: Lab) -> None:
    """Put a stopped member's log elsewhere, with a link in its place."""
    on_all(lab, "stop")
    link = f"mv {DATA}/member/wal /srv/wal && ln -s /srv/wal {DATA}/member/wal"
    lab.host("etcd1").run("sh", "-c", link).checked("link")
    attempt = uuid.uuid4().hex
    assert int(step(lab, "keep", "etcd1", HAOPS_ATTEMPT=attempt).checked("keep")) >= 1
    kept = lab.host("etcd1").run("tar", "-tzf", f"{BACKUPS}/data-{attempt}.tar.gz").stdout
    assert "member/snap/db" in kept


def test_a_member_that_only_the_bastion_does_not_reach_is_not_killed(lab: LabChild) -> None:
    """A firewall before the bastion makes a healthy cluster silent; one that hangs is killed and started anew."""
    lab.run(start_what_runs)


def start_what_runs(lab: Lab) -> None:
    """Start a member that serves, then freeze it and start it again."""
    host = lab.host("etcd1")
    before = host.ask("systemctl", "show", "--property=MainPID", "--value", "etcd").stdout
    refused = step(lab, "start-members", "etcd1")
    assert refused.status == 1
    assert "only the bastion does not reach it" in refused.stderr
    assert host.ask("systemctl", "show", "--property=MainPID", "--value", "etcd").stdout == before
    host.ask("systemctl", "kill", "--signal=STOP", "etcd").checked("freeze")
    step(lab, "start-members", "etcd1").checked("start-members")
    until(lambda: healthy(lab) == list(ALL))
    assert host.ask("systemctl", "show", "--property=MainPID", "--value", "etcd").stdout != before


def test_a_drop_in_that_would_undo_the_new_configuration_is_noticed(lab: LabChild) -> None:
    """The state new would stay in force, and members that lose their data once more would begin an empty cluster."""
    lab.run(configure_under_another_drop_in)


def configure_under_another_drop_in(lab: Lab) -> None:
    """Configure a unit that has a drop-in of the site's own behind ours."""
    host = lab.host("etcd2")
    line = host.ask("systemctl", "cat", "etcd").stdout.rsplit("ExecStart=", 1)[1].splitlines()[0]
    drop_in = host.path("/etc/systemd/system/etcd.service.d/99-site.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(f"[Service]\nExecStart=\nExecStart={line}\n")
    refused = step(lab, "configure", "etcd2", TOKEN=f"etcd-{uuid.uuid4()}")
    assert (refused.status, refused.stdout) == (1, "0\n")
    drop_in.rename(drop_in.with_name("10-site.conf"))
    host.ask("systemctl", "daemon-reload").checked("daemon-reload")
    assert step(lab, "configure", "etcd2", TOKEN=f"etcd-{uuid.uuid4()}").checked("configure") == "1\n"


def test_one_member_is_restored_alone_when_the_other_hosts_are_gone(lab: LabChild) -> None:
    """It serves at once; a new member follows as a learner."""
    lab.run(restore_alone)


def restore_alone(lab: Lab) -> None:
    """Lose two hosts for good, restore the third alone, and add a member."""
    for name in ("etcd2", "etcd3"):
        lab.host(name).ask("systemctl", "stop", "etcd").checked("stop")
    token, peers = save(lab), {"ETCD_INITIAL_CLUSTER": f"etcd1=https://{lab.host('etcd1').address}:2380"}
    bump = "0" if is_old(lab) else "1000000000"
    for step_id in ("compare", "stop", "prepare", "configure", "swap", "start-etcd"):
        variables = {"TOKEN": token, "BUMP": bump, "SNAPSHOT": snapshot_of(token), **peers}
        step(lab, step_id, "etcd1", **variables).checked(step_id)
    until(lambda: healthy(lab) == ["etcd1"])
    assert etcdctl(lab, "etcd1", "get", "kept", "--print-value-only").stdout == "yes\n"
    url = f"https://{lab.host('etcd2').address}:2380"
    etcdctl(lab, "etcd1", "member", "add", "etcd2", "--learner", f"--peer-urls={url}").checked("add")
    assert healthy(lab) == ["etcd1"]


def test_a_dead_member_is_revived_whose_certificate_does_not_name_the_loopback(lab: LabChild) -> None:
    """It listens on the loopback alone, and not every certificate of a unit's was made for that address."""
    lab.run(revive_without_loopback_name)


def revive_without_loopback_name(lab: Lab) -> None:
    """Give a stopped member a certificate for its own address only."""
    on_all(lab, "stop")
    host, authority = lab.host("etcd1"), Authority("other")
    issued = authority.issue("etcd1", (host.address,))
    host.disk.write(f"{CERTIFICATES}/ca.pem", authority.certificate)
    host.disk.write(f"{CERTIFICATES}/server.pem", issued.certificate)
    host.disk.write(f"{CERTIFICATES}/server-key.pem", issued.key, 0o600)
    assert step(lab, "revive", "etcd1", WITHIN_S="5").checked("revive") == "1\n"
    assert probe(lab, "revive", "etcd1").checked("probe") == "1\n"
    step(lab, "revived-snapshot", "etcd1").checked("snapshot")
