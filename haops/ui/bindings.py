"""Actions of the registry as key bindings, each with an id (so that a keymap can change it), and as a palette."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from haops.ui.actions import Action

if TYPE_CHECKING:
    from textual.command import Provider


def bindings(actions: Iterable[Action], *, priority: bool = False) -> list[BindingType]:
    """Return the bindings of these actions; with `priority` they hold whatever has the focus."""
    return [
        Binding(
            action.keys,
            action.calls,
            action.words,
            id=action.id,
            tooltip=action.explains,
            show=False,
            priority=priority,
        )
        for action in actions
    ]


def palette() -> type["Provider"]:
    """Return the palette's commands; they are needed when it is opened, not before."""
    from haops.ui.commands import HaopsCommands  # noqa: PLC0415 - after the first frame

    return HaopsCommands
