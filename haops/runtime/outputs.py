"""What attempts have printed so far, as bytes, the beginning cut when it is too much to keep in memory.

Owns the live tail only: the whole output goes to the journal when the attempt has ended.
"""

import threading
from collections.abc import Callable

from haops.core.view import Output

# As much as is taken from a host.
LIMIT_BYTES = 1 << 20


class Outputs:
    """The tail of every attempt's output."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._tails: dict[str, bytearray] = {}
        self._dropped: dict[str, int] = {}
        self._changed = changed

    def add(self, attempt: str, piece: bytes) -> None:
        """Append a piece of output."""
        with self._lock:
            tail = self._tails.setdefault(attempt, bytearray())
            tail += piece
            excess = len(tail) - LIMIT_BYTES
            if excess > 0:
                del tail[:excess]
                self._dropped[attempt] = self._dropped.get(attempt, 0) + excess
        # Outside the lock: listeners ask for the output.
        self._changed()

    def complete(self, attempt: str, whole: bytes) -> None:
        """Take the whole output of an attempt that printed nothing while it ran."""
        if whole and attempt not in self._tails:
            self.add(attempt, whole)

    def of(self, attempt: str) -> Output:
        """Return an attempt's output so far."""
        with self._lock:
            tail = bytes(self._tails.get(attempt, b""))
            return Output(attempt=attempt, stdout=tail, dropped_bytes=self._dropped.get(attempt, 0))
