"""The help as a screen: what has the focus, the keys that hold there, every state.

Owns which keys those are. Must never answer a question that it was asked on: it lies above it, and esc leads back.
"""

from collections.abc import Mapping
from typing import Any

from textual.screen import Screen

from haops.ui.actions import ALWAYS
from haops.ui.presenters.freshness import sources
from haops.ui.presenters.help import help_lines, session_keys
from haops.ui.presenters.keys import all_keys, typed
from haops.ui.presenters.lines import line, strong
from haops.ui.presenters.topic import Topic
from haops.ui.screens.session import SessionScreen
from haops.ui.screens.viewer import Viewer

_OUTPUT = Topic(
    "output",
    "What the newest attempt of the chosen step has printed, its last lines; o shows the whole. Each stands behind a "
    "mark, so that nothing that a host prints looks like words of haops.",
)


class HelpScreen(Viewer):
    """The help; it has none of its own."""


def help_for(screen: Screen[Any], keymap: Mapping[str, str], *, in_session: bool) -> HelpScreen:
    """Return the help for what has the focus on a screen; `in_session`: a session is shown there or below it."""
    title = line(strong("help"))
    if not isinstance(screen, SessionScreen):
        topic, keys = getattr(screen, "topic", None), keys_on(screen, keymap)
        return HelpScreen(title, lambda _view, width: help_lines(topic, keys, (), width, in_session=in_session))
    pane, keys = screen.focused_pane, session_keys(keymap)
    seen = sources(screen.view, pane.kinds) if pane else ()
    return HelpScreen(title, lambda _view, width: help_lines(pane or _OUTPUT, keys, seen, width))


def keys_on(screen: Screen[Any], keymap: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (keys, what they do) on a screen or a question: its answers, then its bindings, then what always holds."""
    found: dict[str, list[str]] = {meaning: [key] for key, meaning in getattr(screen, "answers", {}).items()}
    for key, active in screen.active_bindings.items():
        # The toolkit's own ways of moving in a text say nothing about themselves.
        if active.binding.tooltip and not active.binding.system:
            found.setdefault(active.binding.tooltip, []).append(typed(key))
    for action in ALWAYS:
        # Last, wherever the toolkit names it.
        found.pop(action.explains, None)
        found[action.explains] = all_keys(action.keys, keymap, action.id)
    return [(", ".join(keys), meaning) for meaning, keys in found.items()]
