"""Ask any one API server what all of them know.

Owns the choice of whom to ask: the one that answered last, else the next. Must never be used for what is true of one
endpoint alone, nor for what changes anything.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from haops.connectors.seam import ApiClient, Connections
from haops.core.clock import Clock
from haops.core.inventory import ApiEndpointAddress
from haops.errors import ConnectFailed, ConnectorError

T = TypeVar("T")


class AnsweringEndpoint:
    """Remembers which endpoint to ask first. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first = 0

    def ask(
        self, connections: Connections, read: Callable[[ApiClient, float], T], *, timeout_s: float, clock: Clock
    ) -> T:
        """Return what `read` (client, seconds) returns of the first endpoint that answers.

        Tries each at most once and for at most twice `timeout_s` together. Raises the last one's ConnectorError.
        """
        ends_s = clock.monotonic() + 2 * timeout_s
        failed: ConnectorError = ConnectFailed("no API server known")
        for endpoint in self._in_turn(connections):
            left_s = min(timeout_s, ends_s - clock.monotonic())
            if left_s <= 0:
                break
            try:
                return read(connections.api(endpoint.name), left_s)
            except ConnectorError as error:
                failed = error
                self._move_on()
        raise failed

    def _in_turn(self, connections: Connections) -> tuple[ApiEndpointAddress, ...]:
        """Return the endpoints, rotated to the one to ask first; virtual ones only lead to the others and come last."""
        kubernetes = connections.inventory.kubernetes
        endpoints = sorted(kubernetes.endpoints if kubernetes else (), key=lambda endpoint: endpoint.virtual)
        # The last one that answered stays first: a dead one costs its timeout once, not at every look.
        with self._lock:
            begin = self._first % len(endpoints) if endpoints else 0
        return (*endpoints[begin:], *endpoints[:begin])

    def _move_on(self) -> None:
        """Begin with another one next time."""
        with self._lock:
            self._first += 1
