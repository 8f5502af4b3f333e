"""`systemctl` and `journalctl` on a lab host behave as runbooks expect of systemd."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from lab_child import LabChild, lab_child
from waiting import until

from haops.lab.agent_client import Outcome
from haops.lab.lab import Lab

pytestmark = pytest.mark.slow

SLEEPER = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """One lab for all tests; each makes units of its own."""
    with lab_child("etcd", tmp_path_factory.mktemp("lab")) as child:
        yield child


def shell(lab: Lab, script: str, host: str = "etcd1") -> Outcome:
    """Run a script on a host, as SSH would."""
    return lab.host(host).run("sh", "-c", script)


def write_unit(lab: Lab, name: str, text: str) -> None:
    """Put a unit on the first host, and let the agent read it."""
    lab.host("etcd1").disk.write(f"/etc/systemd/system/{name}", text)
    shell(lab, "systemctl daemon-reload").checked("daemon-reload")


def wait_for(lab: Lab, unit: str, **wanted: str) -> None:
    """Wait until `systemctl show` says so."""

    def shown() -> bool:
        answer = shell(lab, f"systemctl show -p {','.join(wanted)} {unit}").stdout
        return dict(line.split("=", 1) for line in answer.splitlines()) == wanted

    until(shown)


def life_of_a_unit(lab: Lab) -> list[str]:
    """Start, look, stop, look."""
    write_unit(lab, "life.service", SLEEPER)
    verbs = ("is-active life", "start life", "is-active life", "stop life.service", "is-active life")
    return shell(lab, "; ".join(f"systemctl {verb}" for verb in verbs)).stdout.split()


def test_units_start_and_stop(lab: LabChild) -> None:
    """A unit is inactive, active and inactive again, named with or without its suffix."""
    assert lab.run(life_of_a_unit) == ["inactive", "active", "inactive"]


def restarts(lab: Lab) -> tuple[str, str]:
    """Kill a unit's process; compare its process before and after."""
    write_unit(lab, "again.service", SLEEPER.replace("[Install]", "Restart=on-failure\nRestartSec=100ms\n[Install]"))
    shell(lab, "systemctl start again")
    before = shell(lab, "systemctl show -p MainPID --value again").stdout
    shell(lab, "systemctl kill -s KILL again")
    wait_for(lab, "again", ActiveState="active", NRestarts="1")
    return before, shell(lab, "systemctl show -p MainPID --value again").stdout


def test_a_killed_process_is_started_again(lab: LabChild) -> None:
    """Restart=on-failure brings a killed process back as a new one."""
    before, after = lab.run(restarts)
    assert int(before) != int(after) != 0


def gives_up(lab: Lab) -> tuple[str, Outcome, Outcome, str]:
    """Let a unit fail until systemd would give up; try to start it; reset it; start it."""
    command = "/bin/sh -c 'test -e /tmp/allowed && exec sleep 1000'"
    write_unit(lab, "weak.service", f"[Service]\nExecStart={command}\nRestart=on-failure\nRestartSec=10ms\n")
    shell(lab, "systemctl start --no-block weak")
    wait_for(lab, "weak", ActiveState="failed", Result="start-limit-hit")
    refused = shell(lab, "systemctl start weak")
    failed = shell(lab, "systemctl is-failed weak")
    shell(lab, "touch /tmp/allowed; systemctl reset-failed weak").checked("reset-failed")
    return failed.stdout, refused, shell(lab, "systemctl start weak"), shell(lab, "systemctl is-active weak").stdout


def test_a_unit_that_fails_too_often_stays_down_until_reset(lab: LabChild) -> None:
    """After five quick failures the unit is failed, start is refused, and reset-failed makes it possible again."""
    failed, refused, started, active = lab.run(gives_up)
    assert failed == "failed\n"
    assert refused.status == 1
    assert "start request repeated too quickly" in refused.stderr.lower()
    assert (started.status, active) == (0, "active\n")


def exhausted(lab: Lab) -> tuple[Outcome, Outcome]:
    """Exhaust a running unit's restarts."""
    write_unit(lab, "tired.service", SLEEPER.replace("[Install]", "Restart=always\nRestartSec=10ms\n[Install]"))
    shell(lab, "systemctl start tired")
    lab.host("etcd1").ask("exhaust-restarts", "tired").checked("exhaust")
    shown = shell(lab, "systemctl show -p ActiveState,Result,MainPID tired")
    return shown, shell(lab, "systemctl reset-failed tired && systemctl start tired && systemctl is-active tired")


