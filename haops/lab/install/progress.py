"""What whoever asked for an install is told while it goes on.

Owns the protocol and its silent form. Must never print: the command line draws.
"""

from typing import Protocol


class Progress(Protocol):
    """Called from the thread that installs, in the order in which things happen."""

    def began(self, name: str, activity: str) -> None:
        """Something that takes a while began: `activity` is "downloading", "building", ..."""

    def advanced(self, name: str, done_bytes: int, total_bytes: int | None) -> None:
        """So many bytes are here, of so many if that is known."""

    def ended(self, name: str, *, duration_s: float, size_bytes: int, note: str) -> None:
        """It is complete and checked; `note` says how it was got."""


class Silent:
    """A progress that tells nobody."""

    def began(self, name: str, activity: str) -> None:
        """Ignore it."""

    def advanced(self, name: str, done_bytes: int, total_bytes: int | None) -> None:
        """Ignore it."""

    def ended(self, name: str, *, duration_s: float, size_bytes: int, note: str) -> None:
        """Ignore it."""
