"""Whatever runs inside a lab's namespaces is alone there, and is gone when its top process ends, however it ends."""

import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from waiting import until

import haops

pytestmark = pytest.mark.slow

ENTER = "import os, sys; from haops.lab import namespaces; namespaces.enter(); os.execvp(sys.argv[1], sys.argv[1:])"
REPOSITORY = Path(haops.__file__).parent.parent


@contextmanager
def inside(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command inside fresh namespaces; yield the process outside."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENTER, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def shell(script: str) -> "subprocess.CompletedProcess[str]":
    """Run a script inside to its end."""
    with inside("sh", "-c", script) as process:
        out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess([], process.returncode, out, err)


def users_of_namespace(identity: str) -> list[str]:
    """Return the processes that are in that network namespace."""
    users = []
    for link in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            if str(link.readlink()) == identity:
                users.append(link.parts[2])
        except OSError:
            continue
    return users


def test_the_command_is_root_on_a_bastion_of_its_own() -> None:
    """Inside, the command is root, with loopback and nothing else, its own processes and its own name."""
    told = shell("id -u; hostname; ls /sys/class/net /proc/self/ns >/dev/null; cat /proc/net/dev | wc -l; echo $$")
    assert told.stdout.split() == ["0", "bastion", "3", "2"]


@pytest.mark.parametrize("status", [0, 7])
def test_the_exit_status_passes(status: int) -> None:
    """The process outside ends with the command's status."""
    assert shell(f"exit {status}").returncode == status


def test_a_command_killed_inside_gives_128_and_its_signal() -> None:
    """A command that a signal ended gives the status a shell would give."""
    assert shell("kill -KILL $$").returncode == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_pass(number: signal.Signals) -> None:
    """A signal sent to the process outside reaches the command."""
    with inside(
        "sh", "-c", f"trap 'echo got; exit 5' {number.name[3:]}; echo set; while :; do sleep 0.05; done"
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "set\n"
        process.send_signal(number)
        assert process.stdout.readline() == "got\n"
        assert process.wait(10) == 5


EARLY_CTRL_C = """\
import signal
from haops.lab import namespaces
signal.signal(signal.SIGINT, lambda *_: print("heard", flush=True))
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
print("ready", flush=True)
while signal.SIGINT not in signal.sigpending():
    pass
namespaces.enter()
"""


def test_ctrl_c_that_came_before_the_command_was_there_is_told_once() -> None:
    """It reaches who is there at that moment; the inside is not yet, and hears it all the same."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(  # noqa: S606 - a fresh process on this terminal
            sys.executable, [sys.executable, "-c", EARLY_CTRL_C], os.environ | {"PYTHONPATH": str(REPOSITORY)}
        )
    said = b""
    # Nothing is read any more when the terminal's last program has ended.
    with suppress(OSError):
        while piece := os.read(terminal, 1 << 16):
            said += piece
            if said.endswith(b"ready\r\n"):
                os.write(terminal, b"\x03")
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
    assert said.count(b"heard") == 1, said


def test_a_terminal_that_goes_away_is_told(tmp_path: Path) -> None:
    """Where the process outside leads its terminal's session, the kernel tells it alone; the command hears too."""
    ours, theirs = pty.openpty()
    script = f"trap 'touch {tmp_path}/told; exit' HUP; echo set; while :; do sleep 0.05; done"
    with subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-c", ENTER, "sh", "-c", script],
        stdin=theirs,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"set\n"
        os.close(theirs)
        os.close(ours)
        until((tmp_path / "told").exists)
        process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_top_process_ends(number: signal.Signals, tmp_path: Path) -> None:
    """After any end of the process outside there is no process, namespace or mount left; detached ones are gone too."""
    script = f"mount -t tmpfs t {tmp_path}; setsid sleep 1000 & readlink /proc/self/ns/net; exec sleep 1000"
    with inside("sh", "-c", script) as process:
        assert process.stdout
        identity = process.stdout.readline().strip()
        assert users_of_namespace(identity)
        process.send_signal(number)
        process.wait(10)
        until(lambda: not users_of_namespace(identity))
        assert str(tmp_path) not in Path("/proc/mounts").read_text()


def test_the_first_process_dies_with_the_process_outside_even_if_it_hangs() -> None:
    """A stopped process inside does not keep the namespaces alive."""
    with inside("sh", "-c", "readlink /proc/self/ns/net; kill -STOP $$") as process:
        assert process.stdout
        identity = process.stdout.readline().strip()
        process.kill()
        until(lambda: not users_of_namespace(identity))


def test_orphans_are_reaped() -> None:
    """The first process collects children that lost their parents; no zombies pile up."""
    told = shell("for i in 1 2 3; do (sleep 0.1 & ); done; sleep 0.4; grep -l 'State:.Z' /proc/[0-9]*/status; echo end")
    assert told.stdout == "end\n"


def test_a_process_with_threads_is_refused() -> None:
    """Entering is refused, with what to do, where it cannot work."""
    program = (
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "from haops.lab import namespaces\n"
        "try: namespaces.enter()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False)
    assert (
        told.stdout
        == "EnvironmentLacks a process with several threads cannot enter namespaces. Try: enter them first\n"
    )


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv drops the rights that this test must not have")
def test_a_machine_that_forbids_namespaces_gives_one_clear_error() -> None:
    """Where user namespaces are forbidden the error names the setting and the remedy; nothing else is printed."""
    # In a user namespace of its own the limit can be set without touching the machine's.
    again = f"{sys.executable} -c '{_TELLING}'"
    without_rights = "setpriv --bounding-set=-all --inh-caps=-all"
    script = f"echo 0 > /proc/sys/user/max_user_namespaces; exec {without_rights} {again}"
    told = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        check=False,
    )
    assert told.returncode == 7
    assert told.stderr == (
        "/proc/sys/user/max_user_namespaces: user namespaces are refused. "
        "Try: sysctl user.max_user_namespaces=10000, or run as root\n"
    )


_TELLING = """
import sys
from haops.errors import HaopsError
from haops.lab import namespaces
try:
    namespaces.enter()
except HaopsError as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
