"""Waiting for the next change of a live session, for whoever goes on with it in a loop.

Must never miss a change, and must never wait for ever: time passing changes things too, and no event tells of it.
"""

import threading
from types import TracebackType
from typing import Self

from haops.runtime.live import LiveSession

LOOK_EVERY_S = 0.5


class Changes:
    """The changes of a session while the `with` block lasts."""

    def __init__(self, live: LiveSession) -> None:
        self._live = live
        self._changed = threading.Event()

    def __enter__(self) -> Self:
        self._unsubscribe = self._live.subscribe(self._changed.set)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._unsubscribe()

    def wait(self) -> None:
        """Wait until something has changed since the last wait, or it is time to look all the same."""
        # What changes between these two lines is seen by the next look.
        self._changed.wait(LOOK_EVERY_S)
        self._changed.clear()
