"""The terminal as it was before a screen that was killed on it.

Owns the settings and modes that a full screen changes. Must never draw anything.
"""

import sys
import termios
from collections.abc import Callable

_MODES_BACK = "\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?25h\x1b[?1049l\x1b[0m"
"""Mouse, focus and paste reports and the keyboard protocol off, the cursor seen, the alternate screen left."""


def remember_terminal() -> Callable[[], None]:
    """Return what puts the terminal back as it is now; without a terminal it does nothing."""
    # The screen is drawn on standard error.
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return _nothing
    settings = termios.tcgetattr(sys.stdin)

    def put_back() -> None:
        """Leave the screen's modes, then take back the settings."""
        # Before the settings: TCSADRAIN waits until this is written.
        print(_MODES_BACK, end="", file=sys.stderr, flush=True)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, settings)

    return put_back


def _nothing() -> None:
    """Do nothing."""