def test_restarts_can_be_exhausted(lab: LabChild) -> None:
    """The lab can leave a unit as after too many restarts: dead, failed, start-limit-hit, until it is reset."""
    shown, revived = lab.run(exhausted)
    assert shown.stdout == "ActiveState=failed\nResult=start-limit-hit\nMainPID=0\n"
    assert revived.stdout == "active\n"


def readiness(lab: Lab) -> tuple[str, str, Outcome]:
    """Start a Type=notify unit that never says it is ready, without and with waiting."""
    text = "[Service]\nType=notify\nTimeoutStartSec=1s\nExecStart=/bin/sleep 1000\n"
    write_unit(lab, "mute.service", text)
    shell(lab, "systemctl start --no-block mute").checked("start --no-block")
    state = shell(lab, "systemctl is-active mute").stdout
    blocked = shell(lab, "systemctl start mute")
    return state, shell(lab, "systemctl show -p Result mute").stdout, blocked


def test_starting_a_notify_unit_waits_for_readiness(lab: LabChild) -> None:
    """A notify unit is activating until it says that it is ready; plain start waits and reports the timeout."""
    state, result, blocked = lab.run(readiness)
    assert state == "activating\n"
    assert result == "Result=timeout\n"
    assert blocked.status == 1


def late_starts(lab: Lab) -> list[str]:
    """Let units be late with readiness and die by the SIGTERM that follows; start one again by every policy."""
    policies = {"no": "failed", "on-success": "failed", "on-failure": "activating", "on-abnormal": "activating"}
    shown = []
    for policy, state in policies.items():
        text = f"[Service]\nType=notify\nTimeoutStartSec=200ms\nExecStart=/bin/sleep 1000\nRestart={policy}\n"
        write_unit(lab, f"late-{policy}.service", f"{text}RestartSec=1h\n")
        said = shell(lab, f"systemctl start late-{policy}").stderr
        wait_for(lab, f"late-{policy}", ActiveState=state, Result="timeout")
        shown.append(said.splitlines()[0].partition("because ")[2])
    return shown


def test_a_start_that_takes_too_long_is_a_failure(lab: LabChild) -> None:
    """A unit past TimeoutStartSec failed by timeout, though it ended by our SIGTERM; on-failure starts it again."""
    assert lab.run(late_starts) == ["a timeout was exceeded."] * 4


def late_stop(lab: Lab) -> tuple[int, str]:
    """Stop a unit that is deaf to SIGTERM."""
    command = "/bin/sh -c \"trap '' TERM; touch /tmp/deaf; while :; do sleep 0.05; done\""
    write_unit(lab, "deaf.service", f"[Service]\nExecStart={command}\nTimeoutStopSec=300ms\nRestart=always\n")
    shell(lab, "systemctl start deaf").checked("start")
    # The shell sets its trap a moment after the unit is up.
    until(lambda: not shell(lab, "rm /tmp/deaf").status)
    stopped = shell(lab, "systemctl stop deaf")
    return stopped.status, shell(lab, "systemctl show -p ActiveState,Result,MainPID deaf").stdout


def test_a_stop_that_takes_too_long_is_a_failure(lab: LabChild) -> None:
    """A unit that had to be killed is failed by timeout, and what was stopped is not started again."""
    assert lab.run(late_stop) == (0, "ActiveState=failed\nResult=timeout\nMainPID=0\n")


def bad_ends(lab: Lab) -> list[str]:
    """Stop units that end with a status of their own; let one end well before it is ready."""
    loop = "while :; do sleep 0.05; done"
    trapped = f"[Service]\nExecStart=/bin/sh -c \"trap 'exit 3' TERM; touch /tmp/trapped; {loop}\"\n"
    write_unit(lab, "sulky.service", trapped)
    write_unit(lab, "excused.service", f"{trapped}SuccessExitStatus=3\n")
    for unit in ("sulky", "excused"):
        shell(lab, f"systemctl start {unit}").checked("start")
        until(lambda: not shell(lab, "rm /tmp/trapped").status)
        shell(lab, f"systemctl stop {unit}").checked("stop")
    write_unit(lab, "hasty.service", "[Service]\nType=notify\nExecStart=/bin/true\n")
    shell(lab, "systemctl start hasty")
    results = shell(lab, "systemctl show -p ActiveState,Result --value sulky excused hasty").stdout
    return results.split()


def test_how_a_unit_ends_decides_whether_it_failed(lab: LabChild) -> None:
    """A stopped unit that ends with an error is failed unless SuccessExitStatus excuses it; so is one never ready."""
    assert lab.run(bad_ends) == ["failed", "exit-code", "inactive", "success", "failed", "protocol"]


