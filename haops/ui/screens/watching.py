"""What every screen that shows a running session has: it takes the newest view, and says nothing to anyone else."""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from haops.core.view import View


@runtime_checkable
class Watching(Protocol):
    """A screen that is told when the session has changed."""

    def show(self, view: "View") -> None:
        """Show the session as it is now."""
