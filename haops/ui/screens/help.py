"""The help as a screen: what has the focus, every key, every state."""

from collections.abc import Mapping
from typing import Any

from textual.screen import Screen

from haops.ui.presenters.freshness import sources
from haops.ui.presenters.help import help_lines
from haops.ui.presenters.lines import line, strong
from haops.ui.screens.session import SessionScreen
from haops.ui.screens.viewer import Viewer


def help_for(screen: Screen[Any], keymap: Mapping[str, str]) -> Viewer:
    """Return the help for what has the focus on a screen."""
    pane = screen.focused_pane if isinstance(screen, SessionScreen) else None
    seen = sources(screen.view, pane.kinds) if isinstance(screen, SessionScreen) and pane else ()
    return Viewer(line(strong("help")), lambda _view, width: help_lines(pane, keymap, seen, width))
