"""What carries the bytes between haops and a program on a host.

Owns the protocols that the SSH and the local connector fulfil, and the deadline that goes with every conversation.
Must never know what is said.
"""

import time
from typing import Protocol


class Deadline:
    """A moment on the monotonic clock, `timeout_s` seconds from its making."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._started = time.monotonic()

    def remaining_s(self) -> float:
        """Return the seconds left, never below 0."""
        return max(0.0, self.timeout_s - self.spent_s())

    def spent_s(self) -> float:
        """Return the seconds since it was made."""
        return time.monotonic() - self._started

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self.spent_s() >= self.timeout_s


class Conversation(Protocol):
    """One program at the far end: its input, its two outputs, how it ended."""

    def send(self, content: bytes, deadline: Deadline) -> None:
        """Write to its input. Raises ConnectionLost or TimedOut; a program that has stopped reading is no error."""

    def end_input(self) -> None:
        """Say that no more input comes."""

    def read(self, wait_s: float) -> tuple[bytes, bytes] | None:
        """Return what arrived on its two outputs, both empty if nothing did in time; None when both have ended."""

    def exit_status(self, deadline: Deadline) -> int | None:
        """Return its exit status, or None if the link is whole but none was sent. Raises ConnectionLost or TimedOut."""

    def close(self) -> None:
        """Stop listening to it. It may go on."""


class Link(Protocol):
    """A way to start programs on one host."""

    @property
    def name(self) -> str:
        """What to call the host in messages."""

    def open(self) -> None:
        """Connect now, if not connected. Raises ConnectFailed, TimedOut or Denied."""

    def start(self, command: str, deadline: Deadline) -> Conversation:
        """Start a command line of sh.

        Raises ConnectFailed, TimedOut or Denied if it certainly was not started, ConnectionLost if it may have been.
        """

    def close(self) -> None:
        """Drop the connection. What runs there goes on."""
