"""What happens when the link breaks, freezes or floods while something runs: with a real sshd."""

import os
import random
import resource
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sshd
from shell_places import ssh_shell
from waiting import until

from haops.connectors.detached.link import Deadline
from haops.connectors.local import local_shell
from haops.connectors.seam import AttemptReport, Order, RemoteState, Shell
from haops.errors import ConnectFailed, ConnectionLost, ConnectorError, RemoteFailed, TimedOut

pytestmark = pytest.mark.slow

EFFECT = 'echo begun >>"$EFFECTS"; sleep 0.02; echo ended >>"$EFFECTS"'


@pytest.fixture
def shell(server: sshd.Sshd, tmp_path: Path) -> Iterator[Shell]:
    """A shell over the running server."""
    opened = ssh_shell(server, tmp_path)
    opened.open()
    yield opened
    opened.close()


def launch(shell: Shell, order: Order, timeout_s: float = 30.0) -> AttemptReport:
    """Launch without listening."""
    return shell.launch(order, timeout_s=timeout_s, on_accepted=lambda: None, on_output=lambda _piece: None)


def fresh(script: str, **environment: str) -> Order:
    """A fresh attempt."""
    return Order(attempt_id=secrets.token_hex(16), script=script, environment=environment)


def effects(path: Path) -> list[str]:
    """What the script noted, in order."""
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("round_number", range(30))
def test_killed_session_then_retry_has_one_effect(server: sshd.Sshd, shell: Shell, tmp_path: Path, round_number: int):
    """Sessions killed at any moment of a launch: a retry of the id leaves exactly one effect, and knows its end."""
    chance = random.Random(round_number)  # noqa: S311 - repeatable moments, no secret
    order = fresh(EFFECT, EFFECTS=str(tmp_path / "effects"))
    killer = threading.Timer(chance.uniform(0.0, 0.06), server.kill_sessions)
    killer.start()
    first = _outcome_of(lambda: launch(shell, order))
    killer.join()
    report = until(lambda: launch(shell, order))
    assert (report.state, report.exit_status) == (RemoteState.DONE, 0)
    assert effects(tmp_path / "effects") == ["begun", "ended"]
    assert isinstance(first, AttemptReport | ConnectionLost | ConnectFailed)


def _outcome_of(launching: Callable[[], AttemptReport]) -> AttemptReport | ConnectorError:
    try:
        return launching()
    except ConnectorError as error:
        return error


@pytest.mark.parametrize("sent_share", [0.1, 0.5, 0.9, 0.999])
def test_order_that_arrived_in_part_claims_nothing(shell: Shell, tmp_path: Path, sent_share: float):
    """A launch whose order is cut off on the way claims nothing: the attempt stays ABSENT and may be launched again."""
    from haops.connectors.detached.texts import Text, command_for  # noqa: PLC0415
    from haops.connectors.detached.wire import encode_order  # noqa: PLC0415

    order = fresh(EFFECT, EFFECTS=str(tmp_path / "effects"), LONG="x" * 5000)
    content = encode_order(order, str(tmp_path / "attempts"))
    deadline = Deadline(20)
    talk = shell._link.start(command_for(Text.LAUNCH), deadline)
    talk.send(content[: int(len(content) * sent_share)], deadline)
    talk.end_input()
    while talk.read(1.0) is not None:
        pass
    assert talk.exit_status(deadline) == 1
    talk.close()
    assert shell.probe(order.attempt_id, timeout_s=20).state is RemoteState.ABSENT
    assert launch(shell, order).exit_status == 0
    assert effects(tmp_path / "effects") == ["begun", "ended"]


def test_lost_link_is_told_at_once_and_the_script_goes_on(server: sshd.Sshd, shell: Shell, tmp_path: Path):
    """A killed session raises ConnectionLost; the script runs to its end and the probe says how it ended."""
    order = fresh('echo out; sleep 1; echo ended >"$EFFECTS"; exit 5', EFFECTS=str(tmp_path / "effects"))
    with pytest.raises(ConnectionLost):
        shell.launch(order, timeout_s=30, on_accepted=server.kill_sessions, on_output=lambda _piece: None)
    report = until(lambda: _done(shell, order.attempt_id))
    assert (report.exit_status, report.stdout) == (5, b"out\n")
    assert effects(tmp_path / "effects") == ["ended"]