def quorumless_start(lab: Lab) -> tuple[Outcome, str, Outcome]:
    """Stop two real members, then start one of three: it cannot become ready."""
    for name in ("etcd1", "etcd2", "etcd3"):
        shell(lab, "systemctl stop etcd", name).checked("stop")
    impatient = shell(lab, "timeout 2 systemctl start etcd")
    state = shell(lab, "systemctl is-active etcd").stdout
    shell(lab, "systemctl start --no-block etcd", "etcd2").checked("start the second")
    patient = shell(lab, "systemctl start etcd")
    shell(lab, "systemctl start etcd", "etcd3").checked("start the third")
    return impatient, state, patient


def test_a_member_without_quorum_blocks_plain_start(lab: LabChild) -> None:
    """`systemctl start etcd` waits for a quorum; the caller may give up, the unit goes on trying."""
    impatient, state, patient = lab.run(quorumless_start)
    assert impatient.status == 124
    assert state == "activating\n"
    assert patient.status == 0


def drop_ins(lab: Lab) -> list[str]:
    """Change a unit by a drop-in, before and after a reload."""
    write_unit(lab, "changed.service", SLEEPER)
    shell(lab, "mkdir /etc/systemd/system/changed.service.d")
    lab.host("etcd1").disk.write(
        "/etc/systemd/system/changed.service.d/10.conf", "[Service]\nExecStart=\nExecStart=/bin/sleep 2000\n"
    )
    running = "tr '\\0' ' ' < /proc/$(systemctl show -p MainPID --value changed)/cmdline; echo"
    script = (
        f"systemctl start changed; {running}; systemctl daemon-reload; {running}; systemctl restart changed; {running}"
    )
    return shell(lab, script).stdout.splitlines()


def test_a_drop_in_counts_from_the_reload_and_the_restart(lab: LabChild) -> None:
    """A drop-in changes nothing before daemon-reload, and nothing that runs before its restart."""
    assert lab.run(drop_ins) == ["/bin/sleep 1000 ", "/bin/sleep 1000 ", "/bin/sleep 2000 "]


def enabling(lab: Lab) -> list[tuple[int, str]]:
    """Disable and enable etcd's unit, asking each time."""
    verbs = ("is-enabled etcd", "disable etcd", "is-enabled etcd", "enable etcd", "is-enabled etcd")
    answers = [shell(lab, f"systemctl {verb}") for verb in verbs]
    return [(answer.status, answer.stdout.strip()) for answer in answers]


def test_units_are_enabled_and_disabled(lab: LabChild) -> None:
    """is-enabled answers in words and by status what enable and disable did."""
    assert lab.run(enabling) == [(0, "enabled"), (0, ""), (1, "disabled"), (0, ""), (0, "enabled")]


def power_cycle(lab: Lab) -> tuple[str, str]:
    """Cut a host's power and boot it with one unit enabled and one only started."""
    write_unit(lab, "enabled.service", SLEEPER)
    write_unit(lab, "started.service", SLEEPER)
    shell(lab, "systemctl enable --now enabled; systemctl start started")
    host = lab.host("etcd1")
    host.cut_power()
    host.boot()
    return shell(lab, "systemctl is-active enabled").stdout, shell(lab, "systemctl is-active started").stdout


def test_only_enabled_units_come_back_with_the_power(lab: LabChild) -> None:
    """After a power cut the enabled units start; the disk is as it was."""
    assert lab.run(power_cycle) == ("active\n", "inactive\n")


def many_callers(lab: Lab) -> list[str]:
    """Ask from many shells at once."""
    with ThreadPoolExecutor(20) as pool:
        return [answer.stdout for answer in pool.map(lambda _: shell(lab, "systemctl is-active ssh"), range(60))]


def test_many_callers_at_once_each_get_their_answer(lab: LabChild) -> None:
    """Sixty calls at the same time are all answered."""
    assert lab.run(many_callers) == ["active\n"] * 60


def journal(lab: Lab) -> tuple[str, str]:
    """Let a unit say three lines."""
    write_unit(
        lab, "talks.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'echo one; echo two; echo three >&2'\n"
    )
    shell(lab, "systemctl start talks")
    return shell(lab, "journalctl -u talks -n 2 --no-pager").stdout, shell(lab, "journalctl -xeu nothing").stdout


def test_the_journal_has_what_a_unit_said(lab: LabChild) -> None:
    """The journal shows a unit's output and errors, as many lines as asked for."""
    assert lab.run(journal) == ("two\nthree\n", "-- No entries --\n")


