"""What both SSH servers of the lab have to do: OpenSSH's where it can run, and the lab's own everywhere."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from lab_child import LabChild, lab_child
from waiting import until

from haops.lab import ssh_access
from haops.lab.host_status import ask_status
from haops.lab.lab import Lab
from haops.lab.ssh_access import generate_key

pytestmark = pytest.mark.slow

LARGE = 32 * 1024 * 1024


@pytest.fixture(scope="module", params=["own", "openssh"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabChild]:
    """A lab whose hosts run the one server or the other."""
    if request.param == "openssh" and not ssh_access.openssh_can_run():
        pytest.skip("sshd is not installed here, or this is not real root")
    with lab_child("etcd", tmp_path_factory.mktemp("lab"), openssh=request.param == "openssh") as child:
        yield child


def connect(lab: Lab, host: str = "etcd1", sock: paramiko.Channel | None = None) -> paramiko.SSHClient:
    """Log in as haops would: known hosts only, the operator's key."""
    client = paramiko.SSHClient()
    client.load_host_keys(str(lab.files.known_hosts))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    address = lab.host(host).address
    client.connect(
        address, username="root", key_filename=str(lab.files.ssh_key), allow_agent=False, look_for_keys=False, sock=sock
    )
    return client


def execute(client: paramiko.SSHClient, command: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
    """Run a command to its end."""
    writing, reading, complaining = client.exec_command(command, timeout=30)
    writing.write(stdin)
    writing.channel.shutdown_write()
    out, err = reading.read(), complaining.read()
    return reading.channel.recv_exit_status(), out, err


def separate_streams(lab: Lab) -> tuple[int, bytes, bytes]:
    """Run a command that uses all three streams."""
    with connect(lab) as client:
        return execute(client, "cat; echo wrong >&2; exit 5", b"given\n")


def test_output_errors_and_status_come_apart(lab: LabChild) -> None:
    """Standard input reaches the command; output, error output and the exit status come back separately."""
    assert lab.run(separate_streams) == (5, b"given\n", b"wrong\n")


def its_own_host(lab: Lab) -> list[bytes]:
    """Ask two hosts who they are."""
    answers = []
    for name in ("etcd1", "etcd3"):
        with connect(lab, name) as client:
            answers.append(execute(client, "hostname; echo $HOME $USER; pwd")[1])
    return answers


def test_a_command_runs_on_its_host_as_root(lab: LabChild) -> None:
    """A command runs as root in its own host's root directory tree."""
    assert lab.run(its_own_host) == [b"etcd1\n/root root\n/root\n", b"etcd3\n/root root\n/root\n"]


def large_both_ways(lab: Lab) -> tuple[int, int, int]:
    """Send and receive more than any window holds."""
    with connect(lab) as client:
        status, out, _ = execute(client, f"head -c {LARGE} /dev/zero")
        return status, len(out), int(execute(client, "wc -c", b"x" * (LARGE // 8))[1])


def test_streams_larger_than_a_window_pass(lab: LabChild) -> None:
    """Whatever its size, output arrives whole, and so does input."""
    assert lab.run(large_both_ways) == (0, LARGE, LARGE // 8)


def killed_command(lab: Lab) -> int:
    """Run a command that a signal ends."""
    with connect(lab) as client:
        return execute(client, "kill -KILL $$")[0]


def test_a_killed_command_has_no_status(lab: LabChild) -> None:
    """A command that a signal ends gives no exit status, which paramiko reports as -1."""
    assert lab.run(killed_command) == -1


def survives_connection(lab: Lab) -> bool:
    """Start something detached, drop the connection, and look for what it did later."""
    with connect(lab) as client:
        execute(
            client, "rm -f /tmp/survived; setsid sh -c 'sleep 0.5; touch /tmp/survived' </dev/null >/dev/null 2>&1 &"
        )
        client.get_transport().close()
    return until(lambda: lab.host("etcd1").run("test", "-e", "/tmp/survived").status == 0)


def test_a_detached_child_outlives_the_connection(lab: LabChild) -> None:
    """What was started in a session of its own goes on when the connection is gone."""
    assert lab.run(survives_connection)


def cut_in_the_middle(lab: Lab) -> bool:
    """Drop the connection while a command in the foreground still runs."""
    client = connect(lab)
    client.exec_command("rm -f /tmp/went-on; sleep 0.5; touch /tmp/went-on")
    until(lambda: lab.host("etcd1").run("pgrep", "-f", "sleep 0.5").status == 0)
    client.get_transport().sock.shutdown(socket.SHUT_RDWR)
    client.close()
    return until(lambda: lab.host("etcd1").run("test", "-e", "/tmp/went-on").status == 0)


def test_a_command_goes_on_without_its_connection(lab: LabChild) -> None:
    """A lost connection does not stop what runs: the outcome is unknown, not failure."""
    assert lab.run(cut_in_the_middle)


def status_before_children(lab: Lab) -> tuple[int, float]:
    """Start a child that holds no stream and outlives its parent; measure how long the status takes."""
    with connect(lab) as client:
        started = time.monotonic()
        status = execute(client, "sleep 20 </dev/null >/dev/null 2>&1 & exit 3")[0]
        return status, time.monotonic() - started


def test_the_status_does_not_wait_for_children(lab: LabChild) -> None:
    """The exit status comes when the command itself ends, long before children that it left behind."""
    status, took_s = lab.run(status_before_children)
    assert status == 3
    assert took_s < 15


def channels_at_once(lab: Lab) -> list[bytes]:
    """Run eight commands at the same time on one connection."""
    with connect(lab) as client:
        started = [client.exec_command(f"read line; echo {number} $line") for number in range(8)]
        for stdin, _, _ in reversed(started):
            stdin.write(b"go\n")
            stdin.flush()
        return [stdout.read() for _, stdout, _ in started]


def test_commands_share_a_connection(lab: LabChild) -> None:
    """Eight commands run at the same time on one connection, each with its own streams."""
    assert lab.run(channels_at_once) == [f"{number} go\n".encode() for number in range(8)]


def forwarded(lab: Lab) -> bytes:
    """Log in to one host through another, as ProxyJump does."""
    with connect(lab, "etcd1") as first:
        destination = (lab.host("etcd2").address, 22)
        channel = first.get_transport().open_channel("direct-tcpip", destination, ("", 0))
        with connect(lab, "etcd2", sock=channel) as second:
            return execute(second, "hostname")[1]


def test_a_host_is_a_way_to_another(lab: LabChild) -> None:
    """A connection can be forwarded through a host to the next one."""
    assert lab.run(forwarded) == b"etcd2\n"


def wrong_key(lab: Lab) -> str:
    """Try to log in with a key that nobody listed."""
    stranger = lab.directory / "stranger"
    lab.directory.joinpath("stranger").write_bytes(generate_key().private)
    client = paramiko.SSHClient()
    client.load_host_keys(str(lab.files.known_hosts))
    try:
        client.connect(
            "10.90.0.11", username="root", key_filename=str(stranger), allow_agent=False, look_for_keys=False
        )
    except paramiko.SSHException as error:
        return type(error).__name__
    finally:
        client.close()
    return "let in"


def test_a_strange_key_is_refused(lab: LabChild) -> None:
    """Only listed keys let anybody in."""
    assert lab.run(wrong_key) == "AuthenticationException"


def host_keys(lab: Lab) -> set[str]:
    """Read the keys that the hosts show."""
    shown = set()
    for host in lab.hosts:
        with connect(lab, host.name) as client:
            shown.add(client.get_transport().get_remote_server_key().get_base64())
    return shown


def test_every_host_has_a_key_of_its_own(lab: LabChild) -> None:
    """Hosts are told apart by their keys."""
    assert len(lab.run(host_keys)) == 3


def with_a_terminal(lab: Lab) -> bytes:
    """Run a shell in a terminal of a given size."""
    with connect(lab) as client:
        channel = client.get_transport().open_session()
        channel.get_pty("xterm", width=132, height=43)
        channel.invoke_shell()
        channel.sendall(b"stty size; exit\n")
        return b"".join(iter(lambda: channel.recv(4096), b""))


def test_a_shell_has_a_terminal(lab: LabChild) -> None:
    """Without a command there is a login shell, in a terminal of the size asked for."""
    assert b"43 132" in lab.run(with_a_terminal)


def restarted(lab: Lab) -> bytes:
    """Restart the server's unit under a running command."""
    host = lab.host("etcd1")
    with connect(lab) as client:
        _, reading, _ = client.exec_command("read line; echo $line")
        host.ask("systemctl", "restart", "ssh").checked("restart ssh")
        del reading
    until(lambda: 22 in ask_status(host.name, host.address, host.disk).ports)
    with connect(lab) as client:
        return execute(client, "echo back")[1]


def test_the_server_is_a_unit_like_others(lab: LabChild) -> None:
    """The server restarts as a unit, and answers again."""
    assert lab.run(restarted) == b"back\n"


def test_the_files_are_private(lab: LabChild, tmp_path: Path) -> None:
    """The operator's key and the lab's directory are readable by their owner only."""
    del tmp_path
    assert lab.run(modes) == (0o600, 0o700)


def modes(lab: Lab) -> tuple[int, int]:
    """Read the modes of the key and the directory."""
    return lab.files.ssh_key.stat().st_mode & 0o777, lab.directory.stat().st_mode & 0o777
