"""Bad input to every command: one clear message with place and remedy, the documented exit code, no traceback."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from journals import StandingClock, first_segment, write_journal

from haops.cli import COMMANDS, main
from haops.runtime.journal_file import JournalWriter

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a home of its own."""
    top = str(Path(__file__).parents[2])
    return {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "PYTHONPATH": top}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Return a function that runs haops in a directory, without a terminal."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "empty.yaml").touch()
    (tmp_path / "inventory.yaml").write_text("kind: Inventory\n")

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "haops", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return call


BAD = [
    ((), 7, "the screen needs a terminal. Try: `haops --help`"),
    (("nosuch",), 2, "No such command 'nosuch'"),
    (("session",), 2, "say which cluster (-c prod.yaml), or which session to go on with (--resume ID)"),
    (("status", "-c", "nosuch.yaml"), 3, "nosuch.yaml: it cannot be read: No such file or directory"),
    (("status", "-c", "directory"), 3, "directory: it cannot be read: Is a directory"),
    (("status", "-c", "empty.yaml"), 3, "empty.yaml: error: the file is empty (docs/inventory.md shows one)"),
    (("status", "-c", "inventory.yaml"), 3, "inventory.yaml:1:1: error: hosts is missing"),
    (("status", "-c", "inventory.yaml", "--every", "-1"), 2, "-1.0 is not in the range"),
    (("run", "nosuch", "-c", "inventory.yaml"), 3, "there is no runbook 'nosuch'; looked in"),
    (
        ("run", "nosuch.yaml", "-c", "inventory.yaml"),
        3,
        "nosuch.yaml: no such file. Try: the path of a runbook, or one of",
    ),
    (("runbook", "show", "./directory"), 3, "./directory: a directory. Try: the path of a runbook, or one of"),
    (("runbook", "lint", "empty.yaml"), 3, "empty.yaml: error: the file is empty (docs/runbooks.md shows one"),
    (("journal", "show", "nosuch"), 3, "no session's id begins with 'nosuch'"),
    (("timeline", "nosuch"), 3, "no session's id begins with 'nosuch'"),
    (("lab", "status", "nosuch"), 8, "no lab is running. Try: haops lab up"),
    (("lab", "up", "--from", "nosuch"), 3, "nosuch: there is no such directory. Try: the directory that holds etcd"),
    (("lab", "up", "--from", "directory"), 3, "directory: none of the lab's programs is in it"),
    (
        ("lab", "install", "--from", "directory"),
        7,
        "directory: there is no etcd 3.6.16. Try: --from the directory that",
    ),
    (("lab", "install", "--etcd-version", "3.6"), 3, "'3.6' is not a release. Try: three numbers, such as 3.6.16"),
    (("drill", "nosuch"), 3, "there is no scenario nosuch. Try: one of etcd-quorum-loss"),
    (("drill", "--variant", "nosuch"), 3, "etcd-quorum-loss has no variant nosuch. Try: one of survivor"),
    (("drill", "--auto", "--plain"), 2, "--auto and --plain exclude each other"),
    (("drill", "--auto", "--from", "nosuch"), 3, "nosuch: there is no such directory"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "status", "message"), BAD, ids=[" ".join(case[0]) or "alone" for case in BAD])
def test_bad_input_is_told_once_with_a_remedy(arguments: tuple[str, ...], status: int, message: str, run: Run) -> None:
    """Standard error says what, where and what to try; standard output stays empty for whoever reads it."""
    ended = run(*arguments)
    told = ended.stderr + (ended.stdout if arguments[:2] == ("runbook", "lint") else "")
    assert message in told
    assert ended.returncode == status
    assert "Traceback" not in told
    assert "python -m" not in told


@pytest.mark.slow
@pytest.mark.parametrize("command", [("runbook", "list"), ("runbook", "schema"), ("journal", "list"), ("--help",)])
def test_a_full_disk_behind_standard_output_is_told(command: tuple[str, ...], environment: dict[str, str]) -> None:
    """No traceback, also not from Python's own last flush."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "haops", *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.stderr.splitlines() == [ended.stderr.strip()], ended.stderr
    assert ended.stderr.startswith("haops: No space left on device. Try: ")
    assert ended.returncode == 7


@pytest.mark.slow
@pytest.mark.parametrize("command", [("lab", "up", "--flavour", "etcd"), ("drill", "--auto", "--flavour", "etcd")])
def test_a_state_directory_that_cannot_be_made_is_told(command: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    """Where labs and journals would lie is named, and the variable that moves them."""
    (tmp_path / "home").touch()
    ended = run(*command)
    assert f"{tmp_path}/home/.local/state/haops/labs: Not a directory. Try: XDG_STATE_HOME=" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == 7


@pytest.mark.slow
def test_a_drill_whose_lab_is_gone_says_so(run: Run, tmp_path: Path) -> None:
    """It cannot be gone on with: what it was about to repair does not exist any more."""
    opened = {"mode": "drill", "inventory_source": "/x/labs/lab-0000/inventory.yaml"}
    writer = JournalWriter.create(tmp_path / "20261121-a1", "20261121-a1", StandingClock())
    writer.append("session.opened", opened, actor="ops", barrier=True)
    writer.close()
    ended = run("drill", "--auto", "--resume", "./20261121-a1")
    assert "the lab lab-0000 of this drill is gone. Try: `haops drill` begins another" in ended.stderr
    assert ended.returncode == 8


@pytest.mark.slow
def test_a_timeline_of_a_journal_that_is_damaged_from_the_start_is_no_empty_one(run: Run, tmp_path: Path) -> None:
    """What cannot be read is not taken for what was never written."""
    write_journal(tmp_path / "20261121-a1", 3, "20261121-a1")
    first_segment(tmp_path / "20261121-a1").write_bytes(b"no journal at all\n" * 9)
    ended = run("timeline", "./20261121-a1")
    assert "`haops journal verify` says more" in ended.stderr
    assert ended.returncode == 5


def test_a_fault_of_haops_itself_is_one_line_with_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody reads a traceback at 03:00; whoever mends haops gets the place, and all of it on request."""
    monkeypatch.setitem(COMMANDS, "status", ("haops.cli:nowhere", "Broken on purpose."))
    with pytest.raises(SystemExit) as left:
        main(["status"])
    assert left.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("haops: a fault in haops itself: AttributeError: ")
    assert "cli/__init__.py:" in told
    assert len(told.splitlines()) == 1
    monkeypatch.setenv("HAOPS_TRACEBACK", "1")
    with pytest.raises(AttributeError):
        main(["status"])


@pytest.mark.parametrize("command", [("runbook", "show", "etcd-quorum-loss"), ("runbook", "list")])
def test_output_that_nobody_reads_is_no_mistake(environment: dict[str, str], command: tuple[str, ...]) -> None:
    """`| head` ends it as SIGPIPE would: the shell's status for that, and not a word."""
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(
        [sys.executable, "-m", "haops", *command], env=environment, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, b"")
