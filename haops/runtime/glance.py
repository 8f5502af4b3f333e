"""Looking at a cluster without a session: nothing is recorded because nothing can be done.

Owns a watcher for as long as it is looked at.
"""

import threading
import time
from types import TracebackType
from typing import Self

from haops.connectors.connections import InventoryConnections
from haops.connectors.secrets import SecretPrompt
from haops.core.facts import derive
from haops.core.inventory import Inventory
from haops.core.observations import Kind
from haops.core.session_state import Session
from haops.core.signal import judge_all
from haops.core.view import View
from haops.observers import OBSERVERS
from haops.runtime.clock import SystemClock
from haops.runtime.watcher import Watcher
from haops.signals import RULES


class Glance:
    """A view of a cluster, for as long as it is open."""

    def __init__(self, inventory: Inventory, prompt: SecretPrompt) -> None:
        self._inventory = inventory
        self._clock = SystemClock()
        self._connections = InventoryConnections(inventory, secrets=prompt)
        self._changed = threading.Event()
        self._watcher = Watcher(self._connections, self._clock, self._changed.set)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watcher.stop()
        self._connections.close()

    def first(self, *, within_s: float) -> View:
        """Return the first view in which everything that is looked at by itself has answered, or what came in time."""
        deadline = time.monotonic() + within_s
        while not self._complete() and time.monotonic() < deadline:
            self._changed.wait(max(0.0, deadline - time.monotonic()))
            # Before the next look and not after it: what comes meanwhile wakes it again.
            self._changed.clear()
        return self.view()

    def _complete(self) -> bool:
        """Return whether every kind that this inventory has was seen for every subject."""
        picture = self._watcher.picture
        for name, make in OBSERVERS.items():
            observer = make()
            seen = sum(1 for _ in picture.of(Kind(name)))
            # What is looked at only when asked would never come.
            if observer.interval_s > 0 and seen < len(observer.groups(self._inventory)):
                return False
        return True

    def view(self) -> View:
        """Return what is seen now."""
        picture = self._watcher.picture
        facts = derive(picture, self._inventory)
        return View(
            session=Session(),
            inventory=self._inventory,
            picture=picture,
            monotonic_s=self._clock.monotonic(),
            now=self._clock.now(),
            facts=facts,
            signals=judge_all(RULES.values(), facts),
            intervals_s=self._watcher.intervals_s,
        )
