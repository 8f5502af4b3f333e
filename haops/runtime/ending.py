"""Ending in order: SIGTERM, SIGHUP and a vanished terminal leave the session, they do not tear it.

Owns the signal handlers of a process that holds a session. What runs on hosts goes on; the journal says why we left.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

# As shells tell of a program that a signal ended.
_EXIT_BASE = 128


@contextmanager
def leaving_on_signals(leave: Callable[[str], None]) -> Iterator[None]:
    """Call `leave` with the signal's name on SIGTERM and SIGHUP, then exit with 128 + its number."""

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        """Leave in order, then end as the signal would have it."""
        leave(signal.Signals(number).name)
        sys.exit(_EXIT_BASE + number)

    # Not SIGINT: a screen reads ctrl-c as a key, and anywhere else it is a KeyboardInterrupt.
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
