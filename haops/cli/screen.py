"""Putting a session on the screen, and seeing to it that leaving the screen leaves the session in order.

Owns the settings that the screen gets from files and environment. Must never keep a session's state.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from haops.errors import EnvironmentLacks
from haops.runtime.paths import config_directory
from haops.ui.settings import DEFAULT_THEME, UiSettings

if TYPE_CHECKING:
    from haops.cli.secrets_prompt import PromptBesideScreen
    from haops.runtime.opening import Opening
    from haops.ui.sources import Happened


def ui_settings(environment: Mapping[str, str] = os.environ) -> UiSettings:
    """Return the screen's settings: HAOPS_THEME, NO_COLOR, and files in the configuration directory."""
    # By no-color.org any value counts but an empty one.
    theme = "monochrome" if environment.get("NO_COLOR") else environment.get("HAOPS_THEME", DEFAULT_THEME)
    keymap = config_directory() / "keymap.yaml"
    # Over SSH each frame of an animation crosses the line.
    remote = "SSH_CONNECTION" in environment
    return UiSettings(
        theme=theme,
        theme_directory=config_directory() / "themes",
        keymap_file=keymap if keymap.is_file() else None,
        animations=not remote and environment.get("TEXTUAL_ANIMATIONS") != "none",
    )


def need_terminal(instead: str) -> None:
    """Raise EnvironmentLacks without a terminal to draw on."""
    # Textual draws on standard error.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise EnvironmentLacks("the screen needs a terminal", remedy=instead)


def _nothing() -> None:
    """Do nothing."""


def show_session(
    opening: "Opening",
    at_end: Callable[[], None] = _nothing,
    prompt: "PromptBesideScreen | None" = None,
) -> None:
    """Open a session behind its first frame and show it until the operator leaves it.

    `at_end` is called before the session is left; `prompt` is who asks for passphrases, so that the screen can step
    aside. Raises HaopsError with the reason if the session cannot be opened.
    """
    from haops.runtime.ending import leaving_on_signals  # noqa: PLC0415 - after the first frame's own imports
    from haops.ui.app import HaopsApp  # noqa: PLC0415

    app = HaopsApp(opening=opening, timeline=lambda: _timeline(opening), settings=ui_settings())
    if prompt is not None:
        prompt.attach(app)
    with leaving_on_signals(opening.leave):
        try:
            app.run()
        finally:
            at_end()
            opening.leave("left" if app.has_left else "the terminal went away")
    if app.failed is not None:
        raise app.failed


def _timeline(opening: "Opening") -> "Sequence[Happened]":
    """Return the session's timeline as it is now."""
    from haops.cli.timeline import timeline_entries  # noqa: PLC0415 - only when it is looked at

    return timeline_entries(opening.session.view().journal_path) if opening.session else ()