def test_frozen_peer_is_noticed_within_six_seconds(server: sshd.Sshd, shell: Shell):
    """A peer that stops answering without closing anything is given up within 6 s, and the next call connects anew."""
    order = fresh("sleep 600")
    frozen_at: list[float] = []

    def freeze() -> None:
        server.signal_sessions(signal.SIGSTOP)
        frozen_at.append(time.monotonic())

    with pytest.raises(ConnectionLost, match="no answer"):
        shell.launch(order, timeout_s=60, on_accepted=freeze, on_output=lambda _piece: None)
    assert time.monotonic() - frozen_at[0] < 6.5
    shell.cancel(order.attempt_id, timeout_s=20)
    assert shell.probe(order.attempt_id, timeout_s=20).state is RemoteState.DONE


def test_frozen_while_idle_costs_nothing(server: sshd.Sshd, shell: Shell, tmp_path: Path):
    """A link that froze while nothing was asked is replaced before an order is sent: no unknown outcome."""
    server.signal_sessions(signal.SIGSTOP)
    order = fresh(EFFECT, EFFECTS=str(tmp_path / "effects"))
    report = launch(shell, order)
    assert (report.state, report.exit_status) == (RemoteState.DONE, 0)
    assert effects(tmp_path / "effects") == ["begun", "ended"]


def test_killed_while_idle_costs_nothing(server: sshd.Sshd, shell: Shell):
    """A link that broke while nothing was asked is replaced at the next call."""
    server.kill_sessions()
    assert shell.run("echo back", timeout_s=20).stdout == b"back\n"


def test_script_ended_by_a_signal_is_known_when_launched(shell: Shell):
    """A launched script that a signal ended is DONE with the shell's status for it."""
    assert launch(shell, fresh("kill -KILL $$")).exit_status == 137


def test_no_exit_status_is_unknown(shell: Shell):
    """When the far side sends no exit status, the result says None, never a failure."""
    assert shell.run("kill -KILL 0", timeout_s=20).exit_status is None


def test_killed_leader_is_lost(shell: Shell):
    """A runner that was killed leaves LOST: started, not alive, no status."""
    order = fresh("sleep 600")
    with pytest.raises(TimedOut):
        launch(shell, order, timeout_s=1.0)
    report = shell.probe(order.attempt_id, timeout_s=20)
    assert report.state is RemoteState.RUNNING
    assert report.pid is not None
    os.killpg(report.pid, signal.SIGKILL)
    assert until(lambda: _not_running(shell, order.attempt_id)).state is RemoteState.LOST


def test_reboot_is_told(shell: Shell, tmp_path: Path):
    """An attempt of another boot without a status is REBOOTED, though a process may have its pid again."""
    order = fresh("sleep 600")
    with pytest.raises(TimedOut):
        launch(shell, order, timeout_s=1.0)
    claim = tmp_path / "attempts" / order.attempt_id / "claim"
    kept = claim.read_text()
    claim.write_text(f"another-boot {kept.partition(' ')[2]}")
    assert shell.probe(order.attempt_id, timeout_s=20).state is RemoteState.REBOOTED
    claim.write_text(kept)
    shell.cancel(order.attempt_id, timeout_s=20)


def test_claim_without_its_line_never_starts(shell: Shell, tmp_path: Path):
    """A claim whose launching shell died before it wrote anything is CLAIMED, with nobody left who could start it."""
    order = fresh("true")
    (tmp_path / "attempts" / order.attempt_id).mkdir(parents=True)
    report = shell.probe(order.attempt_id, timeout_s=20)
    assert (report.state, report.pid) == (RemoteState.CLAIMED, None)
    (tmp_path / "attempts" / order.attempt_id / "claim").touch()
    report = shell.probe(order.attempt_id, timeout_s=20)
    assert (report.state, report.pid) == (RemoteState.CLAIMED, None)


