"""The promises of a Shell, the same for every place where scripts run."""

import hashlib
import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sshd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shell_places import BOTH_OUTPUTS, ENDLESS, HUNGRY, NOTE_EFFECT, SHOW_VALUE, Place, fake_place, ssh_shell
from waiting import until

from haops.connectors.local import local_shell
from haops.connectors.seam import AttemptReport, RemoteState
from haops.errors import InputError, RemoteFailed, TimedOut

VALUES = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=200)


PLACES = [
    "fake",
    "local",
    "local with bash",
    "local with busybox",
    pytest.param("sshd", marks=pytest.mark.slow),
    pytest.param("lab", marks=pytest.mark.slow),
]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Each place in turn."""
    if request.param == "fake":
        yield fake_place(tmp_path)
    elif request.param.startswith("local"):
        use_shell(request.param.removeprefix("local").removeprefix(" with "), tmp_path / "bin", monkeypatch)
        yield Place("local", local_shell(tmp_path / "attempts"), tmp_path / "effects", tmp_path)
    else:
        with running_server(request.param, tmp_path / "sshd") as server:
            shell = ssh_shell(server, tmp_path)
            yield Place(request.param, shell, tmp_path / "effects", tmp_path)
            shell.close()


def running_server(name: str, directory: Path) -> AbstractContextManager[sshd.Sshd]:
    """Run OpenSSH's server, or the lab's own; skip where it cannot run."""
    if name == "lab":
        if os.geteuid() != 0:
            pytest.skip("the lab's server changes its root directory: outside a lab it needs root")
        return sshd.running_lab_server(directory)
    if sshd.PROGRAM is None:
        pytest.skip(sshd.MISSING)
    return sshd.running_sshd(directory)


def use_shell(name: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put another shell, for busybox its other programs too, in front of this machine's; skip where it is missing."""
    if not name:
        return
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed (apt-get install {name})")
    directory.mkdir()
    if name == "busybox":
        subprocess.run([program, "--install", "-s", str(directory)], check=True)
    else:
        (directory / "sh").symlink_to(program)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


def test_read_returns_both_outputs_and_status(place: Place):
    """A read step's outputs stay apart and its exit status arrives."""
    result = place.shell.run(BOTH_OUTPUTS, timeout_s=20)
    assert (result.exit_status, result.stdout, result.stderr) == (3, b"out\n", b"err\n")


def test_launch_returns_both_outputs_and_status(place: Place):
    """A launched step ends DONE with its outputs and its exit status; acceptance was told once, output completely."""
    report = place.launch(place.order(BOTH_OUTPUTS))
    assert (report.state, report.exit_status, report.stdout, report.stderr) == (RemoteState.DONE, 3, b"out\n", b"err\n")
    assert len(place.accepted) == 1
    assert sorted(place.heard) == [b"err\n", b"out\n"]
    assert report.boot_id


def test_probe_tells_the_same_as_the_launch(place: Place):
    """The attempt's directory still knows outcome and output when haops has forgotten them."""
    order = place.order(BOTH_OUTPUTS)
    place.launch(order)
    report = place.shell.probe(order.attempt_id, timeout_s=20)
    assert (report.state, report.exit_status, report.stdout, report.stderr) == (RemoteState.DONE, 3, b"out\n", b"err\n")


def test_unknown_attempt_is_absent(place: Place):
    """What never began is ABSENT, and the host's boot id says for which boot."""
    report = place.shell.probe("0" * 32, timeout_s=20)
    assert report.state is RemoteState.ABSENT
    assert report.boot_id


def test_second_launch_of_an_id_runs_nothing(place: Place):
    """The same attempt id has its effect once, however often it is launched; each launch tells the one outcome."""
    order = place.order(NOTE_EFFECT, environment={"EFFECTS": str(place.effects_file)})
    reports = [place.launch(order) for _ in range(3)]
    assert place.effects() == 1
    assert {(report.state, report.exit_status) for report in reports} == {(RemoteState.DONE, 0)}


