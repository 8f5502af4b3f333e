"""Where the toolkit asks for the palette. Must never load it before it is opened: the first frame would wait for it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.command import Provider


def palette() -> type["Provider"]:
    """Return the palette's commands."""
    from haops.ui.commands import HaopsCommands  # noqa: PLC0415 - see above

    return HaopsCommands