def test_copy_that_breaks_leaves_the_old_file(server: sshd.Sshd, shell: Shell, tmp_path: Path):
    """A copy whose link breaks on the way leaves the target as it was, at both ends, and nothing beside it."""
    # Seconds of copying: it must not be done before it is cut. All of it is a hole, which takes no room.
    with (tmp_path / "big").open("wb") as big:
        big.truncate(1 << 30)
    there, here = tmp_path / "there", tmp_path / "here"
    for target in (there, here):
        target.mkdir()
        (target / "file").write_text("old")
    for copy in (
        lambda: shell.put_file(str(tmp_path / "big"), str(there / "file"), timeout_s=60),
        lambda: shell.get_file(str(tmp_path / "big"), str(here / "file"), timeout_s=60),
    ):
        shell.open()
        cut = threading.Thread(target=_kill_when, args=(server, (there, here)))
        cut.start()
        with pytest.raises(ConnectorError):
            copy()
        cut.join()
    until(lambda: [path.name for target in (there, here) for path in target.iterdir()] == ["file", "file"])
    assert [(target / "file").read_text() for target in (there, here)] == ["old", "old"]


def _kill_when(server: sshd.Sshd, directories: tuple[Path, ...]) -> None:
    """Kill the sessions as soon as a part file has some content."""
    until(lambda: [part for directory in directories for part in directory.glob("file.*") if part.stat().st_size])
    server.kill_sessions()


def test_wrong_sum_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file that arrives other than announced is not put in place."""
    (tmp_path / "source").write_text("content")
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "sha256sum"
    fake.write_text("#!/bin/sh\necho 0000\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(RemoteFailed, match="wrong sum"):
        local_shell(tmp_path).put_file(str(tmp_path / "source"), str(tmp_path / "target"), timeout_s=20)
    assert not list(tmp_path.glob("target*"))


def test_stubborn_script_is_killed(shell: Shell):
    """A script that ignores TERM, with a child in the same group, is killed and its end is known."""
    order = fresh("trap '' TERM; (trap '' TERM; sleep 600) & sleep 600")
    with pytest.raises(TimedOut):
        launch(shell, order, timeout_s=1.0)
    shell.cancel(order.attempt_id, timeout_s=30)
    assert until(lambda: _done(shell, order.attempt_id)).exit_status == 137


def test_flood_is_cut_and_memory_stays_bounded(shell: Shell):
    """50 MB of output on each stream: the first part is kept, the rest counted, and memory does not follow."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood = "yes out | head -c 52428800; yes err | head -c 52428800 >&2; exit 7"
    result = shell.run(flood, timeout_s=120)
    assert (result.exit_status, len(result.stdout), len(result.stderr)) == (7, 1 << 20, 1 << 20)
    heard: list[bytes] = []
    report = shell.launch(fresh(flood), timeout_s=120, on_accepted=lambda: None, on_output=heard.append)
    assert (report.state, report.exit_status, len(report.stdout)) == (RemoteState.DONE, 7, 1 << 20)
    assert len(report.stdout) + len(report.stderr) + report.dropped_bytes == 2 * 52428800
    assert sum(map(len, heard)) == len(report.stdout) + len(report.stderr)
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 64 * 1024


def test_flood_does_not_fill_the_hosts_disk(shell: Shell, tmp_path: Path):
    """Output files beyond 64 MiB are emptied while the script goes on, and what was emptied is counted."""
    order = fresh("head -c 100000000 /dev/zero; sleep 4; echo end")
    report = launch(shell, order)
    assert (report.exit_status, report.stdout) == (0, b"end\n")
    assert report.dropped_bytes == 100000000
    assert (tmp_path / "attempts" / order.attempt_id / "out").stat().st_size == 4


