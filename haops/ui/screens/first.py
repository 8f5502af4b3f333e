"""The first screen, of which there are three kinds; only the one that is shown is loaded.

Owns these late imports. Must never push a screen.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.screen import Screen

    from haops.core.view import View
    from haops.runtime.live import LiveSession
    from haops.ui.screens.opening import OpeningScreen
    from haops.ui.screens.session import SessionScreen
    from haops.ui.screens.start import StartScreen
    from haops.ui.sources import Opening, StartSource, TimelineSource


def session_screen(
    view: "View", live: "LiveSession", timeline: "TimelineSource | None", reading_time_s: float
) -> "SessionScreen":
    """Return the screen of a session."""
    from haops.ui.screens.session import SessionScreen  # noqa: PLC0415 - the start screen does not wait for it

    return SessionScreen(view, live.output, _intend, timeline, reading_time_s=reading_time_s)


def _intend(screen: "SessionScreen", name: str) -> None:
    """Ask the question that belongs to a key of a session's screen."""
    from haops.ui.screens.intents import INTENTS  # noqa: PLC0415 - loaded with the first key, after the first frame

    INTENTS[name](screen)


def opening_screen(opening: "Opening") -> "OpeningScreen":
    """Return the screen that stands until a session is open."""
    from haops.ui.screens.opening import OpeningScreen  # noqa: PLC0415 - the start screen does not wait for it

    return OpeningScreen(opening)


def start_screen(source: "StartSource") -> "StartScreen":
    """Return the start screen."""
    from haops.ui.screens.start import StartScreen  # noqa: PLC0415 - a session does not wait for it

    return StartScreen(source)


def session_screens(stack: "Sequence[Screen[Any]]") -> "list[SessionScreen]":
    """Return those screens that show a session."""
    # Asked with every message: before a session is shown, asking must not load its screen.
    if "haops.ui.screens.session" not in sys.modules:
        return []
    from haops.ui.screens.session import SessionScreen  # noqa: PLC0415 - see `session_screen`

    return [screen for screen in stack if isinstance(screen, SessionScreen)]
