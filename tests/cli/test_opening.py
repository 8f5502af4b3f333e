"""What a person on a terminal sees when a session cannot be opened."""

import os
import pty
import sys
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BROKEN = "apiVersion: haops/v1\nkind: Inventory\ncluster: prod-eu\nlayout: kubeadm\nhosts: 3\n"
RESTORED = "\x1b[?1049l"
"""What leaves the alternate screen: a message before it would be gone with it."""


def _ended(directory: Path, *arguments: str) -> tuple[str, int]:
    """Run haops on a terminal of its own until it ends; return all that was drawn and the exit code."""
    environment = {"XDG_STATE_HOME": str(directory / "state"), "XDG_CONFIG_HOME": str(directory / "config")}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "haops", *arguments], {**os.environ, **environment})  # noqa: S606 - a fresh process on this terminal
    drawn = b""
    with suppress(OSError):  # the terminal is gone with its last program
        while piece := os.read(terminal, 1 << 16):
            drawn += piece
    os.close(terminal)
    return drawn.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_broken_inventory_is_one_message_on_the_restored_terminal(tmp_path: Path) -> None:
    """The screen goes, then what is wrong is said once, with its place and what to try; exit code 3."""
    broken = tmp_path / "broken.yaml"
    broken.write_text(BROKEN)
    drawn, code = _ended(tmp_path, "session", "-c", str(broken))
    _screen, _, said = drawn.rpartition(RESTORED)
    assert code == 3
    assert said.count("haops: ") == 1
    assert f"{broken}:5" in said
    assert "Traceback" not in drawn
    assert not list((tmp_path / "state").rglob("*.jsonl")), "a session that was never open leaves no journal"


def test_a_session_that_does_not_exist_is_one_message_too(tmp_path: Path) -> None:
    """With what to try."""
    drawn, code = _ended(tmp_path, "session", "--resume", "20200101-000000-dead")
    _screen, _, said = drawn.rpartition(RESTORED)
    assert code == 3
    assert "20200101-000000-dead" in said
    assert "Traceback" not in drawn
