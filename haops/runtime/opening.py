"""A session that is opened while its screen stands already.

Owns that it is left in order at whatever moment the operator, a signal or the terminal ends it. Must never decide how a
session is begun or resumed.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from haops.errors import Refused

if TYPE_CHECKING:
    from haops.runtime.engine import Engine


class Opening:
    """Opens and begins a session once. `title` says what is opened; `then` is called when it is open."""

    def __init__(
        self,
        title: str,
        open_session: "Callable[[], Engine]",
        then: Callable[[], None] | None = None,
        *,
        is_drill: bool = False,
    ) -> None:
        self.title = title
        self.is_drill = is_drill
        self.session: Engine | None = None
        self._open = open_session
        self._then = then
        self._is_left = False
        # Reentrant: a signal may come while the main thread leaves.
        self._lock = threading.RLock()

    def __call__(self) -> "Engine":
        """Return the session, open and begun. Raises HaopsError with the reason if it cannot be opened."""
        with self._lock:
            if self._is_left:
                raise Refused("the session was left before it was open")
            self.session = self._open()
            self.session.start()
        # Without the lock: what follows may take long, and leaving must not wait for it.
        if self._then is not None:
            self._then()
        return self.session

    def leave(self, reason: str) -> None:
        """Leave the session; one that is just being opened is waited for, so that none stays open behind our back."""
        with self._lock:
            self._is_left = True
            if self.session is not None:
                self.session.leave(reason)
