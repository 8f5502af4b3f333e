"""Nothing from elsewhere acts on the operator's terminal, and nothing can slip round the gate."""

import ast
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

from haops.ui.presenters.lines import Line, Role, Span
from tests.ui.conftest import running
from tests.ui.hostile import HOSTILE, hostile
from tests.ui.scenes import SCENES, FakeLive

UI = Path(__file__).resolve().parents[2] / "haops" / "ui"
MODULES = [path for path in UI.rglob("*.py") if path.name != "output.py"]
TAKES_MARKUP = {
    "Content",
    "Text",
    "Segment",
    "Static",
    "Label",
    "Button",
    "DataTable",
    "OptionList",
    "RichLog",
    "Log",
    "Tree",
}
TITLES = {"border_title", "border_subtitle", "tooltip", "placeholder"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(UI)))
def test_no_module_but_the_gate_hands_text_to_the_toolkit(path: Path) -> None:
    """Widgets that read markup are not used at all, titles are set by the gate, and a toast says markup=False."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            imported = {alias.name for alias in node.names}
            assert not imported & TAKES_MARKUP, f"line {node.lineno} imports {imported & TAKES_MARKUP}"
            if node.module == "textual.widgets":
                assert imported == {"Input"}, f"line {node.lineno}: only places to type come from the toolkit"
        if isinstance(node, ast.Assign):
            names = {target.attr for target in node.targets if isinstance(target, ast.Attribute)}
            assert not names & TITLES, f"line {node.lineno} sets {names & TITLES} past the gate"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "notify":
            assert any(
                k.arg == "markup" and isinstance(k.value, ast.Constant) and k.value.value is False
                for k in node.keywords
            )


@pytest.mark.parametrize(
    "text", ["[/x]", "[red]a[/red]", "[@click=app.bell]a[/]", "{'a': [true]}", "a\tb", "a\nb", HOSTILE]
)
def test_a_span_shows_markup_as_it_is_and_holds_nothing_that_acts(text: str) -> None:
    """What stands in a span is for eyes only."""
    span = Span(text, Role.BAD)
    assert span.text.isprintable()
    assert "[" not in text or "[" in span.text


def test_a_line_cannot_be_made_of_unclean_spans() -> None:
    """Not even by adding lines."""
    assert "\x1b" not in (Line((Span("\x1b[2J"),)) + Line((Span("\x9b"),))).plain


@pytest.mark.parametrize("name", list(SCENES))
async def test_hostile_text_in_every_field_neither_crashes_nor_acts(name: str) -> None:
    """Every pane, the viewers and the questions stand with hostile text in every field that comes from elsewhere."""
    async with running(FakeLive(hostile(SCENES[name]()), HOSTILE.encode() * 3)) as screen:
        keys = "1 2 3 4 5 6 7 enter escape y escape o escape t escape question_mark escape s escape q escape z"
        for key in keys.split():
            await screen.press(key)
            assert all(row.isprintable() for row in screen.rows)
        assert not screen.live.commands


OURS = re.compile(
    rb"\x1b\[[0-9;:]*[mHABCDJKhlu]"  # colours, cursor, clear, modes, key protocol
    rb"|\x1b\[[?><=][0-9;]*[hlumcq$p]+"  # private modes and queries
    rb"|\x1b\]22;[a-z]+\x07"  # the shape of the mouse pointer
    rb"|\x1b\[[0-9;]*t|\x1b\[[0-9]* q|\x1b[78=>c]|\x1b\[6n|\x1bP[+>$][^\x1b]*\x1b\\"  # sizes, cursor shape, keypad
)
ACTING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["waiting-destroy", "unknown", "failed"])
def test_only_haopss_own_sequences_reach_a_real_terminal(name: str) -> None:
    """All bytes that come out of a pseudo-terminal are sequences of the toolkit, or text that cannot act."""
    printed = _run_in_terminal(
        name, [b"2", b"3", b"7", b"1", b"\r", b"\x1b", b"y", b"\x1b", b"t", b"\x1b", b"o", b"\x1b", b"?"]
    )
    assert b"haops" in printed
    assert b"\x1b[77;77H" not in printed
    text = OURS.sub(b"", printed).decode("utf-8")
    assert not ACTING.search(text), f"came through: {ACTING.findall(text)[:5]}"


@pytest.mark.slow
def test_a_lost_terminal_is_a_no() -> None:
    """When the terminal goes away while a change is asked about, nothing is confirmed."""
    printed = _run_in_terminal("plain", [b"y"], wait_for_end=True)
    assert b"Run it?" in printed


def _run_in_terminal(name: str, keys: list[bytes], *, wait_for_end: bool = False) -> bytes:
    """Return everything that the app printed in a terminal of 120x40 while these keys were pressed."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ |= {"TERM": "xterm-256color", "PYTHONPATH": str(UI.parents[1])}
        os.execv(sys.executable, [sys.executable, str(Path(__file__).with_name("hostile.py")), name])  # noqa: S606
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    printed = _read_until_quiet(terminal, b"journal")
    for key in keys:
        os.write(terminal, key)
        printed += _read_until_quiet(terminal)
    os.close(terminal)
    if not wait_for_end:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    assert not wait_for_end or os.waitstatus_to_exitcode(status) != 42, "a lost terminal confirmed a step"
    return printed


def _read_until_quiet(terminal: int, wanted: bytes = b"", quiet_s: float = 0.4, deadline_s: float = 20.0) -> bytes:
    """Return what is printed until `wanted` was seen and nothing more comes for a moment."""
    printed = b""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], quiet_s)
        if ready:
            try:
                printed += os.read(terminal, 65_536)
            except OSError:
                break
        elif wanted in printed:
            break
    return printed