def test_host_with_one_channel_at_a_time(tmp_path: Path):
    """A host that allows one session per connection still runs steps; only the output comes late."""
    if sshd.PROGRAM is None:
        pytest.skip(sshd.MISSING)
    with sshd.running_sshd(tmp_path / "sshd", "MaxSessions 1") as server:
        shell = ssh_shell(server, tmp_path)
        assert launch(shell, fresh("sleep 1; echo late")).stdout == b"late\n"
        shell.close()


def test_output_is_heard_while_it_runs(shell: Shell):
    """The output of a long step arrives before its end, each byte once."""
    heard: list[tuple[float, bytes]] = []
    report = shell.launch(
        fresh("echo one; sleep 1.5; echo two >&2; sleep 1; echo three"),
        timeout_s=30,
        on_accepted=lambda: None,
        on_output=lambda piece: heard.append((time.monotonic(), piece)),
    )
    assert b"".join(piece for _, piece in heard) == b"one\ntwo\nthree\n"
    assert heard[-1][0] - heard[0][0] > 1.0
    assert (report.stdout, report.stderr) == (b"one\nthree\n", b"two\n")


def test_read_that_takes_too_long_is_ended_there(shell: Shell, tmp_path: Path):
    """A read that is no longer waited for does not stay behind on the host."""
    with pytest.raises(TimedOut):
        shell.run(f"echo $$ >{tmp_path}/pid; sleep 600", timeout_s=1.0)
    pid = int((tmp_path / "pid").read_text())
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split(")")[1])


def test_many_threads_share_one_connection(server: sshd.Sshd, shell: Shell):
    """More callers than channels wait for each other; all get their own answer over one connection."""
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        answers[number] = shell.run(f"sleep 0.1; echo {number}", timeout_s=30).stdout

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == {number: f"{number}\n".encode() for number in range(24)}
    assert len(server.sessions()) == 1


def test_full_disk_starts_nothing(shell: Shell, tmp_path: Path):
    """A host that cannot keep the attempt says so and starts nothing."""
    (tmp_path / "attempts").write_text("in the way")
    order = fresh(EFFECT, EFFECTS=str(tmp_path / "effects"))
    with pytest.raises(ConnectorError, match="cannot claim"):
        launch(shell, order)
    assert effects(tmp_path / "effects") == []


def test_secrets_are_nowhere_on_the_host(shell: Shell, tmp_path: Path):
    """A secret reaches the script and stands in no file of the attempt and in no command line."""
    order = Order(
        attempt_id=secrets.token_hex(16),
        script='cat /proc/[0-9]*/cmdline >"$SEEN" 2>/dev/null; printf %s "$TOKEN"',
        environment={"SEEN": str(tmp_path / "seen")},
        secrets={"TOKEN": "hidden-value"},
    )
    assert launch(shell, order).stdout == b"hidden-value"
    kept = tmp_path / "attempts" / order.attempt_id
    until((kept / "rc").exists)
    holding = [path.name for path in (*kept.iterdir(), tmp_path / "seen") if b"hidden-value" in path.read_bytes()]
    assert holding == ["out"]


def test_closed_port_is_refused(server: sshd.Sshd, tmp_path: Path):
    """A host on which nothing listens is ConnectFailed, with the place and what to check."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        shell = ssh_shell(server, tmp_path, port=closed.getsockname()[1])
        with pytest.raises(ConnectFailed, match="refused the connection"):
            shell.open()


def test_silent_listener_times_out(server: sshd.Sshd, tmp_path: Path):
    """A listener that never speaks is given up within the connect timeout."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shell = ssh_shell(server, tmp_path, port=silent.getsockname()[1], connect_timeout_s=1.0)
        with pytest.raises(TimedOut, match="said nothing"):
            shell.open()


def _done(shell: Shell, attempt_id: str) -> AttemptReport | None:
    report = shell.probe(attempt_id, timeout_s=20)
    return report if report.state is RemoteState.DONE else None


def _not_running(shell: Shell, attempt_id: str) -> AttemptReport | None:
    report = shell.probe(attempt_id, timeout_s=20)
    return report if report.state is not RemoteState.RUNNING else None
