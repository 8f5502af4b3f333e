"""A terminal whose screen was killed is usable again."""

import os
import pty
import sys
from contextlib import suppress

import pytest

pytestmark = pytest.mark.slow
KILLED_ON = """
import sys, termios, tty
from haops.cli.terminal import remember_terminal
put_back = remember_terminal()
before = termios.tcgetattr(0)
tty.setraw(0)
sys.stderr.write("\\x1b[?1049h\\x1b[?25l")
put_back()
print("AS BEFORE" if termios.tcgetattr(0) == before else "RAW")
"""


def test_the_terminal_of_a_killed_screen_is_put_back() -> None:
    """Typing is seen again, the cursor too, and the alternate screen is left before anything is said."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-c", KILLED_ON])  # noqa: S606 - a fresh process on this terminal
    drawn = b""
    with suppress(OSError):  # the terminal is gone with its last program
        while piece := os.read(terminal, 1 << 16):
            drawn += piece
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    said = drawn.rpartition(b"\x1b[?1049l")[2]
    assert b"AS BEFORE" in said
    assert b"\x1b[?25h" in drawn


def test_without_a_terminal_there_is_nothing_to_put_back(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe gets no escapes."""
    from haops.cli.terminal import remember_terminal  # noqa: PLC0415 - the other test's process imports it by itself

    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    remember_terminal()()
    assert capfd.readouterr().err == ""