def test_simultaneous_launches_of_an_id_run_it_once(place: Place):
    """Two threads that launch one id at the same moment have one effect."""
    order = place.order(NOTE_EFFECT, environment={"EFFECTS": str(place.effects_file)})
    threads = [threading.Thread(target=place.launch, args=(order,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert place.effects() == 1


def test_id_of_another_script_is_refused(place: Place):
    """An id that was claimed for another script is an error, never that script's outcome."""
    order = place.order(BOTH_OUTPUTS)
    place.launch(order)
    other = type(order)(attempt_id=order.attempt_id, script=NOTE_EFFECT, environment={"EFFECTS": "/dev/null"})
    with pytest.raises(RemoteFailed, match="another script"):
        place.launch(other)


def test_timeout_is_no_outcome(place: Place):
    """A launch that is no longer waited for goes on; the probe says RUNNING."""
    order = place.order(ENDLESS)
    with pytest.raises(TimedOut):
        place.launch(order, timeout_s=1.5)
    report = place.shell.probe(order.attempt_id, timeout_s=20)
    assert report.state is RemoteState.RUNNING
    assert report.stdout == b"begun\n"
    place.shell.cancel(order.attempt_id, timeout_s=20)


def test_cancel_ends_it_with_a_known_status(place: Place):
    """A cancelled step ends by TERM, and the probe says how it ended."""
    order = place.order(ENDLESS)
    with pytest.raises(TimedOut):
        place.launch(order, timeout_s=1.0)
    place.shell.cancel(order.attempt_id, timeout_s=20)
    report = until(lambda: _if_done(place, order.attempt_id))
    assert report.exit_status == 143


def test_cancel_before_the_launch_forbids_it(place: Place):
    """An attempt that is cancelled before it arrived can never start, however late its launch arrives."""
    order = place.order(NOTE_EFFECT, environment={"EFFECTS": str(place.effects_file)})
    place.shell.cancel(order.attempt_id, timeout_s=20)
    report = place.launch(order)
    assert report.state is RemoteState.CLAIMED
    assert place.effects() == 0


def test_script_that_reads_input_gets_none(place: Place):
    """A script that reads its standard input sees its end at once, in both ways of running."""
    assert place.shell.run(HUNGRY, timeout_s=20).stdout == b"fed\n"
    assert place.launch(place.order(HUNGRY)).stdout == b"fed\n"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES)
def test_values_arrive_byte_for_byte(place: Place, value: str):
    """A value of the environment arrives unchanged, whatever it holds but NUL, in both ways of running."""
    expected = value.encode(errors="surrogateescape")
    assert place.shell.run(SHOW_VALUE, environment={"VALUE": value}, timeout_s=20).stdout == expected
    assert place.launch(place.order(SHOW_VALUE, environment={"VALUE": value})).stdout == expected
    assert place.launch(place.order(SHOW_VALUE, secrets={"VALUE": value})).stdout == expected


@pytest.mark.parametrize("value", ["'", "'\\''", "\n\n", "a\n", '$(id)`id`"\\', "\x81\x88\udcff\udc81", "x" * 100_000])
def test_awkward_values_arrive_byte_for_byte(place: Place, value: str):
    """Quotes, newlines at the end, what looks like code, bytes that are no text, and long values arrive unchanged."""
    expected = value.encode(errors="surrogateescape")
    assert place.shell.run(SHOW_VALUE, environment={"VALUE": value}, timeout_s=20).stdout == expected
    assert place.launch(place.order(SHOW_VALUE, environment={"VALUE": value})).stdout == expected


def test_files_are_copied_whole(place: Place, tmp_path: Path):
    """A file goes there and back unchanged, with mode 0600 and its SHA-256."""
    source, back = tmp_path / "source", tmp_path / "back"
    content = bytes(range(256)) * 4000
    source.write_bytes(content)
    # The directory is made too: where backups are kept there may never have been one.
    there = str(tmp_path / "not yet" / "there")
    assert place.shell.put_file(str(source), there, timeout_s=30) == hashlib.sha256(content).hexdigest()
    assert place.shell.get_file(there, str(back), timeout_s=30) == hashlib.sha256(content).hexdigest()
    assert back.read_bytes() == content
    assert stat.S_IMODE(back.stat().st_mode) == 0o600


def test_file_that_is_not_there(place: Place, tmp_path: Path):
    """Getting a file that is not there says so and leaves nothing behind here."""
    with pytest.raises(RemoteFailed, match="cannot read"):
        place.shell.get_file(str(tmp_path / "nowhere"), str(tmp_path / "back"), timeout_s=20)
    assert not list(tmp_path.glob("back*"))


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "a b", "A=B", "BASH_ENV", "haops_id", "IFS", "", "1A", "A\n"])
def test_names_that_steer_the_shell_are_refused(tmp_path: Path, name: str):
    """A variable whose name steers the shell, or is none, is refused before anything is sent."""
    with pytest.raises(InputError):
        local_shell(tmp_path).run("true", environment={name: "x"}, timeout_s=5)


def _if_done(place: Place, attempt_id: str) -> AttemptReport | None:
    report = place.shell.probe(attempt_id, timeout_s=20)
    return report if report.state is RemoteState.DONE else None
