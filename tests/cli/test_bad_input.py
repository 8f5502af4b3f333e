"""Bad input to every command: one clear message with place and remedy, the documented exit code, no traceback."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs haops in a directory, with a home of its own and no terminal."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "empty.yaml").touch()
    (tmp_path / "inventory.yaml").write_text("kind: Inventory\n")
    home = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}

    def call(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "haops", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
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
