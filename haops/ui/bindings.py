"""Actions of the registry as key bindings, each with an id so that a keymap can change it."""

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from haops.ui.actions import Action


def bindings(actions: Iterable[Action], *, priority: bool = False) -> list[BindingType]:
    """Return the bindings of these actions; with `priority` they hold whatever has the focus."""
    return [
        Binding(
            action.keys,
            action.calls,
            action.words,
            id=action.id,
            tooltip=action.explains,
            # The key line is haops's own: the toolkit's footer does not wrap and knows no states of steps.
            show=False,
            priority=priority,
        )
        for action in actions
    ]