def unknown(lab: Lab) -> list[tuple[int, str]]:
    """Ask for what is not there."""
    asked = (
        "start nothing",
        "stop nothing",
        "status nothing",
        "cat nothing",
        "explode etcd",
        "is-active --quite etcd",
        "show -p ActivState etcd",
    )
    answers = [shell(lab, f"systemctl {words}") for words in asked]
    return [(answer.status, answer.stderr) for answer in answers]


def test_what_is_not_there_is_said_in_systemds_words(lab: LabChild) -> None:
    """Unknown units and verbs give systemd's messages and statuses."""
    assert lab.run(unknown) == [
        (5, "Failed to start nothing.service: Unit nothing.service not found.\n"),
        (5, "Failed to stop nothing.service: Unit nothing.service not loaded.\n"),
        (4, "Unit nothing.service could not be found.\n"),
        (1, "No files found for nothing.service.\n"),
        (1, "Unknown command verb explode.\n"),
        (1, "systemctl: unrecognized option '--quite'\n"),
        (0, ""),
    ]


def forgotten_reset(lab: Lab) -> tuple[Outcome, str]:
    """Add an ExecStart by a drop-in that does not take the first one back; restart what runs."""
    write_unit(lab, "twice.service", SLEEPER)
    shell(lab, "systemctl start twice; mkdir /etc/systemd/system/twice.service.d").checked("start")
    drop_in = "[Service]\nExecStart=/bin/sleep 2000\n"
    lab.host("etcd1").disk.write("/etc/systemd/system/twice.service.d/10.conf", drop_in)
    restarted = shell(lab, "systemctl daemon-reload; systemctl restart twice")
    return restarted, shell(lab, "systemctl show -p LoadState,ActiveState --value twice").stdout


def test_a_drop_in_that_forgets_the_reset_is_refused(lab: LabChild) -> None:
    """Two commands are a bad setting: a restart is refused, and what runs goes on."""
    refused, shown = lab.run(forgotten_reset)
    assert refused.status == 1
    assert "Failed to restart twice.service: Unit twice.service has a bad unit file setting." in refused.stderr
    assert shown == "bad-setting\nactive\n"


def before_the_start(lab: Lab) -> str:
    """Let a command before the start fail, with and without leave."""
    for unit, prefix in (("lenient", "-"), ("strict", "")):
        write_unit(lab, f"{unit}.service", f"[Service]\nExecStartPre={prefix}/bin/false\nExecStart=/bin/sleep 1000\n")
        shell(lab, f"systemctl start {unit}")
    return shell(lab, "systemctl is-active lenient strict").stdout


def test_a_failure_before_the_start_may_be_ignored(lab: LabChild) -> None:
    """ExecStartPre with a dash may fail; without one its failure is the unit's."""
    assert lab.run(before_the_start) == "active\nfailed\n"


def overtaken_stop(lab: Lab) -> list[str]:
    """Start a unit while it is being stopped; list its processes in between."""
    loop = "trap 'sleep 0.5; exit 0' TERM; touch /tmp/slow; while :; do sleep 0.05; done"
    write_unit(lab, "slow.service", f'[Service]\nExecStart=/bin/sh -c "{loop}"\n')
    shell(lab, "systemctl start slow").checked("start")
    until(lambda: not shell(lab, "rm /tmp/slow").status)
    old = shell(lab, "systemctl show -p MainPID --value slow").stdout.strip()
    stop_then_start = "systemctl stop slow & until [ $(systemctl is-active slow) = deactivating ]; do :; done"
    shell(lab, f"{stop_then_start}; systemctl start slow; wait").checked("start")
    return [shell(lab, "systemctl is-active slow").stdout, shell(lab, f"test -e /proc/{old} || echo gone").stdout]


def test_a_start_waits_for_a_stop(lab: LabChild) -> None:
    """What is started while it is being stopped starts after the end of the old process."""
    assert lab.run(overtaken_stop) == ["active\n", "gone\n"]


def dangling_link(lab: Lab) -> str:
    """Delete an enabled unit's file, cut the power and boot."""
    write_unit(lab, "removed.service", SLEEPER)
    shell(lab, "systemctl enable removed && rm /etc/systemd/system/removed.service").checked("enable and remove")
    host = lab.host("etcd1")
    host.cut_power()
    host.boot()
    return shell(lab, "systemctl is-active ssh").stdout


def test_a_deleted_unit_file_does_not_keep_a_host_from_booting(lab: LabChild) -> None:
    """The link of an enabled unit may lead nowhere; the others start."""
    assert lab.run(dangling_link) == "active\n"
